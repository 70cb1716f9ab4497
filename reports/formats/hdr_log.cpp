// An HdrHistogram interval log, version 1.3, as HistogramLogWriter writes it: an interval per second and step, each
// histogram in the compressed V2 encoding, base64. Values are microseconds; the column Interval_Max is in milliseconds,
// with the factor that its comment names. Readable by HistogramLogAnalyzer, HdrHistogramVisualizer and the libraries.

#include <map>

#include <fmt/format.h>

#include "record/hdr_encoding.hpp"
#include "record/metrics.hpp"
#include "record/series_index.hpp"
#include "reports/format.hpp"

namespace tidegate::reports {
namespace {

/// Tags of the log end at commas and have no spaces.
std::string tag(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool plain = static_cast<unsigned char>(c) > ' ' && c != ',' && c != '"' && c != '#' && c != 0x7f;
    out += plain ? c : '_';
  }
  return out;
}

/// Response times by step, and each other histogram of times under its metric's name and step.
std::map<std::string, std::vector<std::size_t>> tagged_series(const record::SeriesIndex& index) {
  std::map<std::string, std::vector<std::size_t>> out;
  for (std::size_t series = 0; series < index.size(); ++series) {
    const record::SeriesKey& key = index.key(series);
    if (key.kind != record::SeriesKind::histogram) continue;
    const std::string* name = key.tag("name");
    std::string label = key.metric == record::kResponseTime ? "" : key.metric;
    if (name != nullptr) label += (label.empty() ? "" : ".") + *name;
    out[tag(label.empty() ? "all" : label)].push_back(series);
  }
  return out;
}

}  // namespace

Result<void> render_hdr_log(const FormatInput& input, const Sink& sink) {
  const auto index = record::SeriesIndex::open(input.directory.series());
  if (!index) return index.error();
  const double origin = input.info.unix_origin_s;
  std::string out = fmt::format(
      "#[Logged with tidegate {}; values in microseconds, Interval_Max in milliseconds]\n"
      "#[Histogram log format version 1.3]\n"
      "#[BaseTime: {:.3f} (seconds since epoch)]\n"
      "#[StartTime: {:.3f} (seconds since epoch)]\n"
      "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n",
      input.info.version, origin, origin);
  if (!sink(out)) return {};
  for (const auto& [name, series] : tagged_series(*index)) {
    bool wanted = true;
    index->each_histogram(
        series, record::kFirstSecond, record::kLastSecond,
        [&, &label = name](std::int32_t second, const Histogram& histogram) {
          if (!wanted || histogram.empty()) return;
          wanted = sink(fmt::format("Tag={},{:.3f},1.000,{:.3f},{}\n", label, static_cast<double>(second),
                                    static_cast<double>(histogram.max()) / 1000, record::hdr_base64(histogram)));
        });
    if (!wanted) return {};
  }
  return {};
}

}  // namespace tidegate::reports
