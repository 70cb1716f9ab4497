#include "platform/audit_log/log.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/platform_workers/support.hpp"

using namespace tidegate;
using namespace tidegate::platform;

namespace {

struct Log {
  ScratchDirectory scratch;
  std::unique_ptr<Store> store;
  SigningKey key = *SigningKey::open(scratch.file("audit.key"));
  Log() {
    auto opened = open_sqlite_store(scratch.path(), "audit-0", audit_log_migrations());
    REQUIRE(opened.ok());
    store = std::move(*opened);
  }
  ~Log() { store->stop(); }

  void append(int events) {
    for (int i = 0; i < events; ++i) {
      const Envelope event = make_event(0, ++sequence);
      REQUIRE(store->run([&](Connection& connection) { return append_record(connection, event); }).ok());
    }
  }
  void sign() {
    REQUIRE(store
                ->run([&](Connection& connection) -> Result<void> {
                  auto roots = sign_heads(connection, key, 1'700'000'000'000);
                  if (!roots) return roots.error();
                  return {};
                })
                .ok());
  }
  template <typename Item>
  std::vector<Item> read(const decltype(&read_records)& page) {
    auto reader = store->reader();
    REQUIRE(reader.ok());
    std::int64_t last = 0;
    auto items = page(**reader, 0, 1'000'000, 1'000'000, last);
    REQUIRE(items.ok());
    std::vector<Item> all;
    for (const json::value& item : *items) all.push_back(*Item::from_json(item.as_object()));
    return all;
  }
  std::vector<AuditRecord> records() { return read<AuditRecord>(read_records); }
  std::vector<AuditRoot> roots() { return read<AuditRoot>(read_roots); }
  std::int64_t sequence = 0;
};

std::vector<std::string> faults_of(const std::string& key, const std::vector<AuditRecord>& records,
                                   const std::vector<AuditRoot>& roots) {
  ChainVerifier verifier(key);
  for (const AuditRecord& record : records) verifier.add(record);
  for (const AuditRoot& root : roots) verifier.add(root);
  return verifier.faults();
}

}  // namespace

TEST_CASE("an intact log verifies, from its export alone") {
  Log log;
  log.append(100);
  log.sign();
  log.append(20);
  log.sign();
  CHECK(faults_of(log.key.public_key(), log.records(), log.roots()).empty());
  log.append(3);
  auto reader = log.store->reader();
  REQUIRE(reader.ok());
  const auto verifier = verify_log(**reader, log.key.public_key());
  REQUIRE(verifier.ok());
  CHECK(verifier->faults().empty());
  CHECK(verifier->unsigned_records() == 3);
}

TEST_CASE("every way to change the past is found") {
  Log log;
  log.append(60);
  log.sign();
  const auto records = log.records();
  const auto roots = log.roots();
  const auto shard_of_first = records.front().shard;
  struct Row {
    const char* why;
    std::function<void(std::vector<AuditRecord>&, std::vector<AuditRoot>&)> change;
  };
  // Recomputes the hashes of a shard, as somebody who knows the method but not the key would.
  const auto rewrite = [](std::vector<AuditRecord>& all, int shard) {
    std::string hash = first_hash();
    std::int64_t index = 0;
    for (AuditRecord& record : all) {
      if (record.shard != shard) continue;
      record.index = ++index;
      record.hash = hash = chained_hash(hash, record);
    }
  };
  const std::vector<Row> rows = {
      {"a record changed", [](auto& r, auto&) { r[5].type = "payment_refunded"; }},
      {"a body changed", [](auto& r, auto&) { r[5].body_hash = sha256_hex("other"); }},
      {"a time changed", [](auto& r, auto&) { r[5].at_ms += 1; }},
      {"a record removed", [](auto& r, auto&) { r.erase(r.begin() + 5); }},
      {"a record repeated", [](auto& r, auto&) { r.insert(r.begin() + 5, r[5]); }},
      {"a record of another shard", [&](auto& r, auto&) { r[0].shard = (r[0].shard + 1) % kAuditShards; }},
      {"written anew", [&](auto& r, auto&) { r[0].type = "x", rewrite(r, shard_of_first); }},
      {"removed and written anew", [&](auto& r, auto&) { r.erase(r.begin()), rewrite(r, shard_of_first); }},
      {"the tail cut off", [](auto& r, auto&) { r.resize(r.size() - 10); }},
      {"a root's hash changed", [](auto&, auto& s) { s[0].hash = first_hash(); }},
      {"a root's signature changed", [](auto&, auto& s) { s[0].signature[0] = s[0].signature[0] == 'a' ? 'b' : 'a'; }},
      {"a root signed by somebody else",
       [&](auto&, auto& s) {
         ScratchDirectory other;
         s[0].signature = SigningKey::open(other.file("k"))->sign(s[0].signed_text());
       }},
  };
  for (const Row& row : rows) {
    INFO(row.why);
    auto changed_records = records;
    auto changed_roots = roots;
    row.change(changed_records, changed_roots);
    CHECK_FALSE(faults_of(log.key.public_key(), changed_records, changed_roots).empty());
  }
}

TEST_CASE("the database itself refuses to change or delete a record") {
  Log log;
  log.append(1);
  log.sign();
  for (const char* sql :
       {"UPDATE records SET type = 'x'", "DELETE FROM records", "UPDATE roots SET number = 0", "DELETE FROM roots"}) {
    INFO(sql);
    CHECK_FALSE(log.store
                    ->run([&](Connection& connection) -> Result<void> {
                      auto changed = connection.execute(sql);
                      if (!changed) return changed.error();
                      return {};
                    })
                    .ok());
  }
  CHECK(log.records().size() == 1);
}

TEST_CASE("a known hash, so that others can write a verifier") {
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
