#include "gates/budget/burn.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tidegate::gates {
namespace {

class SlidingShares {
 public:
  explicit SlidingShares(const std::vector<Share>& seconds) {
    for (const Share& one : seconds) {
      bad_.push_back(bad_.back() + static_cast<double>(one.bad));
      total_.push_back(total_.back() + static_cast<double>(one.total));
    }
  }
  std::size_t size() const { return bad_.size() - 1; }
  // The share of bad events in the seconds before `end`; 0 without events.
  double share(std::size_t end, std::size_t length) const {
    const double total = total_[end] - total_[end - length];
    return total > 0 ? (bad_[end] - bad_[end - length]) / total : 0;
  }

 private:
  std::vector<double> bad_{0}, total_{0};
};

// The first second at whose end both windows burn fast enough; none below the size.
std::size_t fires_at(const SlidingShares& windows, const BurnAlert& alert, double allowed) {
  const auto longer = static_cast<std::size_t>(alert.long_s), shorter = static_cast<std::size_t>(alert.short_s);
  for (std::size_t end = longer; end <= windows.size(); ++end) {
    if (windows.share(end, longer) >= alert.factor * allowed && windows.share(end, shorter) >= alert.factor * allowed) {
      return end;
    }
  }
  return windows.size() + 1;
}

std::string in_window(std::string query, std::string_view window) {
  static constexpr std::string_view kSlot = "{{.window}}";
  for (std::size_t at = query.find(kSlot); at != std::string::npos; at = query.find(kSlot, at)) {
    query.replace(at, kSlot.size(), window);
    at += window.size();
  }
  return query;
}

// A YAML text in single quotes.
std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

std::string ratio_name(std::string_view window) {
  return fmt::format("slo:bad_events:ratio_rate{}", window);
}

std::string alert_rule(const AlertedObjective& objective, const BurnAlert& alert) {
  const auto burns = [&](std::string_view window) {
    return fmt::format("{}{{slo=\"{}\"}} > ({:.10g} * {:.10g})", ratio_name(window), objective.name, alert.factor,
                       1 - objective.objective);
  };
  std::string text = "      - alert: ErrorBudgetBurn\n";
  text += fmt::format("        expr: {}\n", in_quotes(burns(alert.long_name) + " and " + burns(alert.short_name)));
  text += "        labels:\n";
  text += fmt::format("          severity: {}\n          slo: {}\n          long_window: {}\n", alert.severity,
                      objective.name, alert.long_name);
  text += "        annotations:\n";
  text += fmt::format("          summary: {}\n",
                      in_quotes(fmt::format("{} burns its error budget {:g} times too fast over {} and {}",
                                            objective.name, alert.factor, alert.long_name, alert.short_name)));
  return text;
}

}  // namespace

std::string alert_summary(const std::vector<Share>& seconds, double allowed) {
  const SlidingShares windows(seconds);
  std::string evaluated, unfit;
  for (const BurnAlert& alert : kBurnAlerts) {
    if (static_cast<std::size_t>(alert.long_s) > windows.size()) {
      unfit += fmt::format("{}{:g}x over {}", unfit.empty() ? "" : ", ", alert.factor, alert.long_name);
      continue;
    }
    const std::size_t at = fires_at(windows, alert, allowed);
    evaluated +=
        fmt::format("{}{:g}x over {} and {} would {}", evaluated.empty() ? "" : ", ", alert.factor, alert.long_name,
                    alert.short_name, at > windows.size() ? "not fire" : fmt::format("fire after {} s", at));
  }
  std::string text = evaluated.empty() ? "" : "alerts: " + evaluated;
  if (!unfit.empty())
    text += (text.empty() ? "alerts not evaluated, " : "; not evaluated, ") +
            std::string("their windows do not fit: ") + unfit;
  return text;
}

std::string prometheus_rules(const std::vector<AlertedObjective>& objectives) {
  std::string text = "# Error budget burn alerts: 14.4x 1h/5m, 6x 6h/30m, 3x 1d/2h, 1x 3d/6h.\ngroups:\n";
  for (const AlertedObjective& objective : objectives) {
    text += fmt::format("  - name: slo-{}\n    rules:\n", objective.name);
    for (const std::string_view window : {"5m", "30m", "1h", "2h", "6h", "1d", "3d"}) {
      text += fmt::format("      - record: {}\n", ratio_name(window));
      text +=
          fmt::format("        expr: {}\n", in_quotes(fmt::format("({}) / ({})", in_window(objective.bad_query, window),
                                                                  in_window(objective.total_query, window))));
      text += fmt::format("        labels:\n          slo: {}\n", objective.name);
    }
    for (const BurnAlert& alert : kBurnAlerts) text += alert_rule(objective, alert);
  }
  if (objectives.empty()) text += "  []\n";
  return text;
}

}  // namespace tidegate::gates
