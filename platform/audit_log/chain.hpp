#pragma once
// The audit log's hash chain, one per shard: what was recorded cannot be changed, removed or reordered unseen. Pure.
//
//   hash(n) = SHA-256 of the lines: hash(n-1), shard, n, event, type, payment, at_ms, SHA-256 of the event's text
//
// joined by line feeds, in hex; hash(0) is 64 zeros. Roots are Ed25519 signatures over "shard\nindex\nhash\nat_ms".
// Source: the LedgerFlow case study (tamper-evident history, cryptographically signed).

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "platform/service/sha256.hpp"

namespace tidegate::platform {

inline constexpr int kAuditShards = 8;

struct AuditRecord {
  std::int64_t sequence = 0;  ///< over all shards, in commit order
  int shard = 0;
  std::int64_t index = 0;  ///< dense from 1 within the shard
  std::string event, type, payment;
  std::int64_t at_ms = 0;
  std::string body_hash;  ///< SHA-256 of the event's text
  std::string hash;

  json::object to_json() const;
  static Result<AuditRecord> from_json(const json::object& object);
};

int audit_shard_of(std::string_view payment);
/// What `record.hash` has to be.
std::string chained_hash(std::string_view previous, const AuditRecord& record);
std::string first_hash();

struct AuditRoot {
  int shard = 0;
  std::int64_t index = 0;
  std::string hash;
  std::int64_t at_ms = 0;
  std::string signature;  ///< hex

  std::string signed_text() const;
  json::object to_json() const;
  static Result<AuditRoot> from_json(const json::object& object);
};

/// An Ed25519 key pair in a file, made with mode 0600 when missing.
class SigningKey {
 public:
  static Result<SigningKey> open(const std::string& path);
  std::string sign(std::string_view text) const;                 ///< hex
  const std::string& public_key() const { return public_key_; }  ///< hex

 private:
  std::string private_key_, public_key_;  // the first raw, 32 bytes
};
bool verify_signature(std::string_view public_key, std::string_view text, std::string_view signature);

/// Takes records in the order of their sequences, then roots, and says what is wrong: nothing when all is well.
class ChainVerifier {
 public:
  explicit ChainVerifier(std::string public_key) : public_key_(std::move(public_key)) {}
  void add(const AuditRecord& record);
  /// After the records that it covers; roots of a shard in the order of their indexes.
  void add(const AuditRoot& root);
  const std::vector<std::string>& faults() const { return faults_; }
  /// Records beyond the last signed root, over all shards: a tail that could still be cut off unseen.
  std::int64_t unsigned_records() const;

 private:
  struct Shard {
    std::int64_t index = 0;
    std::string hash = first_hash();
    std::int64_t signed_index = 0;
    std::vector<std::string> hashes;  // by index - 1: roots come later
  };
  void fault(std::string what);

  std::string public_key_;
  std::vector<Shard> shards_ = std::vector<Shard>(kAuditShards);
  std::vector<std::string> faults_;
};

}  // namespace tidegate::platform
