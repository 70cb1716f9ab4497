#include "tests/unit/audit/books.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace tidegate::test {
namespace {

constexpr std::int64_t kUnixOriginMs = 1'700'000'000'000;
std::int64_t now_ms = 0;

std::string hex(const std::string& raw) {
  std::string text;
  for (const char c : raw) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

std::string sha256_hex(const std::string& text) {
  unsigned char digest[32];
  unsigned length = 0;
  EVP_Digest(text.data(), text.size(), digest, &length, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned i = 0; i < length; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

/// One Ed25519 key for all tests.
struct SigningKey {
  EVP_PKEY* key = EVP_PKEY_new_raw_private_key(
      EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>("0123456789abcdef0123456789abcdef"), 32);
  ~SigningKey() { EVP_PKEY_free(key); }
  std::string public_key() const {
    unsigned char raw[32];
    std::size_t length = sizeof raw;
    EVP_PKEY_get_raw_public_key(key, raw, &length);
    return {reinterpret_cast<char*>(raw), length};
  }
  std::string sign(const std::string& message) const {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_DigestSignInit(context, nullptr, nullptr, nullptr, key);
    unsigned char signature[64];
    std::size_t length = sizeof signature;
    EVP_DigestSign(context, signature, &length, reinterpret_cast<const unsigned char*>(message.data()), message.size());
    EVP_MD_CTX_free(context);
    return {reinterpret_cast<char*>(signature), length};
  }
};

std::string scratch_root() {
  // In memory where there is such a place: the random tests write thousands of directories.
  std::error_code ignored;
  return std::filesystem::is_directory("/dev/shm", ignored) ? "/dev/shm"
                                                            : std::filesystem::temp_directory_path().string();
}

}  // namespace

Nanoseconds tick() {
  return std::chrono::milliseconds(++now_ms);
}

record::Operation operation(const std::string& key, record::OperationEvent event, std::int64_t amount) {
  static std::uint64_t iteration = 0;
  record::Operation result;
  result.time = tick();
  result.event = event;
  if (event == record::OperationEvent::invoke) ++iteration;
  result.iteration = iteration;
  result.scope = 0xabc;
  result.amount = amount;
  result.set_kind("payment");
  result.set_currency("EUR");
  result.set_key(key);
  if (event == record::OperationEvent::ok) {
    result.status = 202;
    result.set_id("pay-" + key);
  }
  return result;
}

Books::Books() {
  for (const char* name : {"payments", "bank", "attempts", "ledger", "wallets", "events", "applied-ledger", "webhooks",
                           "dead-letters", "audit-log", "audit-roots", "audit-key"}) {
    exports[name];
  }
}

void Books::acknowledge(const std::string& key, std::int64_t amount) {
  operations.push_back(operation(key, record::OperationEvent::invoke, amount));
  operations.push_back(operation(key, record::OperationEvent::ok, amount));
}

json::object& Books::add_payment(const std::string& key, std::int64_t amount, const std::string& status) {
  log("pay-" + key, status);
  of("payments")
      .push_back({{"id", "pay-" + key},
                  {"tenant", "m1"},
                  {"key", key},
                  {"scope", "0000000000000abc"},
                  {"amount", amount},
                  {"currency", "EUR"},
                  {"status", status},
                  {"created_at_ms", kUnixOriginMs + now_ms}});
  return of("payments").back();
}

void Books::add_charge(const std::string& key, const std::string& reference, std::int64_t amount,
                       const std::string& status, const std::string& kind) {
  of("bank").push_back({{"sequence", static_cast<std::int64_t>(of("bank").size()) + 1},
                        {"reference", reference},
                        {"client_key", key},
                        {"merchant", "m1"},
                        {"amount", amount},
                        {"currency", "EUR"},
                        {"status", status},
                        {"kind", kind},
                        {"at_ms", kUnixOriginMs + now_ms + 20}});
  of("attempts")
      .push_back({{"reference", reference},
                  {"payment", "pay-" + key},
                  {"amount", amount},
                  {"currency", "EUR"},
                  {"status", status},
                  {"created_at_ms", kUnixOriginMs + now_ms}});
}

void Books::add_event(const std::string& key, const std::string& type) {
  const std::string stream = "gateway-0/payments/" + std::to_string(key.size() % 3);
  const std::int64_t sequence = ++sequences_[stream];
  const std::string id = fmt::format("ev-{}-{}", stream, sequence);
  of("events").push_back({{"id", id},
                          {"type", type},
                          {"payment", "pay-" + key},
                          {"stream", stream},
                          {"sequence", sequence},
                          {"occurred_at", kUnixOriginMs + now_ms}});
  of("applied-ledger").push_back({{"stream", stream}, {"sequence", sequence}, {"event", id}});
  if (std::ranges::find(terms.webhook_events, type) == terms.webhook_events.end()) return;
  of("webhooks").push_back({{"event", id}, {"t_ns", tick().count()}, {"signature", "valid"}, {"status", 204}});
}

void Books::add_transfer(const std::string& name, const std::string& payment, const std::string& kind,
                         const std::vector<std::pair<std::string, std::int64_t>>& entries) {
  for (const auto& [account, amount] : entries) {
    of("ledger").push_back({{"sequence", static_cast<std::int64_t>(of("ledger").size()) + 1},
                            {"transfer", name},
                            {"payment", payment},
                            {"kind", kind},
                            {"account", account},
                            {"direction", amount < 0 ? "debit" : "credit"},
                            {"amount", amount < 0 ? -amount : amount},
                            {"currency", "EUR"},
                            {"merchant", "m1"}});
  }
}

void Books::post_captured(const std::string& key, std::int64_t amount, const std::string& part) {
  const std::int64_t fee = amount / 50;
  std::vector<std::pair<std::string, std::int64_t>> entries = {{"merchant-pending", -amount},
                                                               {"customer-receivable", amount},
                                                               {"bank-settlement", -amount},
                                                               {"merchant-payable", amount - fee}};
  if (fee > 0) entries.emplace_back("fees", fee);
  add_transfer("t-" + key + "-posted" + part, "pay-" + key, "posted", entries);
}

void Books::add_captured(const std::string& key, std::int64_t amount) {
  acknowledge(key, amount);
  add_payment(key, amount, "captured");
  add_event(key, "payment_created");
  add_transfer("t-" + key + "-pending", "pay-" + key, "pending",
               {{"customer-receivable", -amount}, {"merchant-pending", amount}});
  add_charge(key, "pay-" + key + "-a1", amount, "approved");
  add_event(key, "payment_captured");
  post_captured(key, amount, "");
}

void Books::add_declined(const std::string& key, std::int64_t amount) {
  acknowledge(key, amount);
  add_payment(key, amount, "declined");
  add_event(key, "payment_created");
  add_transfer("t-" + key + "-pending", "pay-" + key, "pending",
               {{"customer-receivable", -amount}, {"merchant-pending", amount}});
  add_charge(key, "pay-" + key + "-a1", amount, "declined");
  add_event(key, "payment_declined");
  add_transfer("t-" + key + "-released", "pay-" + key, "released",
               {{"merchant-pending", -amount}, {"customer-receivable", amount}});
}

void Books::add_partial(const std::string& key, std::int64_t amount) {
  acknowledge(key, amount);
  const std::int64_t first = amount / 2, second = amount / 4, back = amount / 8;
  json::object& payment = add_payment(key, amount, "partially_refunded");
  payment["captured"] = first + second;
  payment["refunded"] = back;
  add_event(key, "payment_created");
  add_charge(key, "pay-" + key + "-a1", amount, "approved");
  add_event(key, "payment_authorized");
  for (const auto& [name, part] : {std::pair{"-c1", first}, std::pair{"-c2", second}}) {
    add_charge(key, "pay-" + key + name, part, "approved", "capture");
    add_event(key, "payment_captured");
    post_captured(key, part, name);
  }
  add_charge(key, "pay-" + key + "-r1", back, "approved", "refund");
  add_event(key, "payment_refunded");
  add_transfer("t-" + key + "-refunded", "pay-" + key, "refunded",
               {{"merchant-payable", -back}, {"bank-settlement", back}});
}

void Books::add_refused(const std::string& key) {
  operations.push_back(operation(key, record::OperationEvent::invoke));
  operations.push_back(operation(key, record::OperationEvent::fail));
  operations.back().status = 422;
}

void Books::add_wallet_entry(const std::string& wallet, bool debit, std::int64_t amount) {
  std::int64_t& balance = balances_[wallet];
  balance += debit ? -amount : amount;
  of("wallets").push_back({{"sequence", static_cast<std::int64_t>(of("wallets").size()) + 1},
                           {"wallet", wallet},
                           {"direction", debit ? "debit" : "credit"},
                           {"amount", amount},
                           {"currency", "EUR"},
                           {"balance", balance}});
}

void Books::add_read(const std::string& key, const std::string& state) {
  record::Operation read;
  read.event = record::OperationEvent::read;
  read.time = tick();
  read.amount = 500'000;
  read.set_kind("read");
  read.set_key(state);
  read.set_id("pay-" + key);
  operations.push_back(read);
}

void Books::log(const std::string& payment, const std::string& type) {
  auto& records = of("audit-log");
  records.push_back({{"sequence", static_cast<std::int64_t>(records.size()) + 1},
                     {"shard", 0},
                     {"index", static_cast<std::int64_t>(records.size()) + 1},
                     {"event", "ev-log-" + std::to_string(records.size())},
                     {"type", type},
                     {"payment", payment},
                     {"at_ms", kUnixOriginMs + now_ms},
                     {"body_hash", sha256_hex(payment)}});
}

void Books::chain_audit_log() {
  static const SigningKey key;
  std::string hash(64, '0');
  const auto text = [](const json::value& value) {
    return value.is_string() ? std::string(value.as_string()) : json::serialize(value);
  };
  for (json::object& record : of("audit-log")) {
    std::string lines = hash;
    for (const char* member : {"shard", "index", "event", "type", "payment", "at_ms", "body_hash"}) {
      lines += "\n" + text(record.at(member));
    }
    hash = sha256_hex(lines);
    record["hash"] = hash;
  }
  const std::int64_t index = of("audit-log").back().at("index").as_int64();
  of("audit-roots") = {{{"shard", 0},
                        {"index", index},
                        {"hash", hash},
                        {"at_ms", 7},
                        {"signature", hex(key.sign(fmt::format("0\n{}\n{}\n7", index, hash)))}}};
  of("audit-key") = {{{"algorithm", "Ed25519"}, {"public_key", hex(key.public_key())}}};
}

void remove_where(std::vector<json::object>& records, const std::string& field, const std::string& value) {
  std::erase_if(records, [&](const json::object& record) { return record.at(field).as_string() == value; });
}

json::object& find(std::vector<json::object>& records, const std::string& field, const std::string& value) {
  const auto found =
      std::ranges::find_if(records, [&](const json::object& record) { return record.at(field).as_string() == value; });
  INFO(field << " = " << value);
  REQUIRE(found != records.end());
  return *found;
}

BooksDirectory::BooksDirectory() {
  static int counter = 0;
  path_ = fmt::format("{}/tidegate-audit-{}-{}", scratch_root(), getpid(), ++counter);
  directory_ = std::make_unique<record::RunDirectory>(*record::RunDirectory::create(path_));
  record::RunInfo info;
  info.unix_origin_s = static_cast<double>(kUnixOriginMs) / 1000;
  REQUIRE(directory_->write_info(info).ok());
}

BooksDirectory::~BooksDirectory() {
  std::filesystem::remove_all(path_);
}

void BooksDirectory::write(const Books& books) {
  auto writer = record::OperationWriter::create(directory_->operations());
  REQUIRE(writer.ok());
  REQUIRE((*writer)->write(books.operations).ok());
  audit::Manifest manifest;
  manifest.terms = books.terms;
  manifest.unchanged = books.unchanged;
  std::filesystem::remove_all(path_ + "/truth");
  std::filesystem::create_directory(path_ + "/truth");
  for (const auto& [name, records] : books.exports) {
    auto lines = record::TruthWriter::create(truth(name));
    REQUIRE(lines.ok());
    for (const json::object& object : records) REQUIRE((*lines)->write_line(json::serialize(object)).ok());
    REQUIRE((*lines)->close().ok());
    audit::ExportEntry& entry = manifest.exports[name];
    entry.records = records.size();
    if (audit::group_of_export(name)) entry.topic = "payments";
  }
  REQUIRE(manifest.write(*directory_).ok());
}

}  // namespace tidegate::test
