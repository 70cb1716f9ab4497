#include "platform/payouts/payer.hpp"

#include "base/log.hpp"
#include "base/random.hpp"
#include "platform/events/worker_events.hpp"
#include "platform/service/await_store.hpp"
#include "platform/service/trace_context.hpp"

namespace tidegate::platform {
namespace {

constexpr Nanoseconds kTimeout = std::chrono::seconds(2);
constexpr Nanoseconds kWriteAgainAfter = std::chrono::milliseconds(500);

BankAnswer unknown(std::string why) {
  return {BankAnswer::Kind::unknown, {}, std::move(why)};
}

BankAnswer read_answer(const Result<http::Response>& response, const std::string& reference, bool enquiry) {
  if (!response) return unknown(response.error().message);
  if (enquiry && response->status == 404) return {BankAnswer::Kind::not_known};
  if (!enquiry && (response->status == 400 || response->status == 422)) {
    return {BankAnswer::Kind::rejected, {}, "rejected_by_network"};
  }
  if (response->status != 200 && response->status != 201) {
    return unknown("the network answered " + std::to_string(response->status));
  }
  const auto body = parse_json(response->body);
  const json::object* answer = body ? body->if_object() : nullptr;
  if (answer == nullptr || string_member(*answer, "reference") != reference) {
    return unknown("the network's answer is not about this payout");
  }
  const std::string status = string_member(*answer, "status").value_or("");
  if (status == "paid") return {BankAnswer::Kind::approved};
  if (status == "failed") return {BankAnswer::Kind::declined, {}, string_member(*answer, "reason").value_or("failed")};
  return unknown("the network's answer has the status '" + status + "'");
}

}  // namespace

Payer::Payer(asio::any_io_executor executor, Store& store, Outbox& outbox, PeerDirectory& peers, Metrics& metrics)
    : executor_(executor),
      store_(store),
      outbox_(outbox),
      networks_(executor, peers, "bank-simulator.http", {.max_connections = kAtOnce}),
      pauses_(executor),
      paid_(metrics.counter("payouts_finished_total", "Payouts that ended.", {{"end", "paid"}})),
      failed_(metrics.counter("payouts_finished_total", "Payouts that ended.", {{"end", "failed"}})) {}

void Payer::submit(Payout payout, bool resumed) {
  if (stopping_) return;
  waiting_.emplace_back(std::move(payout), resumed);
  start_next();
}

void Payer::start_next() {
  while (!stopping_ && in_flight_ < kAtOnce && !waiting_.empty()) {
    auto [payout, resumed] = std::move(waiting_.front());
    waiting_.pop_front();
    ++in_flight_;
    asio::co_spawn(executor_, pay(std::move(payout), resumed), [this](std::exception_ptr failed) {
      if (failed) log::error("a payout ended with an exception; the next start resumes it");
      --in_flight_;
      start_next();
    });
  }
}

asio::awaitable<void> Payer::pay(Payout payout, bool resumed) {
  ChargeFlow flow(payout.id, resumed);
  ChargeFlow::Step step = flow.first();
  BankAnswer answer;
  std::uint32_t refused = 0;
  while (step.action != ChargeFlow::Action::finished) {
    co_await pauses_.wait(step.wait);
    if (stopping_) co_return;
    if (!breakers_[payout.network].allow(monotonic_now())) {
      step.wait = back_off(stable_hash(payout.id), ++refused);
      continue;
    }
    answer = co_await call(payout, step.action == ChargeFlow::Action::enquire);
    step = flow.next(answer);
  }
  while (!co_await write(payout, answer)) {
    co_await pauses_.wait(kWriteAgainAfter);
    if (stopping_) co_return;
  }
}

asio::awaitable<BankAnswer> Payer::call(Payout payout, bool enquiry) {
  http::ClientRequest request;
  request.headers.emplace_back("traceparent", continue_trace(payout.traceparent));
  request.target = "/v1/network-payouts";
  if (enquiry) {
    request.target += "/" + http::percent_encode(payout.id);
  } else {
    request.method = "POST";
    request.body = json::serialize(json::object{{"reference", payout.id},
                                                {"network", payout.network},
                                                {"amount", payout.amount},
                                                {"currency", payout.currency},
                                                {"account", payout.account}});
  }
  const Result<http::Response> response = co_await networks_.send(std::move(request), kTimeout);
  const Breaker::Outcome outcome = networks_.stopped() ? Breaker::Outcome::cancelled : outcome_of(response);
  breakers_[payout.network].report(outcome, monotonic_now());
  co_return read_answer(response, payout.id, enquiry);
}

asio::awaitable<bool> Payer::write(Payout payout, BankAnswer answer) {
  const bool paid = answer.kind == BankAnswer::Kind::approved;
  payout.status = paid ? "paid" : "failed";
  payout.reason = answer.reason;
  Envelope event = payout.to_event(paid ? event_type::payout_paid : event_type::payout_failed);
  event.traceparent = continue_trace(payout.traceparent);
  bool is_new = false;
  Work work = [&](Connection& connection) -> Result<void> {
    auto stepped = step_payout(connection, payout.id, "reserved", payout.status, payout.reason);
    if (!stepped) return stepped.error();
    is_new = *stepped;
    return is_new ? outbox_.append(connection, event) : Result<void>{};
  };
  std::function<void()> committed = [&] {
    if (is_new) outbox_.committed(event);
  };
  if (auto done = co_await commit(store_, std::move(work), std::move(committed), Urgency::background); !done) {
    log::warn("a payout's end cannot be written yet", {{"payout", payout.id}, {"why", done.error().message}});
    co_return false;
  }
  if (is_new) (paid ? paid_ : failed_).add();
  co_return true;
}

asio::awaitable<void> Payer::stop() {
  stopping_ = true;
  waiting_.clear();
  pauses_.stop();
  networks_.stop();
  while (in_flight_ > 0) {
    asio::steady_timer wait(executor_, std::chrono::milliseconds(2));
    co_await wait.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

}  // namespace tidegate::platform
