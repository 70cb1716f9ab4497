#pragma once
// The history and the exports, read once, each record lying in the part of the names that it has. Reading is one task
// per file; the joins that follow are one task per part.

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "audit/checker.hpp"
#include "audit/manifest.hpp"
#include "audit/partitions.hpp"

namespace tidegate::audit {

/// Which joins somebody wants: what nobody looks at is not kept.
struct Wanted {
  bool keys = false, payments = false, numbers = false, notices = false, references = false;
};

class Evidence {
 public:
  Evidence(const record::RunDirectory& directory, const Manifest& manifest, Wanted wanted, std::size_t parts);

  Partitions<Attempt> attempts;
  Partitions<Observation> reads;
  Partitions<Payment> payments_by_key, after_by_key, payments_by_id, after_by_id;
  Partitions<Charge> charges_by_key, charges_by_reference;
  Partitions<BankCall> calls;
  Partitions<Posting> postings;
  Partitions<Event> events_by_payment, events_by_number, events_by_id;
  Partitions<Application> applications;
  Partitions<Delivery> deliveries;

  /// (group, stream) to the number up to which a consumer that keeps numbers only has applied.
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::int64_t> through;
  std::map<std::uint64_t, std::set<std::uint64_t>> groups_of_topic;
  std::map<std::uint64_t, std::int64_t> heads;  ///< stream to its last number

  std::size_t parts() const { return parts_; }
  bool unchanged() const { return manifest_.unchanged; }

  /// One task per file to read. The checks see the records in the order of their export; `checks` names the export.
  using Checks = std::multimap<std::string, StreamCheck*, std::less<>>;
  std::vector<std::function<void()>> reading_tasks(const Checks& checks);

  /// After reading: why an export, or "history", cannot be used; empty: it can.
  std::string broken(std::string_view name) const;
  bool history_cut() const { return history_cut_; }
  bool clock_stepped() const { return clock_stepped_; }
  void note_clock_step();
  /// What only the joins can see: an export that shows a record more than once, say.
  void note_broken(const std::string& name, const std::string& why);

 private:
  void read_history();
  void read_payments_export(const std::string& name, bool after);
  void read_bank();
  void read_ledger(const Checks& checks);
  void read_wallets(const Checks& checks);
  void read_event_export(const Checks& checks);
  void read_applied(const std::string& name, const std::string& group);
  void note(const std::string& name, const Result<void>& read);
  template <typename Record>
  void note_scratch(const std::string& name, const Partitions<Record>& partitions);

  const record::RunDirectory& directory_;
  const Manifest& manifest_;
  Wanted wanted_;
  std::size_t parts_;
  mutable std::mutex mutex_;  // guards what several tasks write: broken_, through, groups_of_topic
  std::map<std::string, std::string, std::less<>> broken_;
  bool history_cut_ = false;
  bool clock_stepped_ = false;
};

/// The name of number `sequence` of a stream, for parts and joins.
Identity number_identity(std::uint64_t stream, std::int64_t sequence) noexcept;

}  // namespace tidegate::audit
