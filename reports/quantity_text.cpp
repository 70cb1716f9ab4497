#include "reports/quantity_text.hpp"

#include <cmath>

#include <fmt/format.h>

#include "base/units.hpp"

namespace tidegate::reports {
namespace {

std::string plain_number(double value) {
  constexpr double kExactlyCounted = 9e15;
  if (value >= 0 && value < kExactlyCounted && value == std::floor(value)) {
    return format_count(static_cast<std::uint64_t>(value));
  }
  return fmt::format("{:.4g}", value);
}

}  // namespace

std::string quantity_text(std::optional<double> value, std::string_view unit) {
  if (!value || !std::isfinite(*value)) return "–";
  if (unit == "s") return format_seconds(*value);
  if (unit == "share") return format_share(*value);
  if (unit == "1/s") return format_rate(*value);
  if (unit.empty() || unit == "count") return plain_number(*value);
  return plain_number(*value) + " " + std::string(unit);
}

std::string limit_text(const record::GateResult& gate) {
  if (!gate.limit) return {};
  return (gate.comparison.empty() ? std::string() : gate.comparison + " ") + quantity_text(gate.limit, gate.unit);
}

std::string interval_text(const record::GateResult& gate) {
  if (!gate.interval) return {};
  const std::string low = quantity_text(gate.interval->first, gate.unit);
  const std::string high = quantity_text(gate.interval->second, gate.unit);
  // The unit once where both ends have the same: "598 … 631 ms".
  const std::size_t low_space = low.rfind(' '), high_space = high.rfind(' ');
  const bool same_unit = low_space != std::string::npos && high_space != std::string::npos &&
                         low.substr(low_space) == high.substr(high_space);
  return (same_unit ? low.substr(0, low_space) : low) + " … " + high;
}

std::string confidence_text(double confidence) {
  return format_share(confidence);
}

std::string factor_text(double factor) {
  return fmt::format("×{:.3g}", factor);
}

std::string generator_text(const record::Validity& load) {
  std::string text = fmt::format(
      "offered {}, achieved {}, p99 lateness {}, {} dropped, CPU {} of a core, waited for one {}",
      format_rate(load.offered_per_s), format_rate(load.achieved_per_s), format_seconds(load.lateness_p99_s),
      format_count(load.dropped_iterations), format_share(load.generator_cpu), format_share(load.run_queue_wait));
  if (load.tick_s > 0) text += ", tick " + format_seconds(load.tick_s);
  if (load.machine_busy > 0) text += ", machine " + format_share(load.machine_busy) + " busy";
  if (load.machine_stolen > 0) text += ", " + format_share(load.machine_stolen) + " given to others";
  return text;
}

}  // namespace tidegate::reports
