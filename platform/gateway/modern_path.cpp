#include "platform/gateway/modern_path.hpp"

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/log.hpp"
#include "base/time.hpp"
#include "platform/events/payment_events.hpp"
#include "platform/gateway/idempotency.hpp"
#include "platform/gateway/payment_request.hpp"
#include "platform/gateway/payment_table.hpp"
#include "platform/gateway/problems.hpp"

namespace tidegate::platform {
namespace {

constexpr Nanoseconds kCommitLimit = std::chrono::seconds(10);
constexpr Nanoseconds kJoinLimit = std::chrono::seconds(1);
constexpr Nanoseconds kComplainEvery = std::chrono::seconds(1);
constexpr std::size_t kLongestQueue = 20'000;  // beyond it new payments are refused rather than acknowledged late

std::int64_t unix_ms() {
  return std::chrono::floor<std::chrono::milliseconds>(unix_now()).count();
}

http::Response still_in_progress() {
  http::Response response =
      typed_problem(409, "request-in-progress", "The first request with this key has not ended. Send it again.");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

Payment new_payment(const PaymentCommand& command, std::int64_t id, std::int64_t now_ms) {
  Payment payment;
  payment.id = payment.updated_sequence = id;
  payment.merchant = command.merchant;
  payment.api_key = command.api_key;
  payment.card = command.card;
  payment.key = command.key;
  payment.amount = command.amount;
  payment.currency = command.currency;
  payment.created_at_ms = payment.updated_at_ms = now_ms;
  return payment;
}

Envelope created_event(const Payment& payment, const PaymentCommand& command) {
  Envelope event;
  event.type = event_type::payment_created;
  event.payment = payment_name(payment.id);
  event.tenant = merchant_name(payment.merchant);
  event.traceparent = command.traceparent;
  event.data = PaymentCreated{payment.amount, payment.currency, command.card_token, payment.key}.to_data();
  return event;
}

/// The key is known: its stored result, if the body is the same.
Result<void> look_up(Connection& connection, Flight& flight) {
  const PaymentCommand& command = flight.command;
  auto known = find_key(connection, command.merchant, KeyedRoute::create_payment, command.key);
  if (!known) return known.error();
  if (!*known) return internal_error("an idempotency key vanished inside a transaction");
  if ((*known)->fingerprint != flight.fingerprint) {
    flight.verdict = KeyVerdict::other_body;
    return {};
  }
  flight.verdict = KeyVerdict::repeated;
  flight.refusal = (*known)->refusal;
  if ((*known)->payment == 0) return {};
  auto payment = find_payment(connection, (*known)->payment);
  if (!payment) return payment.error();
  if (!*payment) return internal_error("an idempotency key without its payment");
  flight.payment = std::move(**payment);
  return {};
}

}  // namespace

ModernPath::ModernPath(Parts parts)
    : parts_(std::move(parts)),
      replays_(parts_.metrics.counter("idempotent_replays_total", "Requests answered with a stored result.")),
      joined_(parts_.metrics.counter("joined_repeats_total", "Repeats that waited for their original's commit.")) {}

asio::awaitable<http::Response> ModernPath::pay(PaymentCommand command) {
  const std::int64_t fingerprint = fingerprint_of(command.amount, command.currency, command.card_token);
  const std::string name = fmt::format("{} {}", command.merchant, command.key);
  for (auto found = in_flight_.find(name); found != in_flight_.end(); found = in_flight_.find(name)) {
    const std::shared_ptr<Flight> original = found->second;
    if (!co_await wait_for(original, kJoinLimit)) co_return still_in_progress();
    if (original->fingerprint != fingerprint) continue;  // not a repeat of that one: ask the store
    joined_.add();
    co_return answer(*original, true);
  }
  if (parts_.store.queue_depth() > kLongestQueue) co_return store_unavailable();

  auto flight = std::make_shared<Flight>();
  flight->command = std::move(command);
  flight->fingerprint = fingerprint;
  launch(name, flight);
  if (!co_await wait_for(flight, kCommitLimit)) co_return store_unavailable();
  co_return answer(*flight, false);
}

void ModernPath::launch(const std::string& name, std::shared_ptr<Flight> flight) {
  in_flight_.emplace(name, flight);
  parts_.store.submit([this, flight](Connection& connection) { return write(connection, *flight); },
                      [this, name, flight](Result<void> outcome) {
                        // The relay wants events in the order of commits: here, not on the loop.
                        if (outcome && flight->verdict == KeyVerdict::created) {
                          parts_.sequence.committed(flight->payment.id);
                          parts_.outbox.committed(flight->event);
                        }
                        asio::post(parts_.loop, [this, name, flight, outcome = std::move(outcome)]() mutable {
                          land(name, *flight, std::move(outcome));
                        });
                      });
}

Result<void> ModernPath::write(Connection& connection, Flight& flight) {
  const PaymentCommand& command = flight.command;
  const std::int64_t now_ms = unix_ms();
  const bool refused = !command.refusal.empty();
  const std::int64_t id = refused ? 0 : parts_.sequence.take(now_ms);
  auto claimed = claim_key(connection, command.merchant, KeyedRoute::create_payment, command.key,
                           {flight.fingerprint, id, command.refusal}, now_ms);
  if (!claimed) return claimed.error();
  if (!*claimed) return look_up(connection, flight);
  if (refused) {
    flight.verdict = KeyVerdict::refused;
    flight.refusal = command.refusal;
    return {};
  }
  flight.verdict = KeyVerdict::created;
  flight.payment = new_payment(command, id, now_ms);
  if (auto inserted = insert_payment(connection, flight.payment); !inserted) return inserted;
  flight.event = created_event(flight.payment, command);
  return parts_.outbox.append(connection, flight.event);
}

void ModernPath::land(const std::string& name, Flight& flight, Result<void> outcome) {
  if (!outcome && monotonic_now() >= next_complaint_) {
    next_complaint_ = monotonic_now() + kComplainEvery;
    log::error("payments cannot be written", {{"cause", outcome.error().message}});
  }
  if (outcome && flight.verdict == KeyVerdict::created) parts_.recent.add(flight.payment);
  flight.finish(std::move(outcome));
  const auto erased = in_flight_.erase(name);
  TIDEGATE_ASSERT(erased == 1);
}

http::Response ModernPath::answer(const Flight& flight, bool joined) {
  if (!flight.outcome) return store_unavailable();
  if (flight.verdict == KeyVerdict::other_body) {
    return typed_problem(422, "idempotency-key-reused", "This Idempotency-Key was used with another body.");
  }
  http::Response response;
  if (flight.refusal.empty()) {
    response.status = 202;
    response.body = created_json(flight.payment);
    response.headers.emplace_back("Location", "/v1/payments/" + payment_name(flight.payment.id));
  } else {
    response = refused(flight.refusal);
  }
  if (joined || flight.verdict == KeyVerdict::repeated) {
    replays_.add();
    response.headers.emplace_back("Idempotent-Replayed", "true");
  }
  return response;
}

}  // namespace tidegate::platform
