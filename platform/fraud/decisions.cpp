#include "platform/fraud/decisions.hpp"

#include "platform/events/worker_events.hpp"
#include "platform/worker/export_page.hpp"
#include "platform/worker/name_list.hpp"

namespace tidegate::platform {
namespace {

constexpr Migration kMigrations[] = {
    {100,
     "CREATE TABLE decisions (sequence INTEGER PRIMARY KEY, payment TEXT NOT NULL UNIQUE, card TEXT NOT NULL, bin TEXT "
     "NOT NULL, address TEXT NOT NULL, merchant TEXT NOT NULL, client_key TEXT NOT NULL, currency TEXT NOT NULL,"
     " amount INTEGER NOT NULL, at_ms INTEGER NOT NULL, traceparent TEXT NOT NULL, hold INTEGER NOT NULL, points "
     "INTEGER NOT NULL, rules TEXT NOT NULL, model_score INTEGER NOT NULL, state TEXT NOT NULL)"},
    {101, "CREATE INDEX decisions_open ON decisions (sequence) WHERE state = 'scoring'"},
    {102, "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"},
};

#define SEEN_COLUMNS "payment, card, bin, address, merchant, client_key, currency, amount, at_ms"
#define DECISION_COLUMNS SEEN_COLUMNS ", traceparent, hold, points, rules, model_score, state, sequence"

SeenPayment seen_from(const Row& row) {
  const auto text = [&](int column) { return std::string(row.text(column)); };
  return {text(0), text(1), text(2), text(3), text(4), text(5), text(6), row.integer(7), row.integer(8)};
}

Decision decision_from(const Row& row) {
  Decision decision;
  decision.payment = seen_from(row);
  decision.traceparent = row.text(9);
  decision.rules = {row.integer(10) != 0, row.integer(11), apart(row.text(12))};
  decision.model_score = row.integer(13);
  decision.state = row.text(14);
  return decision;
}

}  // namespace

std::span<const Migration> decision_migrations() {
  return kMigrations;
}

void Decision::decide(const FraudLimits& limits) {
  state = rules.hold || score() >= limits.hold_score ? "held" : "cleared";
}

Envelope Decision::to_event(bool by_operator) const {
  Envelope event;
  event.type = state == "held" ? event_type::fraud_held : event_type::fraud_cleared;
  event.payment = payment.payment;
  event.tenant = payment.merchant;
  event.data = FraudDecision{score(), rules.fired, by_operator}.to_data();
  return event;
}

json::object Decision::to_json() const {
  return {{"payment", payment.payment},
          {"merchant", payment.merchant},
          {"state", state},
          {"score", score()},
          {"rules", json::array(rules.fired.begin(), rules.fired.end())},
          {"model_score", model_score < 0 ? json::value(nullptr) : json::value(model_score)},
          {"at_ms", payment.at_ms}};
}

Result<SeenPayment> seen_payment(const Envelope& event) {
  auto created = PaymentCreated::from_data(event.data);
  if (!created) return created.error();
  return SeenPayment{event.payment,       created->card_token, created->card_bin, created->client_address, event.tenant,
                     created->client_key, created->currency,   created->amount,   event.occurred_at_ms};
}

Result<void> insert_decision(Connection& connection, const Decision& decision) {
  const SeenPayment& seen = decision.payment;
  auto inserted =
      connection.execute("INSERT OR IGNORE INTO decisions (" SEEN_COLUMNS
                         ", traceparent, hold, points, rules, model_score, state)"
                         " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
                         {seen.payment, seen.card, seen.bin, seen.address, seen.merchant, seen.client_key,
                          seen.currency, seen.amount, seen.at_ms, decision.traceparent, decision.rules.hold ? 1 : 0,
                          decision.rules.points, joined(decision.rules.fired), decision.model_score, decision.state});
  if (!inserted) return inserted.error();
  return {};
}

Result<bool> finish_decision(Connection& connection, const Decision& decision, std::string_view from) {
  auto changed =
      connection.execute("UPDATE decisions SET state = ?2, model_score = ?3 WHERE payment = ?1 AND state = ?4",
                         {decision.payment.payment, decision.state, decision.model_score, from});
  if (!changed) return changed.error();
  return *changed == 1;
}

Result<std::optional<Decision>> find_decision(Connection& reader, const std::string& payment) {
  std::optional<Decision> found;
  auto read =
      reader.query("SELECT " DECISION_COLUMNS " FROM decisions WHERE payment = ?1", {payment}, [&](const Row& row) {
        found = decision_from(row);
        return false;
      });
  if (!read) return read.error();
  return found;
}

Result<std::vector<Decision>> open_decisions(Connection& reader) {
  std::vector<Decision> open;
  auto read = reader.query("SELECT " DECISION_COLUMNS " FROM decisions WHERE state = 'scoring' ORDER BY sequence", {},
                           [&](const Row& row) {
                             open.push_back(decision_from(row));
                             return true;
                           });
  if (!read) return read.error();
  return open;
}

Result<std::vector<SeenPayment>> seen_since(Connection& reader, std::int64_t at_ms) {
  std::vector<SeenPayment> seen;
  // The newest rows; sequence and time grow together but for the lag of a stream.
  auto read = reader.query("SELECT " SEEN_COLUMNS " FROM decisions ORDER BY sequence DESC LIMIT 300000", {},
                           [&](const Row& row) {
                             seen.push_back(seen_from(row));
                             return seen.back().at_ms >= at_ms - FraudProfiles::kWindowMs;
                           });
  if (!read) return read.error();
  std::erase_if(seen, [&](const SeenPayment& payment) { return payment.at_ms < at_ms; });
  return std::vector<SeenPayment>(seen.rbegin(), seen.rend());
}

Result<json::array> read_decisions(Connection& reader, std::int64_t after, std::int64_t as_of, std::int64_t limit,
                                   std::int64_t& last) {
  json::array items;
  auto read = reader.query("SELECT " DECISION_COLUMNS
                           " FROM decisions WHERE sequence > ?1 AND sequence <= ?2 ORDER BY sequence LIMIT ?3",
                           {after, as_of, limit}, [&](const Row& row) {
                             last = row.integer(15);
                             json::object item = decision_from(row).to_json();
                             item["sequence"] = last;
                             items.push_back(std::move(item));
                             return true;
                           });
  if (!read) return read.error();
  return items;
}

Result<std::int64_t> last_decision(Connection& reader) {
  return last_sequence_of(reader, "SELECT coalesce(max(sequence), 0) FROM decisions");
}

}  // namespace tidegate::platform
