#pragma once
// Payouts and payout batches: rows with a status that only moves forward.
//
//   requested -> reserved (the ledger has set the money aside) -> paid | failed
//            \-> refused  (the merchant's balance does not cover it)

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "platform/events/envelope.hpp"
#include "platform/events/event_data.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

inline constexpr int kNetworks = 12;
inline constexpr std::size_t kMostInBatch = 1'000;

std::span<const Migration> payout_migrations();

struct Payout {
  std::string id, tenant, network, currency, account;
  std::int64_t amount = 0;
  std::string batch = {};  ///< empty: a single one
  std::string status = "requested", reason = {};
  std::string traceparent = {};

  /// From {network, amount, currency, account}; the error is written for the client.
  static Result<Payout> from_request(const json::object& body);
  json::object to_json() const;
  /// payout_requested, payout_paid, payout_failed.
  Envelope to_event(std::string_view type) const;
};

/// What a client's key stands for.
struct KeyedPayouts {
  std::string id;  ///< of the payout or the batch
  std::int64_t fingerprint = 0;
};
Result<std::optional<KeyedPayouts>> find_payout_key(Connection& connection, const std::string& tenant,
                                                    std::string_view route, const std::string& key);
Result<void> insert_payout_key(Connection& connection, const std::string& tenant, std::string_view route,
                               const std::string& key, const KeyedPayouts& keyed);

Result<void> insert_payout(Connection& connection, const Payout& payout);
Result<std::optional<Payout>> find_payout(Connection& reader, const std::string& id);
/// One step forward; false when the payout is not in `from`.
Result<bool> step_payout(Connection& connection, const std::string& id, std::string_view from, std::string_view to,
                         std::string_view reason);
/// Reserved and not finished, oldest first: what a new process resumes.
Result<std::vector<Payout>> reserved_payouts(Connection& reader);
/// How many of a batch are in each status.
Result<std::optional<json::object>> batch_summary(Connection& reader, const std::string& tenant,
                                                  const std::string& batch);

}  // namespace tidegate::platform
