#pragma once
// The audit log's tables. Append-only: the database itself refuses changes and deletions.

#include <span>

#include "platform/audit_log/chain.hpp"
#include "platform/events/envelope.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

std::span<const Migration> audit_log_migrations();

/// Inside the inbox's transaction: the next record of the payment's shard.
Result<void> append_record(Connection& connection, const Envelope& event);
/// Signs the heads that are beyond their last root.
Result<std::vector<AuditRoot>> sign_heads(Connection& connection, const SigningKey& key, std::int64_t at_ms);

Result<json::array> read_records(Connection& reader, std::int64_t after, std::int64_t as_of, std::int64_t limit,
                                 std::int64_t& last);
Result<std::int64_t> last_record(Connection& reader);
Result<json::array> read_roots(Connection& reader, std::int64_t after, std::int64_t as_of, std::int64_t limit,
                               std::int64_t& last);
Result<std::int64_t> last_root(Connection& reader);

/// Runs the verifier over all of it.
Result<ChainVerifier> verify_log(Connection& reader, const std::string& public_key);

}  // namespace tidegate::platform
