#include "gates/probes/exposition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <optional>

#include "base/units.hpp"

namespace tidegate::gates {
namespace {

constexpr std::size_t kMostSamples = 200'000;

class LineReader {
 public:
  explicit LineReader(std::string_view line) : rest_(line) {}

  /// False when the line is not a sample.
  bool sample(ScrapedSample& out) {
    if (!head(out.name, out.labels)) return false;
    skip_spaces();
    const std::string_view value = rest_.substr(0, rest_.find_first_of(" \t"));
    rest_.remove_prefix(value.size());
    const auto number = number_of(value);
    if (!number) return false;
    out.value = *number;
    return true;  // a timestamp or an exemplar may follow
  }

  bool head(std::string& name, std::vector<std::pair<std::string, std::string>>& labels) {
    name = take_name();
    if (name.empty()) return false;
    skip_spaces();
    return !take('{') || take_labels(labels);
  }

  bool at_end() {
    skip_spaces();
    return rest_.empty();
  }

 private:
  void skip_spaces() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
  }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string take_name() {
    std::size_t length = 0;
    const auto is_name = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == ':';
    };
    while (length < rest_.size() && is_name(rest_[length])) ++length;
    if (length > 0 && std::isdigit(static_cast<unsigned char>(rest_.front())) != 0) return {};
    std::string name(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return name;
  }
  bool take_labels(std::vector<std::pair<std::string, std::string>>& labels) {
    for (;;) {
      skip_spaces();
      if (take('}')) return true;
      std::string key = take_name();
      skip_spaces();
      if (key.empty() || !take('=')) return false;
      skip_spaces();
      std::string value;
      if (!take('"') || !take_quoted(value)) return false;
      labels.emplace_back(std::move(key), std::move(value));
      skip_spaces();
      if (take('}')) return true;
      if (!take(',')) return false;
    }
  }
  bool take_quoted(std::string& value) {
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return true;
      if (c != '\\') {
        value += c;
        continue;
      }
      if (rest_.empty()) return false;
      const char escaped = rest_.front();
      rest_.remove_prefix(1);
      value += escaped == 'n' ? '\n' : escaped;
    }
    return false;
  }
  static std::optional<double> number_of(std::string_view text) {
    if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
    if (text == "+Inf" || text == "Inf") return std::numeric_limits<double>::infinity();
    if (text == "-Inf") return -std::numeric_limits<double>::infinity();
    const auto number = parse_number(text);
    return number ? std::optional(*number) : std::nullopt;
  }

  std::string_view rest_;
};

}  // namespace

const std::string* ScrapedSample::label(std::string_view key) const {
  const auto found = std::find_if(labels.begin(), labels.end(), [&](const auto& one) { return one.first == key; });
  return found == labels.end() ? nullptr : &found->second;
}

Result<std::vector<ScrapedSample>> parse_exposition(std::string_view text) {
  std::vector<ScrapedSample> samples;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty() || line.front() == '#' || line.find_first_not_of(" \t") == std::string_view::npos) continue;
    ScrapedSample sample;
    if (!LineReader(line).sample(sample)) {
      return protocol_error(fmt::format("line {} is not a sample: {}", number, line.substr(0, 80)));
    }
    if (samples.size() == kMostSamples) return protocol_error(fmt::format("more than {} samples", kMostSamples));
    samples.push_back(std::move(sample));
  }
  return samples;
}

bool SampleSelector::matches(const ScrapedSample& sample) const {
  return sample.name == name && std::all_of(labels.begin(), labels.end(), [&](const auto& wanted) {
           const std::string* value = sample.label(wanted.first);
           return value != nullptr && *value == wanted.second;
         });
}

Result<SampleSelector> parse_sample_selector(std::string_view text) {
  SampleSelector selector;
  LineReader reader(text);
  if (!reader.head(selector.name, selector.labels) || !reader.at_end()) {
    return usage_error(
        fmt::format("'{}' is not a metric with labels, such as outbox_depth{{service=\"gateway\"}}", text));
  }
  return selector;
}

}  // namespace tidegate::gates
