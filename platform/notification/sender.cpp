#include "platform/notification/sender.hpp"

#include "base/log.hpp"
#include "platform/events/worker_events.hpp"
#include "platform/notification/signature.hpp"
#include "platform/service/await_store.hpp"
#include "platform/service/trace_context.hpp"
#include "platform/service/wall_clock.hpp"
#include "platform/worker/caller.hpp"

namespace tidegate::platform {
namespace {

constexpr std::size_t kConnectionsPerHost = 16;
constexpr std::size_t kMostClients = 1000;
constexpr std::size_t kLongestCause = 200;

/// No later than the longest delay: the time may have been noted by a process whose clock was ahead.
Nanoseconds from_now(std::int64_t at_ms, const SendingLimits& limits) {
  const std::int64_t wait_ms = std::clamp<std::int64_t>(at_ms - elapsed_now_ms(), 0, limits.longest_delay_ms);
  return monotonic_now() + std::chrono::milliseconds(wait_ms);
}

Envelope told_event(const PendingDelivery& delivery, bool taken) {
  Envelope event;
  event.type = taken ? event_type::notification_delivered : event_type::dead_lettered;
  event.payment = delivery.event;
  event.tenant = delivery.tenant;
  event.traceparent = continue_trace("");
  event.data = Delivery{delivery.event, delivery.endpoint, delivery.attempts, taken ? "" : delivery.cause}.to_data();
  return event;
}

}  // namespace

Sender::Sender(Parts parts)
    : parts_(parts),
      queue_(parts.order),
      in_sinks_(parts.executor),
      timer_(parts.executor),
      attempts_(parts.metrics.counter("notification_attempts_total", "Attempts to deliver.")),
      taken_(parts.metrics.counter("notification_deliveries_total", "Deliveries that ended.", {{"end", "taken"}})),
      given_up_(parts.metrics.counter("notification_deliveries_total", "Deliveries that ended.", {{"end", "dead"}})) {
  parts.metrics.gauge("notification_dead_letters", "Deliveries given up and not replayed.", {},
                      [this] { return static_cast<double>(dead_.load()); });
  for (const Priority priority : {Priority::urgent, Priority::normal, Priority::promotional}) {
    parts.metrics.gauge("notification_waiting_seconds", "Age of the oldest delivery that is due and not on its way.",
                        {{"priority", std::string(to_string(priority))}}, [this, priority] {
                          const auto due = queue_.oldest(priority);
                          return due ? std::max(0.0, to_seconds(monotonic_now() - *due)) : 0.0;
                        });
  }
}

Result<void> Sender::start() {
  auto dead = count_dead(parts_.reader);
  if (!dead) return dead.error();
  dead_ = *dead;
  auto pending = pending_deliveries(parts_.reader);
  if (!pending) return pending.error();
  for (const PendingDelivery& delivery : *pending) queue_.add(delivery.item(), from_now(delivery.next_at_ms, limits_));
  start_due();
  return {};
}

void Sender::submit(const PendingDelivery& delivery) {
  queue_.add(delivery.item(), from_now(delivery.next_at_ms, limits_));
  start_due();
}

void Sender::revived(const std::vector<PendingDelivery>& deliveries) {
  dead_ -= static_cast<std::int64_t>(deliveries.size());
  alerted_ = alerted_ && dead_ >= limits_.alert_at;
  for (const PendingDelivery& delivery : deliveries)
    queue_.add(delivery.item(), from_now(delivery.next_at_ms, limits_));
  start_due();
}

void Sender::start_due() {
  while (!stopping_ && in_flight_ < kAtOnce) {
    auto item = queue_.take(monotonic_now());
    if (!item) break;
    ++in_flight_;
    asio::co_spawn(parts_.executor, deliver(*item), [this, item = *item](std::exception_ptr failed) {
      if (failed) log::error("a delivery ended with an exception; the next start resumes it");
      --in_flight_;
      queue_.finished(item);
      start_due();
    });
  }
  wake_at_next();
}

void Sender::wake_at_next() {
  const auto due = queue_.next_due();
  // What is due already waits for one in flight to end.
  if (stopping_ || !due || *due <= monotonic_now()) return;
  timer_.expires_after(*due - monotonic_now());
  timer_.async_wait([this](error_code failed) {
    if (!failed) start_due();
  });
}

asio::awaitable<void> Sender::deliver(DeliveryQueue::Item item) {
  auto found = find_delivery(parts_.reader, item.delivery);
  if (!found) {
    log::warn("a delivery cannot be read yet", {{"why", found.error().message}});
    co_return queue_.add(item, monotonic_now() + std::chrono::milliseconds(limits_.first_delay_ms));
  }
  if (!*found) co_return;  // delivered before
  PendingDelivery delivery = std::move(**found);
  attempts_.add();
  delivery.cause = co_await attempt(delivery);
  if (stopping_ && !delivery.cause.empty()) co_return;  // the stop may be why
  delivery.attempts += 1;
  const bool taken = delivery.cause.empty();
  const bool endpoint_gone = !parts_.endpoints.find(delivery.endpoint);
  const bool dead = !taken && (endpoint_gone || delivery.attempts >= limits_.attempts);
  if (!taken && !dead) {
    const Nanoseconds wait = delivery_back_off(static_cast<std::uint64_t>(delivery.id), delivery.attempts,
                                               std::chrono::milliseconds(limits_.first_delay_ms),
                                               std::chrono::milliseconds(limits_.longest_delay_ms));
    delivery.next_at_ms = elapsed_now_ms() + std::chrono::ceil<std::chrono::milliseconds>(wait).count();
  }
  const bool noted = co_await note(delivery, taken, dead);
  if (taken && noted) co_return taken_.add();
  if (dead && noted) {
    given_up_.add();
    ++dead_;
    co_return tell_dead_letters();
  }
  // Again: it failed, or (at least once) its success could not be noted.
  if (!noted) delivery.next_at_ms = elapsed_now_ms() + limits_.first_delay_ms;
  queue_.add(delivery.item(), from_now(delivery.next_at_ms, limits_));
}

asio::awaitable<std::string> Sender::attempt(const PendingDelivery& delivery) {
  const auto endpoint = parts_.endpoints.find(delivery.endpoint);
  if (!endpoint) co_return "the endpoint was removed";
  const bool sink = endpoint->url == "sms:" || endpoint->url == "email:" || endpoint->url == "in-app:";
  if (sink) co_return co_await hand_to_sink();
  co_return co_await post(*endpoint, delivery);
}

/// Sinks stand for providers of SMS, e-mail and in-app messages: they take everything.
asio::awaitable<std::string> Sender::hand_to_sink() {
  if (limits_.sink_ms == 0) co_return std::string();
  co_await in_sinks_.wait(std::chrono::milliseconds(limits_.sink_ms));
  co_return stopping_ ? "stopped" : std::string();
}

asio::awaitable<std::string> Sender::post(const Endpoint& endpoint, const PendingDelivery& delivery) {
  const auto url = http::parse_url(endpoint.url);
  if (!url) co_return "the endpoint's URL is malformed";
  const std::int64_t now_s = wall_now_ms() / 1000;
  const auto signature = sign_webhook(endpoint.secret, delivery.event, now_s, delivery.payload);
  if (!signature) co_return signature.error().message;
  http::ClientRequest request;
  request.method = "POST";
  request.target = url->target;
  request.headers.emplace_back("webhook-id", delivery.event);
  request.headers.emplace_back("webhook-timestamp", std::to_string(now_s));
  request.headers.emplace_back("webhook-signature", *signature);
  request.body = delivery.payload;
  const std::shared_ptr<http::Client> client = client_of(*url);
  const Result<http::Response> response =
      co_await client->send(std::move(request), std::chrono::milliseconds(limits_.timeout_ms));
  if (!response) co_return response.error().message.substr(0, kLongestCause);
  if (response->status >= 200 && response->status < 300) co_return std::string();
  co_return "it answered " + std::to_string(response->status);
}

std::shared_ptr<http::Client> Sender::client_of(const http::Url& url) {
  const std::string name = url.host + ":" + url.port;
  if (clients_.size() >= kMostClients && clients_.count(name) == 0) clients_.clear();
  auto& client = clients_[name];
  if (!client) {
    http::ClientOptions options;
    options.max_connections = kConnectionsPerHost;
    client = std::make_shared<http::Client>(parts_.executor, url.host, static_cast<std::uint16_t>(std::stoul(url.port)),
                                            options);
  }
  return client;
}

asio::awaitable<bool> Sender::note(PendingDelivery delivery, bool taken, bool dead) {
  Outbox& outbox = taken ? parts_.delivered : parts_.dead_letters;
  Envelope event = told_event(delivery, taken);
  bool told = false;
  Work work = [&](Connection& connection) -> Result<void> {
    if (!taken && !dead) return note_failed(connection, delivery);
    told = taken;
    if (taken) {
      if (auto noted = note_delivered(connection, delivery.id, delivery.attempts); !noted) return noted;
    } else {
      auto buried = parts_.give_up(connection, delivery);
      if (!buried) return buried.error();
      told = *buried;
    }
    return told ? outbox.append(connection, event) : Result<void>();
  };
  std::function<void()> committed = [&] {
    if (told) outbox.committed(event);
  };
  const auto outcome = co_await commit(parts_.store, std::move(work), std::move(committed), Urgency::background);
  if (!outcome) log::warn("a delivery cannot be noted yet", {{"why", outcome.error().message}});
  co_return outcome.ok();
}

/// Once per crossing: people are called, they replay, and it may be crossed again.
void Sender::tell_dead_letters() {
  if (alerted_ || dead_ < limits_.alert_at) return;
  alerted_ = true;
  log::error("ALERT: dead letters have reached the limit",
             {{"dead_letters", std::to_string(dead_)}, {"limit", std::to_string(limits_.alert_at)}});
}

asio::awaitable<void> Sender::stop() {
  stopping_ = true;
  timer_.cancel();
  in_sinks_.stop();
  for (const auto& [name, client] : clients_) client->stop();
  while (in_flight_ > 0) {
    asio::steady_timer wait(parts_.executor, std::chrono::milliseconds(2));
    co_await wait.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

}  // namespace tidegate::platform
