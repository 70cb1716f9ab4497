#pragma once
// Requests per second that a merchant's tier allows: a token bucket each, told to the client in RateLimit headers
// (draft-ietf-httpapi-ratelimit-headers). Tiers are the operator's to change while it runs.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/http/message.hpp"
#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace tidegate::platform {

struct RateTier {
  std::int64_t per_second = 0;  ///< 0: no limit
  std::int64_t burst = 0;       ///< tokens at most; what a rested client may send at once
};

struct RateLimitSettings {
  std::map<std::string, RateTier> tiers{{"unlimited", {0, 0}}, {"standard", {100, 300}}, {"free", {10, 20}}};
  std::string default_tier = "unlimited";  ///< of merchants that were made without one

  /// {"default": "standard", "tiers": {"standard": {"per_second": 100, "burst": 300}}}. The tier unlimited always
  /// exists.
  static Result<RateLimitSettings> from_json(const json::object& document);
  json::object to_json() const;
};

/// Used on one loop; time is passed in.
class RateLimiter {
 public:
  const RateLimitSettings& settings() const { return settings_; }
  /// Buckets start full.
  void change(RateLimitSettings settings);

  struct Decision {
    bool allowed = true;
    bool limited = false;  ///< the tier has a limit: tell the client
    std::string tier;
    std::int64_t per_second = 0, burst = 0;
    std::int64_t remaining = 0;
    Nanoseconds retry_after{0};  ///< when not allowed
  };
  /// Takes one token. A tier that is not known is the default one.
  Decision take(std::int64_t merchant, std::string_view tier, Nanoseconds now);

 private:
  struct Bucket {
    double tokens = 0;
    Nanoseconds filled_at{0};
  };
  RateLimitSettings settings_;
  std::unordered_map<std::int64_t, Bucket> buckets_;
};

/// RateLimit-Policy and RateLimit; nothing for a tier without a limit.
void add_rate_limit_headers(http::Response& response, const RateLimiter::Decision& decision);
/// 429, with Retry-After.
http::Response too_many_requests(const RateLimiter::Decision& decision);

}  // namespace tidegate::platform
