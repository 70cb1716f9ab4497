// The platform's audit log is a chain: each record holds the hash of the one before it in its shard, its own hash is
// that of its text, roots are signed, and every payment that was made has a record.
//
//   hash(n) = SHA-256 of the lines hash(n-1), shard, n, event, type, payment, at_ms, body_hash, joined by line feeds,
//   in hex; hash(0) is 64 zeros. A root is an Ed25519 signature, in hex, of "shard\nindex\nhash\nat_ms".
#include <openssl/evp.h>

#include <array>
#include <charconv>
#include <functional>
#include <map>
#include <memory>
#include <unordered_set>

#include "audit/checker.hpp"
#include "audit/line_parser.hpp"
#include "record/truth.hpp"

namespace tidegate::audit {
namespace {

using enum Member::Type;

std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr);
  static constexpr char kHex[] = "0123456789abcdef";
  std::string hex;
  for (unsigned i = 0; i < length; ++i) {
    hex += kHex[digest[i] >> 4];
    hex += kHex[digest[i] & 15];
  }
  return hex;
}

bool is_signed(std::string_view message, const std::string& key, const std::string& signature) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> public_key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(key.data()),
                                  key.size()),
      EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return public_key && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, public_key.get()) == 1 &&
         EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                          reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1;
}

// Nothing, for what is not hex.
std::string from_hex(std::string_view hex) {
  std::string raw;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
    unsigned byte = 0;
    const auto parsed = std::from_chars(hex.data() + at, hex.data() + at + 2, byte, 16);
    if (parsed.ec != std::errc{} || parsed.ptr != hex.data() + at + 2) return {};
    raw.push_back(static_cast<char>(byte));
  }
  return hex.size() % 2 == 0 ? raw : std::string();
}

/// A root and whether its record came by.
struct Root {
  std::string hash;
  bool met = false;
};

struct Shard {
  std::int64_t index = 0;
  std::string hash = std::string(64, '0');
  std::map<std::int64_t, Root> roots;  // by index; few: a root covers all records before it
};

class Chain {
 public:
  Chain(const record::RunDirectory& directory, Finding& finding) : directory_(directory), finding_(finding) {}

  // Key and roots first: then each record is looked at once, and none is kept.
  void check() {
    const auto with = [this](bool (Chain::*take)(LineParser&, std::string_view)) {
      return [this, take](LineParser& parser, std::string_view line) { return (this->*take)(parser, line); };
    };
    if (!read("audit-key", with(&Chain::take_key)) || !read("audit-roots", with(&Chain::take_root)) ||
        !read("audit-log", with(&Chain::take_record))) {
      return;
    }
    for (const auto& [name, shard] : shards_) check_roots(name, shard);
    check_payments();
  }

 private:
  bool read(const std::string& name, const std::function<bool(LineParser&, std::string_view)>& take) {
    LineParser parser;
    bool good = true;
    const auto read = record::read_truth(directory_.truth(name + ".ndjson.zst"), [&](std::string_view line) {
      good = take(parser, line);
      return good;
    });
    if (!good) finding_.unknown("the export '" + name + "' cannot be used: " + parser.problem());
    if (!read) finding_.unknown("the export '" + name + "' cannot be used: " + read.error().message);
    return good && read.ok();
  }

  bool take_record(LineParser& parser, std::string_view line) {
    std::array<Member, 8> m{{{"shard", identifier},
                             {"index", integer},
                             {"event", identifier},
                             {"type", text},
                             {"payment", identifier},
                             {"at_ms", identifier},
                             {"body_hash", text},
                             {"hash", text}}};
    if (!parser.parse(line, m)) return false;
    finding_.checked();
    const Subject subject{.payment = identity_of(m[4].text), .event = identity_of(m[2].text)};
    recorded_.insert(subject.payment.low);
    Shard& shard = shards_[std::string(m[0].text)];
    const std::int64_t index = m[1].number;
    const std::string where = "record " + std::to_string(index) + " of shard " + std::string(m[0].text);
    if (index != shard.index + 1) finding_.wrong(where + " follows record " + std::to_string(shard.index), subject);
    std::string lines = shard.hash;
    lines.append(1, '\n').append(m[0].text).append(1, '\n').append(std::to_string(index));
    for (const std::size_t member : {2, 3, 4, 5, 6}) lines.append(1, '\n').append(m[member].text);
    if (sha256_hex(lines) != m[7].text) {
      finding_.wrong(where + ": its hash is not that of its text and of the record before it", subject);
    }
    // What follows is held against what this record says of itself, so that one change is told once.
    shard.index = index;
    shard.hash = m[7].text;
    const auto root = shard.roots.find(index);
    if (root != shard.roots.end()) root->second.met = root->second.hash == shard.hash;
    return true;
  }

  bool take_key(LineParser& parser, std::string_view line) {
    std::array<Member, 1> m{{{"public_key", text}}};
    if (!parser.parse(line, m)) return false;
    key_ = from_hex(m[0].text);
    return true;
  }

  bool take_root(LineParser& parser, std::string_view line) {
    std::array<Member, 5> m{
        {{"shard", identifier}, {"index", integer}, {"hash", text}, {"at_ms", identifier}, {"signature", text}}};
    if (!parser.parse(line, m)) return false;
    const std::string name(m[0].text), number = std::to_string(m[1].number), hash(m[2].text);
    const std::string message = name + "\n" + number + "\n" + hash + "\n" + std::string(m[3].text);
    if (is_signed(message, key_, from_hex(m[4].text))) {
      shards_[name].roots[m[1].number] = {hash, false};
    } else {
      finding_.wrong("the root " + number + " of shard " + name + " has a wrong signature", {});
    }
    return true;
  }

  void check_roots(const std::string& name, const Shard& shard) {
    if (shard.roots.empty()) finding_.wrong("no root of shard " + name + " is signed", {});
    for (const auto& [index, root] : shard.roots) {
      if (root.met) continue;
      finding_.wrong(
          "the signed root " + std::to_string(index) + " of shard " + name + " is not the hash of that record", {});
    }
  }

  void check_payments() {
    (void)read_payments(directory_, "payments", [this](const Payment& payment, std::string_view) {
      if (recorded_.contains(payment.id.low)) return;
      finding_.wrong("payment {payment} was made, and the audit log has no record of it",
                     {.key = payment.key, .payment = payment.id});
    });
  }

  const record::RunDirectory& directory_;
  Finding& finding_;
  std::string key_;
  std::map<std::string, Shard> shards_;
  std::unordered_set<std::uint64_t> recorded_;
};

}  // namespace

const Checker& audit_chain() {
  static const Checker checker = {
      .name = "audit_chain",
      .doc = "The audit log's hash chain is whole, its roots are signed, and every payment has a record.",
      .needs = {"audit-log", "audit-roots", "audit-key", "payments"},
      .directory = [](const record::RunDirectory& directory, const Terms&, Finding& finding) {
        Chain(directory, finding).check();
      }};
  return checker;
}

}  // namespace tidegate::audit
