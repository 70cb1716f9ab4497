#pragma once
// What an operator can switch off while the gateway runs.

#include <array>
#include <map>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"

namespace tidegate::platform {

namespace flag {
inline constexpr std::string_view payments = "payments";                    ///< new payments are taken
inline constexpr std::string_view operations = "operations";                ///< captures, refunds, cancellations are
inline constexpr std::string_view long_poll = "long_poll";                  ///< ?wait= waits
inline constexpr std::string_view idempotency_cache = "idempotency_cache";  ///< repeats are answered from memory
inline constexpr std::string_view routing_rules = "routing_rules";          ///< off: the default route for everything
inline constexpr std::string_view recent_payments = "recent_payments";      ///< recent ones are read from memory
inline constexpr std::string_view read_model = "read_model";  ///< others from the read model; off: from the store
inline constexpr std::array all{payments,      operations,      long_poll, idempotency_cache,
                                routing_rules, recent_payments, read_model};
}  // namespace flag

/// All on at first. Used on one loop.
class FeatureFlags {
 public:
  bool on(std::string_view name) const {
    const auto found = off_.find(name);
    return found == off_.end() || !found->second;
  }
  /// {"payments": false}: the others stay as they are.
  Result<FeatureFlags> changed(const json::object& document) const;
  json::object to_json() const;

 private:
  std::map<std::string, bool, std::less<>> off_;
};

}  // namespace tidegate::platform
