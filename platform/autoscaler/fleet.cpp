#include "platform/autoscaler/fleet.hpp"

#include <algorithm>

#include "base/json.hpp"
#include "base/log.hpp"

namespace tidegate::platform {
namespace {

constexpr Nanoseconds kEvery = std::chrono::milliseconds(250);
constexpr Nanoseconds kAnswerLimit = std::chrono::milliseconds(500);
constexpr Nanoseconds kSilent = std::chrono::seconds(5);

}  // namespace

Fleet::Fleet(asio::any_io_executor loop, PeerClients& clients, Metrics& metrics, ServiceOptions options,
             ScalingLimits limits, int events_per_second)
    : loop_(std::move(loop)),
      clients_(clients),
      options_(std::move(options)),
      events_per_second_(events_per_second),
      scaling_(limits),
      timer_(loop_),
      grown_(metrics.counter("autoscaler_started_total", "Worker processes that were started.")),
      shrunk_(metrics.counter("autoscaler_retired_total", "Worker processes that were told to end.")),
      died_(metrics.counter("autoscaler_deaths_total", "Worker processes that ended without being told.")) {
  metrics.gauge("autoscaler_workers", "Worker processes at the moment.", {},
                [this] { return static_cast<double>(members_.size()); });
  metrics.gauge("autoscaler_lag_seconds", "Age of the oldest event that is not applied.", {},
                [this] { return lag_ ? to_seconds(lag_->age) : 0.0; });
}

void Fleet::start() {
  running_ = true;
  asio::co_spawn(loop_, run(), [this](std::exception_ptr) { running_ = false; });
}

asio::awaitable<void> Fleet::run() {
  while (!stopping_) {
    reap();
    co_await measure();
    if (stopping_) break;
    grow_or_shrink();
    co_await hand_out();
    timer_.expires_after(kEvery);
    co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

void Fleet::reap() {
  std::erase_if(members_, [this](const std::unique_ptr<Member>& member) {
    if (!member->running()) {
      if (!member->retiring()) {
        died_.add();
        log::warn("a worker ended; its units go on elsewhere", {{"worker", member->name()}});
      }
      return true;
    }
    if (monotonic_now() - member->silent_since() > kSilent) {
      log::warn("a worker does not answer and is killed", {{"worker", member->name()}});
      member->kill();
    }
    return false;
  });
}

std::shared_ptr<http::Client> Fleet::client_of(const std::string& address) {
  auto& client = unit_clients_[address];
  if (!client) {
    const auto target = parse_address(address);
    if (!target) return nullptr;
    client = std::make_shared<http::Client>(loop_, target->host, target->port);
  }
  return client;
}

asio::awaitable<std::optional<json::object>> Fleet::get(std::string address, std::string path) {
  const auto client = client_of(address);
  if (!client) co_return std::nullopt;
  http::ClientRequest request;
  request.target = std::move(path);
  request.headers.emplace_back("Authorization", "Bearer " + options_.operator_token);
  const auto answer = co_await client->send(std::move(request), kAnswerLimit);
  if (!answer || answer->status != 200) co_return std::nullopt;
  auto parsed = parse_json(answer->body);
  if (!parsed || !parsed->is_object()) co_return std::nullopt;
  co_return std::move(parsed->as_object());
}

/// What the gateway has published, by stream.
asio::awaitable<std::optional<LagWatch::Numbers>> Fleet::published() {
  LagWatch::Numbers numbers;
  for (int shard = 0; shard < options_.shards; ++shard) {
    const auto gateway = clients_.client("gateway.http");
    if (!gateway) co_return std::nullopt;
    const std::string stream = "gateway-" + std::to_string(shard) + "/payments";
    http::ClientRequest request;
    request.target = "/internal/outbox/" + stream;
    const auto answer = co_await (*gateway)->send(std::move(request), kAnswerLimit);
    if (!answer || answer->status != 200) co_return std::nullopt;
    const auto parsed = parse_json(answer->body);
    const json::value* heads = parsed && parsed->is_object() ? parsed->as_object().if_contains("heads") : nullptr;
    if (heads == nullptr || !heads->is_array()) co_return std::nullopt;
    int partition = 0;
    for (const json::value& head : heads->as_array()) {
      numbers[stream + "/" + std::to_string(partition++)] = head.is_int64() ? head.as_int64() : 0;
    }
  }
  co_return numbers;
}

/// What the units have applied. A unit that is on its way says nothing: its stream stands still, and so its lag grows.
asio::awaitable<std::optional<LagWatch::Numbers>> Fleet::applied() {
  LagWatch::Numbers numbers;
  for (int unit = 0; unit < units(); ++unit) {
    const auto address = address_of(unit);
    if (!address) continue;
    std::string path = "/v1/consumers/" + options_.roles.front() + "/applied";
    const auto answer = co_await get(*address, std::move(path));
    const json::value* items = answer ? answer->if_contains("items") : nullptr;
    if (items == nullptr || !items->is_array()) continue;
    for (const json::value& item : items->as_array()) {
      const auto stream = string_member(item.as_object(), "stream");
      if (stream) numbers[*stream] = integer_member(item.as_object(), "sequence").value_or(0);
    }
  }
  co_return numbers;
}

/// Clients of addresses that no unit has any more.
void Fleet::forget_addresses() {
  std::set<std::string> serving;
  for (int unit = 0; unit < units(); ++unit) {
    if (const auto address = address_of(unit)) serving.insert(*address);
  }
  std::erase_if(unit_clients_, [&](const auto& entry) { return serving.count(entry.first) == 0; });
}

asio::awaitable<void> Fleet::measure() {
  forget_addresses();
  const auto heads = co_await published();
  if (!heads) {
    lag_.reset();
    co_return;
  }
  auto done = co_await applied();
  // What a unit has applied once it has applied for good: while it moves, its last word stands.
  for (const auto& [stream, number] : *done) applied_[stream] = std::max(applied_[stream], number);
  lag_ = watch_.observe(monotonic_now(), *heads, applied_);
}

void Fleet::grow_or_shrink() {
  const int before = scaling_.wanted();
  const int wanted = scaling_.decide(monotonic_now(), lag_ ? std::optional(lag_->age) : std::nullopt);
  if (wanted != before) {
    log::info("the number of workers changes", {{"from", std::to_string(before)},
                                                {"to", std::to_string(wanted)},
                                                {"lag_s", lag_ ? std::to_string(to_seconds(lag_->age)) : "unknown"}});
  }
  const auto active = std::ranges::count_if(members_, [](const auto& member) { return !member->retiring(); });
  for (auto have = active; have < std::min(wanted, units()); ++have) {
    auto member = Member::start(loop_, "worker-" + std::to_string(++started_), options_, events_per_second_);
    if (!member) {
      log::error("a worker does not start", {{"why", member.error().message}});
      return;
    }
    grown_.add();
    members_.push_back(std::move(*member));
  }
  auto surplus = active - wanted;
  for (auto member = members_.rbegin(); member != members_.rend() && surplus > 0; ++member) {
    if ((*member)->retiring()) continue;
    (*member)->retire();  // its units end in order with it, and are handed out once it is gone
    shrunk_.add();
    --surplus;
  }
}

asio::awaitable<void> Fleet::hand_out() {
  std::map<std::string, std::set<int>> now;
  std::vector<std::string> names;
  std::map<int, std::string> holder;
  for (const auto& member : members_) {
    if (member->retiring() || !member->reachable()) {
      for (const auto& [unit, address] : member->units()) holder[unit] = member->name();
      continue;
    }
    names.push_back(member->name());
    for (const auto& [unit, address] : member->units()) {
      holder[unit] = member->name();
      now[member->name()].insert(unit);
    }
  }
  const auto wanted = spread(units(), names, now);
  for (std::size_t i = 0; i < members_.size(); ++i) {
    Member& member = *members_[i];
    const auto found = wanted.find(member.name());
    if (found == wanted.end()) continue;
    std::set<int> units = found->second;
    std::erase_if(units, [&](int unit) {
      const auto at = holder.find(unit);
      return at != holder.end() && at->second != member.name();
    });
    co_await member.tell(std::move(units));
    if (stopping_) co_return;
  }
}

std::optional<std::string> Fleet::address_of(int unit) const {
  for (const auto& member : members_) {
    const auto found = member->units().find(unit);
    if (found != member->units().end() && !found->second.empty() && !member->retiring()) return found->second;
  }
  return std::nullopt;
}

bool Fleet::complete() const {
  for (int unit = 0; unit < units(); ++unit) {
    if (!address_of(unit)) return false;
  }
  return true;
}

bool Fleet::kill(const std::string& name) {
  const auto found = std::ranges::find_if(members_, [&](const auto& member) { return member->name() == name; });
  if (found == members_.end()) return false;
  (*found)->kill();
  return true;
}

json::object Fleet::describe() const {
  json::array workers;
  for (const auto& member : members_) {
    json::array units;
    for (const auto& [unit, address] : member->units()) units.emplace_back(unit);
    workers.push_back(json::object{{"name", member->name()},
                                   {"pid", member->pid()},
                                   {"retiring", member->retiring()},
                                   {"units", std::move(units)}});
  }
  json::object described{{"wanted", scaling_.wanted()}, {"workers", std::move(workers)}};
  if (lag_) {
    described["lag_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(lag_->age).count();
    described["lag_events"] = lag_->events;
  }
  return described;
}

asio::awaitable<void> Fleet::stop(Nanoseconds limit) {
  stopping_ = true;
  const Nanoseconds deadline = monotonic_now() + limit;
  for (const auto& member : members_) member->retire();
  const auto any_left = [this] {
    return running_ || std::ranges::any_of(members_, [](const auto& member) { return member->running(); });
  };
  while (any_left()) {
    timer_.cancel();
    if (monotonic_now() > deadline) {
      for (const auto& member : members_) member->kill();
    }
    asio::steady_timer wait(loop_, std::chrono::milliseconds(5));
    co_await wait.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  members_.clear();
  for (auto& [address, client] : unit_clients_) {
    if (client) client->stop();
  }
}

}  // namespace tidegate::platform
