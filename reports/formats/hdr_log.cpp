// An HdrHistogram interval log, version 1.3, as HistogramLogWriter writes it: an interval per second and step, each
// histogram in the compressed V2 encoding, base64. Values are microseconds; the column Interval_Max is in milliseconds,
// with the factor that its comment names. Readable by HistogramLogAnalyzer, HdrHistogramVisualizer and the libraries.

#include <zlib.h>

#include <limits>
#include <map>

#include <fmt/format.h>

#include "record/metrics.hpp"
#include "record/series_index.hpp"
#include "reports/format.hpp"

namespace tidegate::reports {
namespace {

constexpr std::int32_t kFirst = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t kLast = std::numeric_limits<std::int32_t>::max();
// Of HdrHistogram: V2 encodings, with the word size that says LEB128 ("0x10").
constexpr std::uint32_t kCookie = 0x1c849303 | 0x10;
constexpr std::uint32_t kCompressedCookie = 0x1c849304 | 0x10;
constexpr int kSignificantDigits = 3;

template <typename Integer>
void put_big_endian(std::string& out, Integer value) {
  for (int byte = sizeof(Integer) - 1; byte >= 0; --byte) {
    out += static_cast<char>((static_cast<std::uint64_t>(value) >> (8 * byte)) & 0xff);
  }
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t known = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (k < known ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) out += k <= known ? digits[(group >> (18 - 6 * k)) & 63] : '=';
  }
  return out;
}

/// Header and payload; the payload is Histogram::encode's form after its format byte.
std::string v2_encoding(const Histogram& histogram) {
  std::string payload;
  histogram.encode(payload);
  std::string out;
  put_big_endian(out, kCookie);
  put_big_endian(out, static_cast<std::uint32_t>(payload.size() - 1));
  put_big_endian(out, std::uint32_t{0});  // normalizing index offset
  put_big_endian(out, static_cast<std::uint32_t>(kSignificantDigits));
  put_big_endian(out, std::uint64_t{1});  // lowest discernible value
  put_big_endian(out, Histogram::kHighestTrackable);
  put_big_endian(out, std::uint64_t{0x3ff0000000000000});  // conversion ratio 1.0
  return out + payload.substr(1);
}

Result<std::string> compressed(const std::string& encoding) {
  uLongf length = ::compressBound(static_cast<uLong>(encoding.size()));
  std::string bytes(length, '\0');
  if (::compress(reinterpret_cast<Bytef*>(bytes.data()), &length, reinterpret_cast<const Bytef*>(encoding.data()),
                 static_cast<uLong>(encoding.size())) != Z_OK) {
    return system_error("compressing a histogram", ENOMEM);
  }
  std::string out;
  put_big_endian(out, kCompressedCookie);
  put_big_endian(out, static_cast<std::uint32_t>(length));
  return out + bytes.substr(0, length);
}

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
    Result<void> failed;
    bool wanted = true;
    index->each_histogram(series, kFirst, kLast, [&, &label = name](std::int32_t second, const Histogram& histogram) {
      if (!wanted || histogram.empty()) return;
      const auto bytes = compressed(v2_encoding(histogram));
      if (!bytes) {
        failed = bytes.error();
        wanted = false;
        return;
      }
      wanted = sink(fmt::format("Tag={},{:.3f},1.000,{:.3f},{}\n", label, static_cast<double>(second),
                                static_cast<double>(histogram.max()) / 1000, base64(*bytes)));
    });
    if (!failed) return failed;
    if (!wanted) return {};
  }
  return {};
}

}  // namespace tidegate::reports
