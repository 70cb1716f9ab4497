#include "platform/fraud/scorer.hpp"

#include <algorithm>
#include <iterator>

#include "base/log.hpp"
#include "platform/service/await_store.hpp"
#include "platform/service/trace_context.hpp"

namespace tidegate::platform {
namespace {

constexpr Nanoseconds kWriteAgainAfter = std::chrono::milliseconds(500);

std::string question_about(const std::vector<Decision>& decisions) {
  json::array payments;
  for (const Decision& decision : decisions) {
    payments.push_back(json::object{{"payment", decision.payment.payment},
                                    {"amount", decision.payment.amount},
                                    {"currency", decision.payment.currency},
                                    {"points", decision.rules.points}});
  }
  return json::serialize(json::object{{"payments", std::move(payments)}});
}

/// {"scores": [n, ...]}, one per payment in their order, each 0 to 1000.
std::vector<std::int64_t> scores_of(const http::Response& response, std::size_t wanted) {
  const auto body = parse_json(response.body);
  if (response.status != 200 || !body || !body->is_object()) return {};
  const json::value* listed = body->as_object().if_contains("scores");
  if (listed == nullptr || !listed->is_array() || listed->as_array().size() != wanted) return {};
  std::vector<std::int64_t> scores;
  for (const json::value& score : listed->as_array()) {
    if (!score.is_int64() || score.as_int64() < 0 || score.as_int64() > 1000) return {};
    scores.push_back(score.as_int64());
  }
  return scores;
}

}  // namespace

Scorer::Scorer(asio::any_io_executor executor, Store& store, Outbox& outbox, PeerDirectory& peers, Metrics& metrics,
               std::function<std::shared_ptr<const FraudLimits>()> limits)
    : executor_(executor),
      store_(store),
      outbox_(outbox),
      model_(executor, peers, "bank-simulator.http", {.max_connections = kAtOnce}),
      limits_(std::move(limits)),
      submitted_(executor,
                 [this](std::vector<Decision> submitted) {
                   std::ranges::move(submitted, std::back_inserter(waiting_));
                   start_next();
                 }),
      cleared_(metrics.counter("fraud_decisions_total", "Payments decided.", {{"decision", "cleared"}})),
      held_(metrics.counter("fraud_decisions_total", "Payments decided.", {{"decision", "held"}})),
      without_model_(metrics.counter("fraud_without_model_total", "Payments decided by the rules alone.")) {
  metrics.gauge("fraud_open_decisions", "Payments without a decision.", {},
                [this] { return static_cast<double>(open_); });
}

void Scorer::submit(Decision decision) {
  ++open_;
  submitted_.push(std::move(decision));
}

void Scorer::start_next() {
  while (!stopping_ && in_flight_ < kAtOnce && !waiting_.empty()) {
    std::vector<Decision> together;
    while (!waiting_.empty() && together.size() < kTogether) {
      together.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    ++in_flight_;
    const std::size_t count = together.size();
    asio::co_spawn(executor_, score(std::move(together)), [this, count](std::exception_ptr failed) {
      if (failed) log::error("scoring ended with an exception; the next start resumes it");
      --in_flight_;
      open_ -= count;
      start_next();
    });
  }
}

asio::awaitable<void> Scorer::score(std::vector<Decision> decisions) {
  co_await ask_model(decisions);
  if (stopping_) co_return;
  const std::shared_ptr<const FraudLimits> limits = limits_();
  for (Decision& decision : decisions) decision.decide(*limits);
  while (!co_await write(decisions)) {
    asio::steady_timer timer(executor_, kWriteAgainAfter);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (stopping_) co_return;
  }
}

asio::awaitable<void> Scorer::ask_model(std::vector<Decision>& decisions) {
  if (!breaker_.allow(monotonic_now())) {
    without_model_.add(decisions.size());
    co_return;
  }
  http::ClientRequest request;
  request.method = "POST";
  request.target = "/v1/fraud/scores";
  request.headers.emplace_back("traceparent", continue_trace(decisions.front().traceparent));
  request.body = question_about(decisions);
  const Result<http::Response> response = co_await model_.send(std::move(request), kTimeout);
  const std::vector<std::int64_t> scores =
      response ? scores_of(*response, decisions.size()) : std::vector<std::int64_t>{};
  const Breaker::Outcome outcome = model_.stopped()             ? Breaker::Outcome::cancelled
                                   : response && scores.empty() ? Breaker::Outcome::failure
                                                                : outcome_of(response);
  breaker_.report(outcome, monotonic_now());
  if (scores.empty()) without_model_.add(decisions.size());
  for (std::size_t i = 0; i < scores.size(); ++i) decisions[i].model_score = scores[i];
}

asio::awaitable<bool> Scorer::write(std::vector<Decision>& decisions) {
  std::vector<Envelope> events;
  std::uint64_t held = 0;
  Work work = [&](Connection& connection) -> Result<void> {
    events.clear();
    held = 0;
    for (const Decision& decision : decisions) {
      auto finished = finish_decision(connection, decision, "scoring");
      if (!finished) return finished.error();
      if (!*finished) continue;  // an operator was faster
      Envelope event = decision.to_event(false);
      event.traceparent = continue_trace(decision.traceparent);
      if (auto appended = outbox_.append(connection, event); !appended) return appended;
      held += decision.state == "held" ? 1U : 0U;
      events.push_back(std::move(event));
    }
    return {};
  };
  std::function<void()> committed = [&] {
    for (const Envelope& event : events) outbox_.committed(event);
  };
  if (auto outcome = co_await commit(store_, std::move(work), std::move(committed), Urgency::background); !outcome) {
    log::warn("fraud decisions cannot be written yet", {{"why", outcome.error().message}});
    co_return false;
  }
  held_.add(held);
  cleared_.add(events.size() - held);
  co_return true;
}

asio::awaitable<void> Scorer::stop() {
  stopping_ = true;
  model_.stop();
  while (in_flight_ > 0) {
    asio::steady_timer timer(executor_, std::chrono::milliseconds(2));
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

}  // namespace tidegate::platform
