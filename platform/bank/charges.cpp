#include "platform/bank/charges.hpp"

#include <array>

#include "platform/bank/behaviour.hpp"
#include "platform/events/payment_events.hpp"
#include "platform/service/wall_clock.hpp"
#include "platform/worker/caller.hpp"

namespace tidegate::platform {
namespace {

constexpr std::size_t kLongestName = 200;

constexpr Migration kMigrations[] = {
    {100,
     "CREATE TABLE charges (sequence INTEGER PRIMARY KEY, reference TEXT NOT NULL UNIQUE, client_key TEXT NOT NULL,"
     " merchant TEXT NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL, status TEXT NOT NULL,"
     " at_ms INTEGER NOT NULL)"},
    {101,
     "ALTER TABLE charges ADD COLUMN acquirer TEXT NOT NULL DEFAULT 'acq-01';"
     "ALTER TABLE charges ADD COLUMN elsewhere INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE charges ADD COLUMN captured INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE charges ADD COLUMN refunded INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE charges ADD COLUMN expires_at_ms INTEGER NOT NULL DEFAULT 0"},
    {102,
     "CREATE TABLE operations (sequence INTEGER PRIMARY KEY, reference TEXT NOT NULL UNIQUE, charge TEXT NOT NULL,"
     " kind TEXT NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL,"
     " at_ms INTEGER NOT NULL)"},
    {103,
     "CREATE TABLE network_payouts (reference TEXT PRIMARY KEY, network TEXT NOT NULL, amount INTEGER NOT NULL,"
     " currency TEXT NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL, at_ms INTEGER NOT NULL)"},
};

#define CHARGE_COLUMNS                                                                                         \
  "sequence, reference, client_key, merchant, amount, currency, status, at_ms, acquirer, elsewhere, captured," \
  " refunded, expires_at_ms"

constexpr std::int64_t kAuthorisationLasts = std::int64_t{7} * 24 * 3600 * 1000;  // ms

Charge from_row(const Row& row) {
  Charge charge;
  charge.sequence = row.integer(0);
  charge.reference = row.text(1);
  charge.client_key = row.text(2);
  charge.merchant = row.text(3);
  charge.amount = row.integer(4);
  charge.currency = row.text(5);
  charge.status = row.text(6);
  charge.at_ms = row.integer(7);
  charge.acquirer = row.text(8);
  charge.try_elsewhere = row.integer(9) != 0;
  charge.captured = row.integer(10);
  charge.refunded = row.integer(11);
  charge.expires_at_ms = row.integer(12);
  return charge;
}

}  // namespace

std::span<const Migration> bank_migrations() {
  return kMigrations;
}

Result<Charge> Charge::from_request(const json::object& body) {
  Charge charge;
  const std::array<std::pair<const char*, std::string*>, 3> names{
      {{"reference", &charge.reference}, {"client_key", &charge.client_key}, {"merchant", &charge.merchant}}};
  for (const auto& [key, target] : names) {
    auto value = string_member(body, key);
    if (!value || value->empty() || value->size() > kLongestName) {
      return usage_error(std::string("'") + key + "' must be a text of 1 to 200 bytes");
    }
    *target = std::move(*value);
  }
  const auto amount = integer_member(body, "amount");
  if (!amount || *amount <= 0) return usage_error("'amount' must be a whole number above 0, in minor units");
  charge.amount = *amount;
  charge.currency = string_member(body, "currency").value_or("");
  if (!is_currency(charge.currency)) return usage_error("'currency' must be three capital letters (ISO 4217)");
  if (string_member(body, "card_token").value_or("").empty()) return usage_error("'card_token' is missing");
  charge.acquirer = string_member(body, "acquirer").value_or("acq-01");
  if (!is_provider(charge.acquirer)) return usage_error("there is no acquirer '" + charge.acquirer.substr(0, 40) + "'");
  charge.at_ms = wall_now_ms();
  const auto lasts_ms = integer_member(body, "expires_in_ms").value_or(kAuthorisationLasts);
  if (lasts_ms < 1 || lasts_ms > kAuthorisationLasts) return usage_error("'expires_in_ms' is at most 7 days");
  if (boolean_member(body, "capture").value_or(true)) {
    charge.captured = charge.amount;
  } else {
    charge.expires_at_ms = charge.at_ms + lasts_ms;
  }
  return charge;
}

json::object Charge::to_answer() const {
  json::object answer{{"reference", reference}, {"status", status}, {"amount", amount}, {"currency", currency}};
  if (status == "approved") {
    answer["auth_code"] = authorisation_code(reference);
    if (expires_at_ms > 0) answer["expires_at_ms"] = expires_at_ms;
  } else {
    answer["reason"] = try_elsewhere ? "acquirer_unavailable" : "insufficient_funds";
    if (try_elsewhere) answer["try_elsewhere"] = true;
  }
  return answer;
}

json::object Charge::to_statement_item() const {
  return {{"sequence", sequence}, {"reference", reference}, {"client_key", client_key}, {"merchant", merchant},
          {"amount", amount},     {"currency", currency},   {"status", status},         {"at_ms", at_ms},
          {"acquirer", acquirer}, {"captured", captured},   {"refunded", refunded}};
}

Result<bool> record_charge(Connection& connection, Charge& charge) {
  auto inserted = connection.execute(
      "INSERT OR IGNORE INTO charges (reference, client_key, merchant, amount, currency, status, at_ms, acquirer,"
      " elsewhere, captured, expires_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
      {charge.reference, charge.client_key, charge.merchant, charge.amount, charge.currency, charge.status,
       charge.at_ms, charge.acquirer, charge.try_elsewhere ? 1 : 0, charge.status == "approved" ? charge.captured : 0,
       charge.expires_at_ms});
  if (!inserted) return inserted.error();
  if (*inserted == 1) return true;

  auto known = find_charge(connection, charge.reference);
  if (!known) return known.error();
  if (!*known) return internal_error("the charge was neither recorded nor found");
  const Charge& first = **known;
  if (first.amount != charge.amount || first.currency != charge.currency || first.merchant != charge.merchant) {
    return usage_error("the reference was used before, with another amount, currency or merchant");
  }
  charge = first;
  return false;
}

Result<std::optional<Charge>> find_charge(Connection& reader, const std::string& reference) {
  std::optional<Charge> found;
  auto read =
      reader.query("SELECT " CHARGE_COLUMNS " FROM charges WHERE reference = ?1", {reference}, [&](const Row& row) {
        found = from_row(row);
        return false;
      });
  if (!read) return read.error();
  return found;
}

Result<std::vector<Charge>> read_statement(Connection& reader, std::int64_t after, std::int64_t as_of,
                                           std::int64_t limit) {
  std::vector<Charge> charges;
  auto read = reader.query("SELECT " CHARGE_COLUMNS
                           " FROM charges WHERE sequence > ?1 AND sequence <= ?2 ORDER BY sequence LIMIT ?3",
                           {after, as_of, limit}, [&](const Row& row) {
                             charges.push_back(from_row(row));
                             return true;
                           });
  if (!read) return read.error();
  return charges;
}

Result<std::int64_t> last_sequence(Connection& reader) {
  std::int64_t last = 0;
  auto read = reader.query("SELECT coalesce(max(sequence), 0) FROM charges", {}, [&](const Row& row) {
    last = row.integer(0);
    return false;
  });
  if (!read) return read.error();
  return last;
}

}  // namespace tidegate::platform
