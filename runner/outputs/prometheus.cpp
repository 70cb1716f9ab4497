#include <fmt/format.h>

#include "runner/outputs/live_series.hpp"

namespace tidegate::runner {
namespace {

/// Metric and label names hold letters, digits and _ only.
std::string name_of(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    out += plain ? c : '_';
  }
  return out;
}

std::string escaped(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return out;
}

/// `{a="b",le="1"}`, or nothing.
std::string labels(const record::Tags& tags, const std::string& bound = {}) {
  std::string out;
  for (const auto& [key, value] : tags) {
    out += fmt::format("{}{}=\"{}\"", out.empty() ? "" : ",", name_of(key), escaped(value));
  }
  if (!bound.empty()) out += fmt::format("{}le=\"{}\"", out.empty() ? "" : ",", bound);
  return out.empty() ? out : "{" + out + "}";
}

void append_histogram(std::string& out, const std::string& name, const LiveSeries::Entry& entry, double scale) {
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < LiveSeries::kBounds.size(); ++i) {
    below += entry.buckets[i];
    const std::string bound = fmt::format("{:g}", static_cast<double>(LiveSeries::kBounds[i]) * scale);
    out += fmt::format("{}_bucket{} {}\n", name, labels(entry.key.tags, bound), below);
  }
  out += fmt::format("{}_bucket{} {}\n", name, labels(entry.key.tags, "+Inf"), entry.count);
  out += fmt::format("{}_sum{} {:.9g}\n", name, labels(entry.key.tags), entry.sum * scale);
  out += fmt::format("{}_count{} {}\n", name, labels(entry.key.tags), entry.count);
}

}  // namespace

std::string to_prometheus(const std::vector<LiveSeries::Entry>& entries) {
  std::string out, last;
  for (const LiveSeries::Entry& entry : entries) {
    const bool time = entry.key.unit == "us";
    std::string name = "tidegate_" + name_of(entry.key.metric);
    const char* type = "gauge";
    if (entry.key.kind == record::SeriesKind::histogram) {
      type = "histogram";
      if (time) name += "_seconds";
    } else if (entry.key.kind == record::SeriesKind::counter) {
      type = "counter";
      name += "_total";
    } else if (entry.key.unit == "s") {
      name += "_seconds";
    }
    if (name != last) out += fmt::format("# TYPE {} {}\n", name, type);
    last = name;
    if (entry.key.kind == record::SeriesKind::histogram) {
      append_histogram(out, name, entry, time ? 1e-6 : 1);
    } else {
      out += fmt::format("{}{} {:.15g}\n", name, labels(entry.key.tags), entry.value);
    }
  }
  return out;
}

}  // namespace tidegate::runner
