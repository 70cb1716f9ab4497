#include "platform/gateway/rate_limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "platform/gateway/problems.hpp"

namespace tidegate::platform {
namespace {

constexpr std::int64_t kLargestRate = 1'000'000;
constexpr std::size_t kMostTiers = 100;
constexpr const char* kUnlimited = "unlimited";

bool is_tier_name(std::string_view name) {
  return !name.empty() && name.size() <= 40 &&
         std::all_of(name.begin(), name.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '-' || c == '_'; });
}

Result<RateTier> read_tier(std::string_view name, const json::value& value) {
  if (!is_tier_name(name)) return usage_error("a tier's name is 1 to 40 small letters");
  const json::object* object = value.if_object();
  const auto rate = object == nullptr ? std::nullopt : integer_member(*object, "per_second");
  if (!rate || *rate < 1 || *rate > kLargestRate) {
    return usage_error(fmt::format("tier {}: per_second is 1 to {}", name, kLargestRate));
  }
  const auto burst = object->contains("burst") ? integer_member(*object, "burst") : rate;
  if (!burst || *burst < 1 || *burst > kLargestRate) {
    return usage_error(fmt::format("tier {}: burst is 1 to {}", name, kLargestRate));
  }
  return RateTier{*rate, *burst};
}

}  // namespace

Result<RateLimitSettings> RateLimitSettings::from_json(const json::object& document) {
  RateLimitSettings settings;
  settings.tiers = {{kUnlimited, {0, 0}}};
  const json::value* tiers = document.if_contains("tiers");
  if (tiers == nullptr || !tiers->is_object() || tiers->get_object().size() > kMostTiers) {
    return usage_error(fmt::format("tiers is an object of at most {} tiers", kMostTiers));
  }
  for (const auto& [name, value] : tiers->get_object()) {
    if (name == kUnlimited) continue;
    auto tier = read_tier(name, value);
    if (!tier) return tier.error();
    settings.tiers[std::string(name)] = *tier;
  }
  settings.default_tier = string_member(document, "default").value_or(document.contains("default") ? "" : kUnlimited);
  if (!settings.tiers.contains(settings.default_tier)) return usage_error("default is the name of one of the tiers");
  return settings;
}

json::object RateLimitSettings::to_json() const {
  json::object listed;
  for (const auto& [name, tier] : tiers) {
    listed[name] =
        tier.per_second == 0 ? json::object{} : json::object{{"per_second", tier.per_second}, {"burst", tier.burst}};
  }
  return {{"default", default_tier}, {"tiers", std::move(listed)}};
}

void RateLimiter::change(RateLimitSettings settings) {
  settings_ = std::move(settings);
  buckets_.clear();
}

RateLimiter::Decision RateLimiter::take(std::int64_t merchant, std::string_view tier, Nanoseconds now) {
  Decision decision;
  auto known = settings_.tiers.find(std::string(tier));
  if (known == settings_.tiers.end()) known = settings_.tiers.find(settings_.default_tier);
  const RateTier& limit = known->second;
  if (limit.per_second == 0) return decision;

  const auto burst = static_cast<double>(limit.burst);
  const auto rate = static_cast<double>(limit.per_second);
  auto [bucket, is_new] = buckets_.try_emplace(merchant, Bucket{burst, now});
  Bucket& tokens = bucket->second;
  tokens.tokens = std::min(burst, tokens.tokens + rate * std::max(0.0, to_seconds(now - tokens.filled_at)));
  tokens.filled_at = now;
  decision.limited = true;
  decision.tier = known->first;
  decision.per_second = limit.per_second;
  decision.burst = limit.burst;
  decision.allowed = tokens.tokens >= 1;
  if (decision.allowed) {
    tokens.tokens -= 1;
  } else {
    decision.retry_after = from_seconds((1 - tokens.tokens) / rate);
  }
  decision.remaining = static_cast<std::int64_t>(std::floor(tokens.tokens));
  return decision;
}

void add_rate_limit_headers(http::Response& response, const RateLimiter::Decision& decision) {
  if (!decision.limited) return;
  response.headers.emplace_back(
      "RateLimit-Policy", fmt::format("\"{}\";q={};w=1;burst={}", decision.tier, decision.per_second, decision.burst));
  response.headers.emplace_back("RateLimit", fmt::format("\"{}\";r={};t=1", decision.tier, decision.remaining));
}

http::Response too_many_requests(const RateLimiter::Decision& decision) {
  http::Response response =
      typed_problem(429, "rate-limited",
                    fmt::format("The tier {} allows {} requests per second.", decision.tier, decision.per_second));
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(decision.retry_after).count();
  response.headers.emplace_back("Retry-After", std::to_string(std::max<std::int64_t>(1, seconds)));
  add_rate_limit_headers(response, decision);
  return response;
}

}  // namespace tidegate::platform
