#pragma once
// Burn rates: how many times faster than allowed an error budget is spent. 1 spends exactly the budget by its end.
// Source of the alert windows: B. Beyer et al., "The Site Reliability Workbook" (2018), chapter 5, table 5-8.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gates/clustering.hpp"

namespace tidegate::gates {

/// Fires while both windows burn faster than the factor: the long one says that it matters, the short one that it goes
/// on.
struct BurnAlert {
  double factor;
  std::int32_t long_s, short_s;
  std::string_view long_name, short_name;  ///< as Prometheus writes them
  std::string_view severity;               ///< page or ticket
};
inline constexpr std::array<BurnAlert, 4> kBurnAlerts = {{
    {14.4, 3600, 300, "1h", "5m", "page"},
    {6, 21'600, 1800, "6h", "30m", "page"},
    {3, 86'400, 7200, "1d", "2h", "ticket"},
    {1, 259'200, 21'600, "3d", "6h", "ticket"},
}};

/// What the alerts would have done in a test, from its seconds in order: only those whose windows fit are evaluated,
/// the others say so. "14.4x over 1h and 5m would fire from 3700 s on; 6x, 3x, 1x: their windows do not fit".
std::string alert_summary(const std::vector<Share>& seconds, double allowed);

/// Prometheus alerting rules for one objective. The queries hold {{.window}} where a range such as 5m belongs.
struct AlertedObjective {
  std::string name;  ///< letters, digits, dashes and underscores
  double objective = 0.999;
  std::string bad_query, total_query;  ///< rates of bad and of all events
};
/// A rules file for Prometheus, as YAML.
std::string prometheus_rules(const std::vector<AlertedObjective>& objectives);

}  // namespace tidegate::gates
