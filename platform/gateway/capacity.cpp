#include "platform/gateway/capacity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "platform/service/json_body.hpp"

namespace tidegate::platform {
namespace {

constexpr std::array kGroups{table_group::payments, table_group::operations};
constexpr std::int64_t kLargestRate = 1'000'000;
constexpr std::int64_t kLongestDelayMs = 10'000;

constexpr std::array<std::string_view, 2> kMembers{"writes_per_second", "added_delay_ms"};

Result<std::int64_t> read_number(const json::object& object, const char* member, std::int64_t high) {
  if (!object.contains(member)) return std::int64_t{0};
  const auto number = integer_member(object, member);
  if (!number || *number < 0 || *number > high) return usage_error(fmt::format("{} is 0 to {}", member, high));
  return *number;
}

}  // namespace

Result<CapacitySettings> CapacitySettings::from_json(const json::object& document) {
  CapacitySettings settings;
  for (const auto& [name, value] : document) {
    if (std::find(kGroups.begin(), kGroups.end(), std::string_view(name)) == kGroups.end()) {
      return usage_error(
          fmt::format("there is no table group '{}': payments, operations", std::string_view(name).substr(0, 40)));
    }
    if (!value.is_object()) return usage_error("a table group has writes_per_second and added_delay_ms");
    // A misspelt one would mean no limit at all.
    if (auto known = check_members(value.get_object(), kMembers); !known) return known.error();
    const auto writes = read_number(value.get_object(), "writes_per_second", kLargestRate);
    if (!writes) return writes.error();
    const auto delay_ms = read_number(value.get_object(), "added_delay_ms", kLongestDelayMs);
    if (!delay_ms) return delay_ms.error();
    settings.groups[std::string(name)] = {*writes, std::chrono::milliseconds(*delay_ms)};
  }
  return settings;
}

json::object CapacitySettings::to_json() const {
  json::object document;
  for (const std::string_view name : kGroups) {
    const auto known = groups.find(std::string(name));
    const Group group = known == groups.end() ? Group() : known->second;
    document[name] =
        json::object{{"writes_per_second", group.writes_per_second},
                     {"added_delay_ms", std::chrono::floor<std::chrono::milliseconds>(group.added_delay).count()}};
  }
  return document;
}

void Capacity::change(CapacitySettings settings) {
  settings_ = std::move(settings);
  buckets_.clear();
}

Capacity::Decision Capacity::take(std::string_view group, Nanoseconds now) {
  const auto known = settings_.groups.find(std::string(group));
  if (known == settings_.groups.end()) return {};
  Decision decision;
  decision.delay = known->second.added_delay;
  if (known->second.writes_per_second == 0) return decision;
  const auto rate = static_cast<double>(known->second.writes_per_second);
  Bucket& bucket = buckets_.try_emplace(std::string(group), Bucket{rate, now}).first->second;
  bucket.writes = std::min(rate, bucket.writes + rate * std::max(0.0, to_seconds(now - bucket.filled_at)));
  bucket.filled_at = now;
  decision.allowed = bucket.writes >= 1;
  if (decision.allowed) bucket.writes -= 1;
  return decision;
}

}  // namespace tidegate::platform
