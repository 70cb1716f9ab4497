#include "platform/bank/providers.hpp"

#include <algorithm>
#include <array>

#include "base/random.hpp"
#include "platform/events/event_data.hpp"
#include "platform/service/await_store.hpp"
#include "platform/service/problem.hpp"
#include "platform/service/wall_clock.hpp"
#include "platform/worker/caller.hpp"

namespace tidegate::platform {
namespace {

constexpr std::size_t kMostScores = 1'000;
constexpr std::int64_t kMicro = 1'000'000;

/// Millionths of a unit for one euro.
struct PerEuro {
  std::string_view currency;
  std::int64_t micros;
};
constexpr std::array kPerEuro{
    PerEuro{"EUR", 1'000'000},  PerEuro{"USD", 1'084'500},   PerEuro{"GBP", 856'200},     PerEuro{"CHF", 957'300},
    PerEuro{"SEK", 11'236'000}, PerEuro{"NOK", 11'482'000},  PerEuro{"DKK", 7'459'300},   PerEuro{"PLN", 4'312'800},
    PerEuro{"CZK", 24'716'000}, PerEuro{"HUF", 389'450'000}, PerEuro{"JPY", 161'720'000}, PerEuro{"INR", 90'341'000},
    PerEuro{"AUD", 1'642'100},  PerEuro{"CAD", 1'474'900},   PerEuro{"BRL", 5'401'200},   PerEuro{"SGD", 1'455'700},
    PerEuro{"KWD", 333'900},    PerEuro{"ZAR", 20'345'000},  PerEuro{"MXN", 18'402'000},  PerEuro{"TRY", 34'910'000},
    PerEuro{"RON", 4'971'000},  PerEuro{"HKD", 8'486'000},   PerEuro{"AED", 3'983'000},   PerEuro{"ISK", 149'700'000},
};

std::optional<std::int64_t> micros_of(std::string_view currency) {
  const auto found = std::ranges::find(kPerEuro, currency, &PerEuro::currency);
  if (found == kPerEuro.end()) return std::nullopt;
  return found->micros;
}

struct NetworkPayout {
  std::string reference, network, currency, status, reason;
  std::int64_t amount = 0;

  json::object to_answer() const {
    json::object answer{
        {"reference", reference}, {"network", network}, {"amount", amount}, {"currency", currency}, {"status", status}};
    if (!reason.empty()) answer["reason"] = reason;
    return answer;
  }
};

Result<NetworkPayout> read_payout(const json::object& body) {
  NetworkPayout payout;
  payout.reference = string_member(body, "reference").value_or("");
  if (payout.reference.empty() || payout.reference.size() > 200) {
    return usage_error("'reference' must be a text of 1 to 200 bytes");
  }
  payout.network = string_member(body, "network").value_or("");
  if (payout.network.substr(0, 8) != "network-" || !is_provider(payout.network)) {
    return usage_error("'network' is one of network-01 to network-12");
  }
  payout.amount = integer_member(body, "amount").value_or(0);
  if (payout.amount <= 0) return usage_error("'amount' must be a whole number above 0, in minor units");
  payout.currency = string_member(body, "currency").value_or("");
  if (!is_currency(payout.currency)) return usage_error("'currency' must be three capital letters (ISO 4217)");
  return payout;
}

Result<std::optional<NetworkPayout>> find_payout(Connection& reader, const std::string& reference) {
  std::optional<NetworkPayout> found;
  auto read = reader.query(
      "SELECT reference, network, currency, status, reason, amount FROM network_payouts WHERE reference = ?1",
      {reference}, [&](const Row& row) {
        const auto text = [&](int column) { return std::string(row.text(column)); };
        found = NetworkPayout{text(0), text(1), text(2), text(3), text(4), row.integer(5)};
        return false;
      });
  if (!read) return read.error();
  return found;
}

Result<void> record_payout(Connection& connection, NetworkPayout& payout, bool& is_new) {
  auto known = find_payout(connection, payout.reference);
  if (!known) return known.error();
  is_new = !*known;
  if (*known) {
    if ((*known)->amount != payout.amount || (*known)->currency != payout.currency) {
      return usage_error("the reference was used before, with another amount or currency");
    }
    payout = std::move(**known);
    return {};
  }
  auto inserted = connection.execute(
      "INSERT INTO network_payouts (reference, network, amount, currency, status, reason, at_ms)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
      {payout.reference, payout.network, payout.amount, payout.currency, payout.status, payout.reason, wall_now_ms()});
  if (!inserted) return inserted.error();
  return {};
}

Result<json::object> object_of(const http::Request& request) {
  auto parsed = parse_json(request.body);
  if (!parsed) return parsed.error();
  if (!parsed->is_object()) return usage_error("the body must be a JSON object");
  return std::move(parsed->as_object());
}

/// Low for nearly all, very high for three in a thousand: together with other signs that holds a payment.
std::int64_t model_score(std::string_view payment, std::int64_t points) {
  const std::uint64_t draw = stable_hash(payment) % 1000;
  const auto base = static_cast<std::int64_t>(draw < 997 ? draw / 4 : 990);
  return std::min<std::int64_t>(1000, base + points / 4);
}

}  // namespace

std::optional<std::string> exchange_rate(std::string_view from, std::string_view to) {
  const auto sold = micros_of(from);
  const auto bought = micros_of(to);
  if (!sold || !bought) return std::nullopt;
  const std::int64_t micros = (*bought * kMicro + *sold / 2) / *sold;
  std::string decimals = std::to_string(micros % kMicro);
  decimals.insert(0, 6 - decimals.size(), '0');
  return std::to_string(micros / kMicro) + "." + decimals;
}

Providers::Providers(Store& store, Connection& reader, ServiceRuntime& runtime, const Behaviours& behaviours)
    : store_(store), reader_(reader), executor_(runtime.context().get_executor()), behaviours_(behaviours) {
  Router& router = runtime.router();
  router.add("GET", "/v1/fx/rates/{pair}",
             [this](const http::Request&, std::string_view pair) { return rate(std::string(pair)); });
  router.add("POST", "/v1/identity/checks",
             [this](const http::Request& request, std::string_view) { return check_identity(request); });
  router.add("POST", "/v1/fraud/scores",
             [this](const http::Request& request, std::string_view) { return score(request); });
  router.add("POST", "/v1/network-payouts",
             [this](const http::Request& request, std::string_view) { return pay_out(request); });
  router.add_immediate("GET", "/v1/network-payouts/{reference}",
                       [this](const http::Request&, std::string_view reference) { return enquire(reference); });
}

asio::awaitable<bool> Providers::behave(std::string provider) {
  const Fate fate = fate_of_call(behaviours_.of(provider), calls_++);
  if (fate.delay > Nanoseconds{0}) {
    asio::steady_timer timer(executor_, fate.delay);
    co_await timer.async_wait(asio::use_awaitable);
  }
  co_return !fate.fails_before && !fate.fails_after && !fate.silent;
}

asio::awaitable<http::Response> Providers::rate(std::string pair) {
  if (!co_await behave("fx")) co_return problem(503, "No rates at the moment.");
  const auto found =
      pair.size() == 7 && pair[3] == '-' ? exchange_rate(pair.substr(0, 3), pair.substr(4)) : std::nullopt;
  if (!found) co_return problem(404, "This pair is not traded.");
  co_return json_response(200, json::object{{"pair", pair}, {"rate", *found}});
}

asio::awaitable<http::Response> Providers::check_identity(const http::Request& request) {
  const auto body = object_of(request);
  const std::string card = body ? string_member(*body, "card_token").value_or("") : std::string();
  if (card.empty()) co_return problem(400, "'card_token' is missing.");
  if (!co_await behave("identity")) co_return problem(503, "Identity cannot be checked at the moment.");
  // Of the general knobs, the share of declines is about charges; identity denies only by its own.
  const double denied = behaviours_.of("identity").decline_share;
  const bool own = denied != behaviours_.general().decline_share;
  const bool denies = own && falls_under("identity", card, denied);
  co_return json_response(200, json::object{{"status", denies ? "denied" : "verified"}});
}

asio::awaitable<http::Response> Providers::score(const http::Request& request) {
  const auto body = object_of(request);
  const json::value* payments = body ? body->if_contains("payments") : nullptr;
  if (payments == nullptr || !payments->is_array() || payments->as_array().size() > kMostScores) {
    co_return problem(400, "'payments' is a list of at most 1000.");
  }
  if (!co_await behave("fraud-model")) co_return problem(503, "The model is not available.");
  json::array scores;
  for (const json::value& payment : payments->as_array()) {
    const json::object* object = payment.if_object();
    if (object == nullptr) co_return problem(400, "a payment is an object");
    scores.push_back(
        model_score(string_member(*object, "payment").value_or(""), integer_member(*object, "points").value_or(0)));
  }
  co_return json_response(200, json::object{{"scores", std::move(scores)}});
}

asio::awaitable<http::Response> Providers::pay_out(const http::Request& request) {
  const auto body = object_of(request);
  if (!body) co_return problem(400, body.error().message);
  auto payout = read_payout(*body);
  if (!payout) co_return problem(422, payout.error().message);
  const Behaviour& behaviour = behaviours_.of(payout->network);
  const bool fails = declines(payout->reference, behaviour.decline_share);
  payout->status = fails ? "failed" : "paid";
  if (fails) payout->reason = "account_closed";
  const Fate fate = fate_of_call(behaviour, calls_++);
  if (fate.fails_before) co_return problem(503, "The network is not available.");
  bool is_new = false;
  Work record = [&](Connection& connection) { return record_payout(connection, *payout, is_new); };
  const Result<void> committed = co_await commit(store_, std::move(record));
  if (!committed) {
    co_return committed.error().kind == Error::Kind::usage ? problem(409, committed.error().message)
                                                           : problem(503, "The network cannot write at the moment.");
  }
  if (fate.delay > Nanoseconds{0}) {
    asio::steady_timer timer(executor_, fate.delay);
    co_await timer.async_wait(asio::use_awaitable);
  }
  if (fate.fails_after || fate.silent) co_return problem(503, "The network is not available.");
  co_return json_response(is_new ? 201 : 200, payout->to_answer());
}

http::Response Providers::enquire(std::string_view reference) {
  const auto found = find_payout(reader_, http::percent_decode(reference));
  if (!found) return problem(503, "The network's record cannot be read at the moment.");
  if (!*found) return problem(404, "The network never saw this reference.");
  return json_response(200, (*found)->to_answer());
}

}  // namespace tidegate::platform
