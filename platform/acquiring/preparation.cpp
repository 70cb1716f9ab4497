#include "platform/acquiring/preparation.hpp"

namespace tidegate::platform {
namespace {

constexpr std::size_t kConnections = 32;
constexpr std::size_t kMostIdentities = 100'000;
constexpr Nanoseconds kIdentityGood = std::chrono::seconds(30);

/// Waits for two coroutines that run side by side.
struct Both {
  explicit Both(const asio::any_io_executor& executor) : done(executor, asio::steady_timer::time_point::max()) {}
  asio::steady_timer done;
  int left = 2;
  void finished() {
    if (--left == 0) done.cancel();
  }
};

}  // namespace

Preparation::Preparation(asio::any_io_executor executor, PeerDirectory& peers, Metrics& metrics)
    : executor_(executor),
      identity_(executor, peers, "bank-simulator.http", {.max_connections = kConnections}),
      fx_(executor, peers, "bank-simulator.http", {.max_connections = kConnections}),
      frozen_rates_(metrics.counter("acquiring_frozen_rates_total",
                                    "Payments that used a cached rate while the "
                                    "provider was away.")) {}

asio::awaitable<Prepared> Preparation::prepare(const Attempt& attempt) {
  const bool exchanges = !attempt.settlement_currency.empty();
  if (!exchanges && known_good(attempt.card_token)) co_return Prepared{};
  Identity identity = Identity::unknown;
  std::optional<FxRate> rate;
  auto both = std::make_shared<Both>(executor_);
  asio::co_spawn(executor_, check_identity(attempt.card_token), [both, &identity](std::exception_ptr, Identity found) {
    identity = found;
    both->finished();
  });
  if (exchanges) {
    asio::co_spawn(executor_, find_rate(attempt.currency, attempt.settlement_currency),
                   [both, &rate](std::exception_ptr, std::optional<FxRate> found) {
                     rate = found;
                     both->finished();
                   });
  } else {
    both->finished();
  }
  // Both end by themselves within the limit, so what they write to is there.
  if (both->left > 0) co_await both->done.async_wait(asio::as_tuple(asio::use_awaitable));
  Prepared prepared;
  prepared.rate = rate;
  if (identity == Identity::denied) {
    prepared.kind = Prepared::Kind::denied;
  } else if (identity == Identity::unknown || (exchanges && !rate)) {
    prepared.kind = Prepared::Kind::unknown;
  }
  co_return prepared;
}

bool Preparation::known_good(const std::string& card_token) const {
  const auto known = identities_.find(card_token);
  return known != identities_.end() && known->second.identity == Identity::verified &&
         monotonic_now() - known->second.at < kIdentityGood;
}

asio::awaitable<Preparation::Identity> Preparation::check_identity(std::string card_token) {
  const Nanoseconds now = monotonic_now();
  const auto known = identities_.find(card_token);
  if (known != identities_.end() && now - known->second.at < kIdentityGood) co_return known->second.identity;
  if (!identity_breaker_.allow(now)) co_return Identity::unknown;
  http::ClientRequest request;
  request.method = "POST";
  request.target = "/v1/identity/checks";
  request.body = json::serialize(json::object{{"card_token", card_token}});
  const Result<http::Response> response = co_await identity_.send(std::move(request), kLimit);
  const auto body =
      response && response->status == 200 ? parse_json(response->body) : Result<json::value>(closed_error(""));
  const std::string verdict =
      body && body->is_object() ? string_member(body->as_object(), "status").value_or("") : std::string();
  const bool answered = verdict == "verified" || verdict == "denied";
  identity_breaker_.report(
      answered || !response || response->status >= 500 ? outcome_of(response) : Breaker::Outcome::failure,
      monotonic_now());
  if (!answered) co_return Identity::unknown;
  if (identities_.size() >= kMostIdentities) identities_.clear();
  const Identity identity = verdict == "verified" ? Identity::verified : Identity::denied;
  identities_[card_token] = {identity, monotonic_now()};
  co_return identity;
}

asio::awaitable<std::optional<FxRate>> Preparation::find_rate(std::string from, std::string to) {
  const Nanoseconds now = monotonic_now();
  if (!rates_.wants_refresh(from, to, now)) co_return rates_.find(from, to, now);
  if (fx_breaker_.allow(now)) {
    http::ClientRequest request;
    request.target = "/v1/fx/rates/" + from + "-" + to;
    const Result<http::Response> response = co_await fx_.send(std::move(request), kLimit);
    fx_breaker_.report(outcome_of(response), monotonic_now());
    if (response && response->status == 200) {
      const auto body = parse_json(response->body);
      const auto text = body && body->is_object() ? string_member(body->as_object(), "rate") : std::nullopt;
      if (const auto rate = text ? FxRate::parse(*text) : Result<FxRate>(protocol_error("no rate"))) {
        rates_.put(from, to, *rate, monotonic_now());
        co_return *rate;
      }
    }
  }
  const auto frozen = rates_.find(from, to, monotonic_now());
  if (frozen) frozen_rates_.add();
  co_return frozen;
}

void Preparation::stop() {
  identity_.stop();
  fx_.stop();
}

}  // namespace tidegate::platform
