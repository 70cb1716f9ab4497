#pragma once
// Writes as a provisioned store has them: so many per second for a group of tables, each with some added delay. Without
// a setting there is no limit. Source: FinPulse, a table with 4,000 write units.

#include <map>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace tidegate::platform {

/// The groups of tables that have a capacity of their own.
namespace table_group {
inline constexpr std::string_view payments = "payments";      ///< new payments
inline constexpr std::string_view operations = "operations";  ///< captures, refunds, cancellations
}  // namespace table_group

struct CapacitySettings {
  struct Group {
    std::int64_t writes_per_second = 0;  ///< 0: no limit
    Nanoseconds added_delay{0};
  };
  std::map<std::string, Group> groups;

  /// {"payments": {"writes_per_second": 4000, "added_delay_ms": 5}}
  static Result<CapacitySettings> from_json(const json::object& document);
  /// Every group, those without a limit too.
  json::object to_json() const;
};

/// Used on one loop; time is passed in.
class Capacity {
 public:
  const CapacitySettings& settings() const { return settings_; }
  void change(CapacitySettings settings);

  struct Decision {
    bool allowed = true;
    Nanoseconds delay{0};  ///< to wait before the write
  };
  /// One write. Unused capacity is kept for one second.
  Decision take(std::string_view group, Nanoseconds now);

 private:
  struct Bucket {
    double writes = 0;
    Nanoseconds filled_at{0};
  };
  CapacitySettings settings_;
  std::map<std::string, Bucket, std::less<>> buckets_;
};

}  // namespace tidegate::platform
