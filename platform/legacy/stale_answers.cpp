#include "platform/legacy/stale_answers.hpp"

#include "base/json.hpp"
#include "base/random.hpp"
#include "platform/service/json_body.hpp"
#include "platform/service/timestamp.hpp"
#include "platform/service/wall_clock.hpp"

namespace tidegate::platform {
namespace {

/// Before this a change is old enough to have reached the replica.
std::string horizon() {
  return timestamp_text(wall_now_ms() - StaleReplica::kBehindMs);
}

}  // namespace

PrivateCaches::PrivateCaches(Metrics& metrics)
    : lookups_(metrics.counter("legacy_cache_lookups_total", "States asked of the private caches.")),
      stale_(metrics.counter("legacy_cache_stale_total", "Of these, those that were answered with an old state.")) {}

http::Response PrivateCaches::show(std::int64_t payment, http::Response fresh) {
  lookups_.add();
  Draws draws(static_cast<std::uint64_t>(payment), kProcesses, lookups_made_++);
  Process& process = processes_[static_cast<std::size_t>(draws.between(0, kProcesses - 1))];
  const Nanoseconds now = monotonic_now();
  const auto known = process.entries.find(payment);
  if (known != process.entries.end() && known->second.until > now) {
    if (known->second.response.body != fresh.body) stale_.add();
    return known->second.response;
  }
  if (known == process.entries.end()) process.order.push_back(payment);
  process.entries[payment] = {fresh, now + kLifetime};
  if (process.order.size() > kEntries) {
    process.entries.erase(process.order.front());
    process.order.pop_front();
  }
  return fresh;
}

http::Response StaleReplica::show(std::int64_t, http::Response fresh) {
  auto parsed = parse_json(fresh.body);
  if (!parsed || !parsed->is_object()) return fresh;
  json::object& answer = parsed->get_object();
  const auto changed = string_member(answer, "updated_at");
  if (!changed || *changed <= horizon()) return fresh;
  answer["status"] = "processing";
  fresh.body = json::serialize(answer);
  return fresh;
}

}  // namespace tidegate::platform
