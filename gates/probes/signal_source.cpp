#include "gates/probes/signal_source.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "base/http/client.hpp"
#include "base/json.hpp"
#include "base/units.hpp"
#include "gates/probes/exposition.hpp"
#include "gates/probes/sql_source.hpp"

namespace tidegate::gates {
namespace {

std::optional<double> finite(double value) {
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

Result<std::string> body_of(const std::string& url, Nanoseconds timeout) {
  auto answer = http::fetch(url, {}, timeout);
  if (!answer) return answer.error();
  if (answer->status == 200) return std::move(answer->body);
  const std::string message = fmt::format("{} answered {}: {}", url, answer->status, answer->body.substr(0, 200));
  // A path that is not there or a query that is refused stays so; a server in trouble may recover.
  return answer->status >= 400 && answer->status < 500 && answer->status != 429 ? usage_error(message)
                                                                                : protocol_error(message);
}

class ScrapeSource final : public SignalSource {
 public:
  ScrapeSource(std::string url, SampleSelector selector, bool as_rate)
      : url_(std::move(url)), selector_(std::move(selector)), as_rate_(as_rate) {}

  Result<std::optional<double>> read(Nanoseconds timeout) override {
    auto body = body_of(url_, timeout);
    if (!body) return body.error();
    const double now_s = to_seconds(monotonic_now());
    auto samples = parse_exposition(*body);
    if (!samples) return samples.error();
    bool any = false;
    double sum = 0;
    for (const ScrapedSample& sample : *samples) {
      if (!selector_.matches(sample)) continue;
      any = true;
      sum += sample.value;  // one NaN spoils the sum, and it then is no sample
    }
    if (!any) return std::optional<double>();
    return as_rate_ ? rate_.add(sum, now_s) : finite(sum);
  }

 private:
  std::string url_;
  SampleSelector selector_;
  bool as_rate_;
  CounterRate rate_;
};

class JsonSource final : public SignalSource {
 public:
  JsonSource(std::string url, std::string path) : url_(std::move(url)), path_(std::move(path)) {}

  Result<std::optional<double>> read(Nanoseconds timeout) override {
    auto body = body_of(url_, timeout);
    if (!body) return body.error();
    auto number = number_at(*body, path_);
    if (!number) return number.error();
    return finite(*number);
  }

 private:
  std::string url_, path_;
};

class PromqlSource final : public SignalSource {
 public:
  explicit PromqlSource(std::string url) : url_(std::move(url)) {}

  Result<std::optional<double>> read(Nanoseconds timeout) override {
    auto body = body_of(url_, timeout);
    if (!body) return body.error();
    return promql_number(*body);
  }

 private:
  std::string url_;
};

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.' || c == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

Result<std::string> url_of(const std::string& from, const AddressOf& address_of) {
  if (from.starts_with("http://")) return from;
  const std::size_t slash = from.find('/');
  auto address = address_of(from.substr(0, slash));
  if (!address) return address.error();
  return "http://" + *address + (slash == std::string::npos ? "/" : from.substr(slash));
}

}  // namespace

std::optional<double> CounterRate::add(double value, double at_s) {
  if (!std::isfinite(value)) return std::nullopt;
  std::optional<double> rate;
  if (last_ && at_s > last_at_s_) {
    const double grown = value >= *last_ ? value - *last_ : value;
    rate = grown / (at_s - last_at_s_);
  }
  last_ = value;
  last_at_s_ = at_s;
  return rate;
}

Result<double> number_at(std::string_view json_text, std::string_view path) {
  auto parsed = parse_json(json_text);
  if (!parsed) return protocol_error("the answer is not JSON: " + parsed.error().message);
  const json::value* at = &*parsed;
  std::string_view rest = path.starts_with("$") ? path.substr(1) : path;
  while (!rest.empty()) {
    if (rest.front() == '[') {
      std::size_t index = 0;
      const std::size_t close = rest.find(']');
      const char* end = rest.data() + std::min(close, rest.size());
      const auto read = std::from_chars(rest.data() + 1, end, index);
      if (close == std::string_view::npos || read.ec != std::errc() || read.ptr != end) {
        return usage_error(fmt::format("'{}' is not a JSON path such as $.queues[0].depth", path));
      }
      if (!at->is_array() || index >= at->as_array().size())
        return protocol_error(fmt::format("the answer has no {}", path));
      at = &at->as_array()[index];
      rest.remove_prefix(close + 1);
      continue;
    }
    if (rest.front() == '.') rest.remove_prefix(1);
    const std::string_view key = rest.substr(0, rest.find_first_of(".["));
    if (key.empty()) return usage_error(fmt::format("'{}' is not a JSON path such as $.queues[0].depth", path));
    rest.remove_prefix(key.size());
    const json::value* member = at->is_object() ? at->as_object().if_contains(key) : nullptr;
    if (member == nullptr) return protocol_error(fmt::format("the answer has no {}", path));
    at = member;
  }
  if (at->is_number()) return at->to_number<double>();
  if (at->is_string()) {
    if (const auto number = parse_number(std::string_view(at->as_string()))) return *number;
  }
  return protocol_error(fmt::format("{} is not a number", path));
}

Result<std::optional<double>> promql_number(std::string_view answer) {
  auto parsed = parse_json(answer);
  if (!parsed) return protocol_error("the answer is not JSON: " + parsed.error().message);
  const json::object* root = parsed->if_object();
  const json::value* data = root != nullptr ? root->if_contains("data") : nullptr;
  const json::object* fields = data != nullptr ? data->if_object() : nullptr;
  const auto type = fields != nullptr ? string_member(*fields, "resultType") : std::nullopt;
  const json::value* result = fields != nullptr ? fields->if_contains("result") : nullptr;
  if (!type || result == nullptr || !result->is_array()) return protocol_error("not an answer of a Prometheus server");
  const json::array* pair = &result->as_array();
  if (*type == "vector") {
    if (pair->empty()) return std::optional<double>();
    if (pair->size() > 1) {
      return usage_error(fmt::format("the query gives {} series; aggregate them to one, as in sum(...)", pair->size()));
    }
    const json::object* sample = pair->front().if_object();
    const json::value* value = sample != nullptr ? sample->if_contains("value") : nullptr;
    if (value == nullptr || !value->is_array()) return protocol_error("a sample without a value");
    pair = &value->as_array();
  } else if (*type != "scalar") {
    return usage_error("the query gives a " + *type + ", not a number of now");
  }
  if (pair->size() != 2 || !(*pair)[1].is_string()) return protocol_error("a value that is not a pair");
  const auto number = parse_number(std::string_view((*pair)[1].as_string()));
  return number ? finite(*number) : std::optional<double>();  // NaN, +Inf
}

Result<std::unique_ptr<SignalSource>> make_source(const SignalSpec& spec, const AddressOf& address_of) {
  if (spec.kind == SignalSpec::Kind::sql) return make_sql_source(spec);
  auto url = url_of(spec.from, address_of);
  if (!url) return url.error();
  switch (spec.kind) {
    case SignalSpec::Kind::scrape: {
      auto selector = parse_sample_selector(spec.what);
      if (!selector) return selector.error();
      return std::unique_ptr<SignalSource>(std::make_unique<ScrapeSource>(*url, std::move(*selector), spec.as_rate));
    }
    case SignalSpec::Kind::http:
      return std::unique_ptr<SignalSource>(std::make_unique<JsonSource>(*url, spec.what));
    case SignalSpec::Kind::promql: {
      std::string base = *url;
      while (base.ends_with('/')) base.pop_back();
      return std::unique_ptr<SignalSource>(
          std::make_unique<PromqlSource>(base + "/api/v1/query?query=" + percent_encoded(spec.what)));
    }
    case SignalSpec::Kind::sql:
      break;
  }
  return internal_error("unknown kind of signal");
}

}  // namespace tidegate::gates
