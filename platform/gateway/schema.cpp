#include "platform/gateway/schema.hpp"

#include "platform/inbox/inbox.hpp"
#include "platform/outbox/outbox.hpp"

namespace tidegate::platform {
namespace {

// merchant, api_key, card: no card number and no API key is stored, only a token, the last four digits, and hashes.
// payment: the id is the number of its commit. payment_change: one row per later state; `sequence` is in the same order
// as payment ids, so that an export can be read as of any number. idempotency_key: `refusal` is the broken business
// rule when there is no payment.
constexpr Migration kTables{20, R"(
CREATE TABLE merchant (id INTEGER PRIMARY KEY, name TEXT NOT NULL, currency TEXT NOT NULL,
                       created_at_ms INTEGER NOT NULL);
CREATE TABLE api_key (id INTEGER PRIMARY KEY, merchant INTEGER NOT NULL, hash TEXT NOT NULL UNIQUE, scope TEXT NOT NULL,
                      created_at_ms INTEGER NOT NULL);
CREATE TABLE card (id INTEGER PRIMARY KEY, merchant INTEGER NOT NULL, token TEXT NOT NULL UNIQUE, last4 TEXT NOT NULL,
                   created_at_ms INTEGER NOT NULL);
CREATE TABLE payment (id INTEGER PRIMARY KEY, merchant INTEGER NOT NULL, api_key INTEGER NOT NULL,
                      card INTEGER NOT NULL, key TEXT NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL,
                      state INTEGER NOT NULL, created_at_ms INTEGER NOT NULL, updated_at_ms INTEGER NOT NULL,
                      updated_sequence INTEGER NOT NULL);
CREATE TABLE payment_change (sequence INTEGER PRIMARY KEY, payment INTEGER NOT NULL, from_state INTEGER NOT NULL,
                             to_state INTEGER NOT NULL, before_at_ms INTEGER NOT NULL, at_ms INTEGER NOT NULL);
CREATE TABLE idempotency_key (merchant INTEGER NOT NULL, route INTEGER NOT NULL, key TEXT NOT NULL,
                              fingerprint INTEGER NOT NULL, payment INTEGER, refusal TEXT, at_ms INTEGER NOT NULL,
                              PRIMARY KEY (merchant, route, key)) WITHOUT ROWID;
)"};

}  // namespace

std::vector<Migration> gateway_migrations() {
  std::vector<Migration> all(outbox_migrations().begin(), outbox_migrations().end());
  all.insert(all.end(), inbox_migrations().begin(), inbox_migrations().end());
  all.push_back(kTables);
  return all;
}

}  // namespace tidegate::platform
