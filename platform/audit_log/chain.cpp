#include "platform/audit_log/chain.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/assert.hpp"
#include "base/file.hpp"
#include "base/random.hpp"
#include "platform/service/hex.hpp"

namespace tidegate::platform {
namespace {

constexpr std::size_t kKey = 32;
constexpr std::size_t kSignature = 64;
constexpr std::size_t kMostFaults = 100;

struct FreeKey {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using Digest = std::unique_ptr<EVP_MD_CTX, FreeDigest>;

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Error malformed(std::string_view what) {
  return protocol_error("audit log: " + std::string(what));
}

}  // namespace

int audit_shard_of(std::string_view payment) {
  return static_cast<int>(stable_hash(payment) % kAuditShards);
}

std::string first_hash() {
  return std::string(64, '0');
}

std::string chained_hash(std::string_view previous, const AuditRecord& record) {
  std::string text(previous);
  for (const std::string& line : {std::to_string(record.shard), std::to_string(record.index), record.event, record.type,
                                  record.payment, std::to_string(record.at_ms), record.body_hash}) {
    text.append(1, '\n').append(line);
  }
  return sha256_hex(text);
}

json::object AuditRecord::to_json() const {
  return {{"sequence", sequence}, {"shard", shard}, {"index", index}, {"event", event},        {"type", type},
          {"payment", payment},   {"at_ms", at_ms}, {"hash", hash},   {"body_hash", body_hash}};
}

Result<AuditRecord> AuditRecord::from_json(const json::object& object) {
  AuditRecord record;
  record.sequence = integer_member(object, "sequence").value_or(0);
  const auto shard = integer_member(object, "shard").value_or(-1);
  if (shard < 0 || shard >= kAuditShards) return malformed("a record without its shard");
  record.shard = static_cast<int>(shard);
  record.index = integer_member(object, "index").value_or(0);
  record.event = string_member(object, "event").value_or("");
  record.type = string_member(object, "type").value_or("");
  record.payment = string_member(object, "payment").value_or("");
  record.at_ms = integer_member(object, "at_ms").value_or(0);
  record.body_hash = string_member(object, "body_hash").value_or("");
  record.hash = string_member(object, "hash").value_or("");
  if (record.index < 1 || record.hash.empty()) return malformed("a record without index or hash");
  return record;
}

std::string AuditRoot::signed_text() const {
  return std::to_string(shard) + "\n" + std::to_string(index) + "\n" + hash + "\n" + std::to_string(at_ms);
}

json::object AuditRoot::to_json() const {
  return {{"shard", shard}, {"index", index}, {"hash", hash}, {"at_ms", at_ms}, {"signature", signature}};
}

Result<AuditRoot> AuditRoot::from_json(const json::object& object) {
  AuditRoot root;
  const auto shard = integer_member(object, "shard").value_or(-1);
  if (shard < 0 || shard >= kAuditShards) return malformed("a root without its shard");
  root.shard = static_cast<int>(shard);
  root.index = integer_member(object, "index").value_or(0);
  root.hash = string_member(object, "hash").value_or("");
  root.at_ms = integer_member(object, "at_ms").value_or(0);
  root.signature = string_member(object, "signature").value_or("");
  return root;
}

Result<SigningKey> SigningKey::open(const std::string& path) {
  {
    const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file && errno != EEXIST) return system_error("make " + path, errno);
    if (file) {
      if (auto written = write_all(file.get(), random_hex(kKey), path); !written) return written.error();
      if (fsync(file.get()) != 0) return system_error("sync " + path, errno);
    }
  }
  const auto text = read_file(path);
  if (!text) return text.error();
  const auto raw = from_hex(*text);
  if (!raw || raw->size() != kKey) return machine_error(path + " is not a key of 64 hex digits");
  SigningKey key;
  key.private_key_ = *raw;
  const Key handle(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes(*raw), kKey));
  std::string public_raw(kKey, '\0');
  std::size_t size = kKey;
  if (!handle ||
      EVP_PKEY_get_raw_public_key(handle.get(), reinterpret_cast<unsigned char*>(public_raw.data()), &size) != 1) {
    return machine_error(path + " is no Ed25519 key");
  }
  key.public_key_ = to_hex(public_raw);
  return key;
}

std::string SigningKey::sign(std::string_view text) const {
  const Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes(private_key_), kKey));
  const Digest digest(EVP_MD_CTX_new());
  std::string signature(kSignature, '\0');
  std::size_t size = kSignature;
  const bool done = EVP_DigestSignInit(digest.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
                    EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes(text),
                                   text.size()) == 1;
  TIDEGATE_ASSERT(done);
  return to_hex(signature);
}

bool verify_signature(std::string_view public_key, std::string_view text, std::string_view signature) {
  const auto key_raw = from_hex(public_key);
  const auto raw = from_hex(signature);
  if (!key_raw || key_raw->size() != kKey || !raw || raw->size() != kSignature) return false;
  const Key key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(*key_raw), kKey));
  const Digest digest(EVP_MD_CTX_new());
  return key && EVP_DigestVerifyInit(digest.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(digest.get(), bytes(*raw), raw->size(), bytes(text), text.size()) == 1;
}

void ChainVerifier::fault(std::string what) {
  if (faults_.size() < kMostFaults) faults_.push_back(std::move(what));
}

void ChainVerifier::add(const AuditRecord& record) {
  Shard& shard = shards_.at(static_cast<std::size_t>(record.shard));
  const std::string where = "shard " + std::to_string(record.shard) + ", record " + std::to_string(record.index);
  if (record.index != shard.index + 1) {
    fault(where + ": it follows record " + std::to_string(shard.index));
  } else if (audit_shard_of(record.payment) != record.shard) {
    fault(where + ": it belongs to another shard");
  } else if (chained_hash(shard.hash, record) != record.hash) {
    fault(where + ": its hash is not that of its content and what came before");
  }
  shard.index = record.index;
  shard.hash = record.hash;
  shard.hashes.resize(static_cast<std::size_t>(std::max<std::int64_t>(0, record.index - 1)));
  shard.hashes.push_back(record.hash);
}

void ChainVerifier::add(const AuditRoot& root) {
  Shard& shard = shards_.at(static_cast<std::size_t>(root.shard));
  const std::string where = "shard " + std::to_string(root.shard) + ", root of record " + std::to_string(root.index);
  if (!verify_signature(public_key_, root.signed_text(), root.signature)) {
    return fault(where + ": its signature is wrong");
  }
  if (root.index < 1 || root.index > shard.index) return fault(where + ": the log ends before it: a tail was cut off");
  if (shard.hashes[static_cast<std::size_t>(root.index - 1)] != root.hash) {
    return fault(where + ": the log has another hash there: it was written anew");
  }
  shard.signed_index = std::max(shard.signed_index, root.index);
}

std::int64_t ChainVerifier::unsigned_records() const {
  std::int64_t count = 0;
  for (const Shard& shard : shards_) count += shard.index - shard.signed_index;
  return count;
}

}  // namespace tidegate::platform
