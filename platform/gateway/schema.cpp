#include "platform/gateway/schema.hpp"

#include "platform/inbox/inbox.hpp"
#include "platform/outbox/outbox.hpp"

namespace tidegate::platform {
namespace {

// merchant, api_key, card: no card number and no API key is stored, only a token, the last four digits, and hashes.
// payment: the id is the number of its commit. payment_change: one row per later state; `sequence` is in the same order
// as payment ids, so that an export can be read as of any number. idempotency_key: until kLateIndex.
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

// `captured` and its neighbours came with authorizations; a payment of before has none of them. payment_lapsing: open
// authorizations only, so that an ordinary payment costs it nothing.
constexpr Migration kOperations{21, R"(
ALTER TABLE payment ADD COLUMN manual INTEGER NOT NULL DEFAULT 0;
ALTER TABLE payment ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
ALTER TABLE payment ADD COLUMN captured INTEGER NOT NULL DEFAULT 0;
ALTER TABLE payment ADD COLUMN refunded INTEGER NOT NULL DEFAULT 0;
ALTER TABLE payment ADD COLUMN operation INTEGER NOT NULL DEFAULT 0;
ALTER TABLE payment ADD COLUMN expires_at_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE payment ADD COLUMN reason TEXT NOT NULL DEFAULT '';
UPDATE payment SET captured = amount WHERE state = 6;
ALTER TABLE payment_change ADD COLUMN before_captured INTEGER NOT NULL DEFAULT 0;
ALTER TABLE payment_change ADD COLUMN before_refunded INTEGER NOT NULL DEFAULT 0;
ALTER TABLE payment_change ADD COLUMN before_held INTEGER NOT NULL DEFAULT 0;
CREATE INDEX payment_lapsing ON payment (expires_at_ms) WHERE expires_at_ms > 0 AND state IN (3, 5);
CREATE TABLE operation (id INTEGER PRIMARY KEY, payment INTEGER NOT NULL, merchant INTEGER NOT NULL,
                        kind INTEGER NOT NULL, state INTEGER NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL,
                        final INTEGER NOT NULL, before INTEGER NOT NULL, key TEXT NOT NULL, reason TEXT NOT NULL,
                        created_at_ms INTEGER NOT NULL, updated_at_ms INTEGER NOT NULL);
CREATE INDEX operation_of_payment ON operation (payment);
)"};

// setting: what the operator has put, a JSON document each. api_key.revoked_at_ms: since when it is refused.
constexpr Migration kOperator{22, R"(
CREATE TABLE setting (name TEXT PRIMARY KEY, document TEXT NOT NULL, at_ms INTEGER NOT NULL) WITHOUT ROWID;
ALTER TABLE merchant ADD COLUMN tier TEXT NOT NULL DEFAULT '';
ALTER TABLE api_key ADD COLUMN revoked_at_ms INTEGER NOT NULL DEFAULT 0;
)"};

// idempotency_result: `refusal` is the broken business rule when there is no subject. idempotency_indexed: results up
// to that number are in the index (idempotency_keys.hpp).
constexpr Migration kLateIndex{23, R"(
CREATE TABLE idempotency_result (number INTEGER PRIMARY KEY, merchant INTEGER NOT NULL, route INTEGER NOT NULL,
                                 key TEXT NOT NULL, fingerprint INTEGER NOT NULL, subject INTEGER, refusal TEXT,
                                 at_ms INTEGER NOT NULL);
CREATE TABLE idempotency_index (hash INTEGER NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (hash, number))
  WITHOUT ROWID;
CREATE TABLE idempotency_indexed (number INTEGER NOT NULL);
INSERT INTO idempotency_indexed VALUES (0);
INSERT INTO idempotency_result (merchant, route, key, fingerprint, subject, refusal, at_ms)
  SELECT merchant, route, key, fingerprint, payment, refusal, at_ms FROM idempotency_key ORDER BY at_ms;
DROP TABLE idempotency_key;
)"};

}  // namespace

std::vector<Migration> gateway_migrations() {
  std::vector<Migration> all(outbox_migrations().begin(), outbox_migrations().end());
  all.insert(all.end(), inbox_migrations().begin(), inbox_migrations().end());
  for (const Migration& own : {kTables, kOperations, kOperator, kLateIndex}) all.push_back(own);
  return all;
}

}  // namespace tidegate::platform
