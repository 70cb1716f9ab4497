#include "platform/gateway/keyed_requests.hpp"

#include "base/assert.hpp"
#include "base/log.hpp"
#include "platform/gateway/idempotency_keys.hpp"
#include "platform/gateway/key_flight.hpp"
#include "platform/gateway/problems.hpp"
#include "platform/gateway/stored_answer.hpp"
#include "platform/service/await_store.hpp"
#include "platform/service/compiled_text.hpp"
#include "platform/service/problem.hpp"
#include "platform/service/wall_clock.hpp"

namespace tidegate::platform {
namespace {

constexpr Nanoseconds kCommitLimit = std::chrono::seconds(10);
constexpr Nanoseconds kJoinLimit = std::chrono::seconds(1);
constexpr Nanoseconds kComplainEvery = std::chrono::seconds(1);
constexpr std::size_t kLongestQueue = 20'000;  // beyond it new requests are refused rather than acknowledged late

KeyName key_of(const KeyedRequest& request) {
  return {request.merchant, request.route, request.key};
}

std::string name_of(const KeyedRequest& request) {
  return compiled_text(FMT_COMPILE("{} {} {}"), request.merchant, static_cast<std::int64_t>(request.route),
                       request.key);
}

http::Response still_in_progress() {
  http::Response response =
      typed_problem(409, "request-in-progress", "The first request with this key has not ended. Send it again.");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

http::Response other_body() {
  return typed_problem(422, "idempotency-key-reused", "This Idempotency-Key was used with another body.");
}

}  // namespace

KeyedRequests::KeyedRequests(Parts parts)
    : parts_(std::move(parts)),
      replays_(parts_.metrics.counter("idempotent_replays_total", "Requests answered with a stored result.",
                                      {{"store", parts_.store.id()}})),
      joined_(parts_.metrics.counter("joined_repeats_total", "Repeats that waited for their original's commit.",
                                     {{"store", parts_.store.id()}})),
      cache_hits_(parts_.metrics.counter("idempotency_cache_hits_total", "Repeats answered without the store.",
                                         {{"store", parts_.store.id()}})) {}

std::int64_t KeyedRequests::oldest_ms(std::int64_t now_ms) const {
  return now_ms - std::chrono::floor<std::chrono::milliseconds>(parts_.expiry).count();
}

asio::awaitable<http::Response> KeyedRequests::run(KeyedRequest request, std::unique_ptr<KeyedEffect> effect) {
  std::string name = name_of(request);
  for (;;) {
    for (auto found = in_flight_.find(name); found != in_flight_.end(); found = in_flight_.find(name)) {
      const std::shared_ptr<KeyFlight> original = found->second;
      if (!co_await wait_for(original, kJoinLimit)) co_return still_in_progress();
      if (original->request.fingerprint != request.fingerprint) continue;  // not a repeat of that one: ask the store
      joined_.add();
      co_return answer(*original, true);
    }
    if (!parts_.cache_on()) break;
    if (auto known = co_await from_cache(name, request.fingerprint)) co_return std::move(*known);
    if (!in_flight_.contains(name)) break;  // asking took a while: another one may have set out
  }
  if (parts_.store.queue_depth() > kLongestQueue) co_return store_unavailable();
  const Capacity::Decision admitted = admit(request.route);
  if (!admitted.allowed) co_return capacity_exceeded();

  auto flight = std::make_shared<KeyFlight>();
  flight->name = std::move(name);
  flight->request = std::move(request);
  flight->effect = std::move(effect);
  in_flight_.emplace(flight->name, flight);  // from here on repeats join it
  if (admitted.delay > Nanoseconds{0}) {
    asio::steady_timer timer(parts_.loop, admitted.delay);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  launch(flight);
  if (!co_await wait_for(flight, kCommitLimit)) co_return store_unavailable();
  http::Response response = answer(*flight, false);
  co_await remember(flight, response);
  co_return response;
}

Capacity::Decision KeyedRequests::admit(KeyedRoute route) {
  if (parts_.capacity == nullptr) return {};
  const bool new_payment = route == KeyedRoute::create_payment || route == KeyedRoute::authorize_only;
  return parts_.capacity->take(new_payment ? table_group::payments : table_group::operations, monotonic_now());
}

void KeyedRequests::launch(std::shared_ptr<KeyFlight> flight) {
  parts_.store.submit([this, flight](Connection& connection) { return write(connection, *flight); },
                      [this, flight](Result<void> outcome) {
                        // The relay wants events in the order of commits: here, not on the loop.
                        if (outcome && flight->verdict == KeyVerdict::written) flight->effect->committed();
                        parts_.after_commits.push([this, flight, outcome] { land(*flight, outcome); });
                      });
}

Result<void> KeyedRequests::write(Connection& connection, KeyFlight& flight) {
  const KeyedRequest& request = flight.request;
  auto known = parts_.keys.find(connection, key_of(request), oldest_ms(lapse_now_ms()));
  if (!known) return known.error();
  if (*known) {
    flight.first_seen_ms = (*known)->at_ms;
    flight.refusal = (*known)->refusal;
    if (flight.refusal == refusal::key_voided) {
      flight.verdict = KeyVerdict::voided;
    } else if ((*known)->fingerprint != request.fingerprint) {
      flight.verdict = KeyVerdict::other_body;
    } else {
      flight.verdict = KeyVerdict::repeated;
      if (flight.refusal.empty()) return flight.effect->recall(connection, (*known)->subject);
    }
    return {};
  }
  auto written = flight.effect->write(connection, wall_now_ms());
  if (!written) return written.error();
  flight.first_seen_ms = stamp_now_ms();
  flight.refusal = written->refusal;
  flight.verdict = written->refusal.empty() ? KeyVerdict::written : KeyVerdict::refused;
  return parts_.keys.write(connection, key_of(request),
                           {request.fingerprint, written->subject, written->refusal, flight.first_seen_ms});
}

void KeyedRequests::land(KeyFlight& flight, Result<void> outcome) {
  if (!outcome && monotonic_now() >= next_complaint_) {
    next_complaint_ = monotonic_now() + kComplainEvery;
    log::error("keyed requests cannot be written", {{"cause", outcome.error().message}});
  }
  if (outcome && flight.verdict == KeyVerdict::written) flight.effect->landed();
  flight.finish(std::move(outcome));
  const auto erased = in_flight_.erase(flight.name);
  TIDEGATE_ASSERT(erased == 1);
}

http::Response KeyedRequests::answer(const KeyFlight& flight, bool joined) {
  if (!flight.outcome) return store_unavailable();
  if (flight.verdict == KeyVerdict::other_body) return other_body();
  http::Response response = flight.refusal.empty() ? flight.effect->accepted() : refused(flight.refusal);
  if (joined || flight.verdict == KeyVerdict::repeated) {
    replays_.add();
    response.headers.emplace_back("Idempotent-Replayed", "true");
  }
  return response;
}

asio::awaitable<std::optional<http::Response>> KeyedRequests::from_cache(const std::string& name,
                                                                         std::int64_t fingerprint) {
  const auto text = co_await parts_.cache.get("key " + name);
  auto known = text ? decode_answer(*text) : std::nullopt;
  if (!known) co_return std::nullopt;
  cache_hits_.add();
  if (known->fingerprint != fingerprint) co_return other_body();
  replays_.add();
  known->response.headers.emplace_back("Idempotent-Replayed", "true");
  co_return std::move(known->response);
}

asio::awaitable<void> KeyedRequests::remember(std::shared_ptr<KeyFlight> flight, http::Response response) {
  const bool stored =
      flight->outcome && flight->verdict != KeyVerdict::other_body && flight->verdict != KeyVerdict::voided;
  if (!stored || !parts_.cache_on()) co_return;
  std::erase_if(response.headers, [](const auto& header) { return header.first != "Location"; });
  const auto left = std::chrono::milliseconds(flight->first_seen_ms - oldest_ms(lapse_now_ms()));
  StoredAnswer answer;  // named: GCC 12 destroys a braced temporary of a co_await twice
  answer.fingerprint = flight->request.fingerprint;
  answer.response = std::move(response);
  std::string text = encode_answer(answer);
  co_await parts_.cache.put("key " + flight->name, std::move(text), left);
}

asio::awaitable<http::Response> KeyedRequests::void_key(KeyedRequest request) {
  std::optional<IdempotencyKey> known;
  Work work = [this, &request, &known](Connection& connection) -> Result<void> {
    auto found = parts_.keys.find(connection, key_of(request), oldest_ms(lapse_now_ms()));
    if (!found) return found.error();
    known = std::move(*found);
    if (known) return {};
    return parts_.keys.write(connection, key_of(request), {0, 0, std::string(refusal::key_voided), stamp_now_ms()});
  };
  const auto written = co_await commit(parts_.store, std::move(work));
  if (!written) co_return store_unavailable();
  if (known && known->refusal != refusal::key_voided) {
    co_return typed_problem(409, "key-in-use", "A request with this key was processed: the key stands for its result.");
  }
  co_return json_response(200, json::object{{"key", request.key}, {"route", path_of(request.route)}, {"voided", true}});
}

}  // namespace tidegate::platform
