// RFC 4180: a row for each second of each series, in the order of the series. Times are on the run clock, latencies in
// seconds. A text that a spreadsheet would take for a formula gets an apostrophe before it.

#include <fmt/format.h>

#include "base/json.hpp"
#include "record/compact_json.hpp"
#include "record/series_index.hpp"
#include "reports/format.hpp"

namespace tidegate::reports {
namespace {

constexpr std::size_t kPiece = 64U << 10;
constexpr double kPercentiles[] = {50, 90, 95, 99, 99.9};

std::string cell(std::string_view raw) {
  std::string text = record::valid_utf8(raw);
  if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos)
    text.insert(0, 1, '\'');
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string tags_text(const record::Tags& tags) {
  std::string out;
  for (const auto& [key, value] : tags) out += (out.empty() ? "" : ";") + key + "=" + value;
  return out;
}

/// Microseconds of a histogram of times; other units as they are.
double in_unit(double value, const record::SeriesKey& key) {
  return key.unit == "us" ? value / 1e6 : value;
}

std::string histogram_cells(const Histogram& histogram, const record::SeriesKey& key) {
  std::string out = fmt::format(",{},{:.9g},{:.9g}", histogram.count(),
                                in_unit(static_cast<double>(histogram.min()), key), in_unit(histogram.mean(), key));
  for (const double percentile : kPercentiles) {
    out += fmt::format(",{:.9g}", in_unit(static_cast<double>(histogram.value_at_percentile(percentile)), key));
  }
  return out + fmt::format(",{:.9g}", in_unit(static_cast<double>(histogram.max()), key));
}

}  // namespace

Result<void> render_csv(const FormatInput& input, const Sink& sink) {
  const auto index = record::SeriesIndex::open(input.directory.series());
  if (!index) return index.error();
  std::string out = "second,metric,tags,unit,value,count,min,mean,p50,p90,p95,p99,p99.9,max\r\n";
  for (std::size_t series = 0; series < index->size(); ++series) {
    const record::SeriesKey& key = index->key(series);
    const std::string names =
        fmt::format(",{},{},{},", cell(key.metric), cell(tags_text(key.tags)), key.unit == "us" ? "s" : cell(key.unit));
    bool wanted = true;
    const auto row = [&](std::int32_t second, const std::string& cells) {
      out += fmt::format("{}{}{}\r\n", second, names, cells);
      if (out.size() < kPiece || !wanted) return;
      wanted = sink(out);
      out.clear();
    };
    if (key.kind == record::SeriesKind::histogram) {
      const std::size_t one[] = {series};
      index->each_histogram(one, record::kFirstSecond, record::kLastSecond,
                            [&](std::int32_t second, const Histogram& histogram) {
                              if (wanted && !histogram.empty()) row(second, histogram_cells(histogram, key));
                            });
    } else {
      index->each_value(series, record::kFirstSecond, record::kLastSecond, [&](std::int32_t second, double value) {
        if (wanted) row(second, fmt::format("{:.12g},,,,,,,,,", value));
      });
    }
    if (!wanted) return {};
  }
  sink(out);
  return {};
}

}  // namespace tidegate::reports
