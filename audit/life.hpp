#pragma once
// One payment's whole life on one clock: what the harness sent and was told, what the platform, the bank, the ledger,
// the consumers and the webhooks say of it, and which faults were in force.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "audit/finding.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "record/run.hpp"

namespace tidegate::audit {

struct LifeRow {
  std::optional<std::int64_t> time_ns;  ///< run clock; none: its source does not say
  std::string source;                   ///< harness, payments, bank, ledger, events, fault, …
  std::string text;
};

struct Life {
  std::string key, payment, event, reference;  ///< the names, as far as they were found
  std::vector<LifeRow> rows;                   ///< by time; those without one last, in the order of their sources
};

/// Reads the directory twice at most: names, then rows. One life per subject, in their order. What cannot be read is
/// left out: the findings say so.
std::vector<Life> read_lives(const record::RunDirectory& directory, std::span<const Subject> subjects);

/// The life of what a person calls `name`: a key, a payment's id, an event's id or a bank reference. An error when
/// nothing in the run has that name, with the nearest that was looked at.
Result<Life> read_life(const record::RunDirectory& directory, const std::string& name);

/// `what` with its slots {key}, {payment}, {event} and {reference} filled.
std::string named(const std::string& what, const Life& life);
/// {"key", "payment", "life": ["+12.345 s  harness  …"]}.
json::object to_json(const Life& life);
/// As a table for the terminal.
std::string to_text(const Life& life);

}  // namespace tidegate::audit
