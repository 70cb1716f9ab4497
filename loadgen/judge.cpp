#include "loadgen/judge.hpp"

#include <algorithm>

#include "base/units.hpp"

namespace tidegate::loadgen {
namespace {

constexpr std::size_t kLongestValue = 4096;  // a capture stays in memory for its iteration

bool same_number(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const auto left = parse_number(a), right = parse_number(b);
  return left && right && *left == *right;
}

bool matches(const ExpectedValue& expected, const JsonSlice& found, const RenderScope& scope) {
  if (!found.is_scalar()) return false;
  std::string wanted;
  if (!expected.text.constant() && !render(scope, expected.text, wanted)) return false;
  const std::string_view text = expected.text.constant() ? expected.text.literal() : std::string_view(wanted);
  if (found.escaped) {
    std::string plain;
    found.append_text(plain);
    return plain == text && expected.type == JsonSlice::Type::string;
  }
  // A slot stands for its text, whatever the type of the value it is compared with.
  if (!expected.text.constant()) return found.raw == text;
  if (found.type != expected.type) return false;
  return found.type == JsonSlice::Type::number ? same_number(found.raw, text) : found.raw == text;
}

bool holds(const JsonExpectation& expectation, const RenderScope& scope, std::string_view body) {
  const auto found = expectation.path.find(body);
  return found && std::any_of(expectation.any_of.begin(), expectation.any_of.end(),
                              [&](const ExpectedValue& expected) { return matches(expected, *found, scope); });
}

}  // namespace

std::optional<std::string_view> Answer::header(std::string_view name) const {
  if (parser_ != nullptr) return parser_->header(name);
  for (const auto& [known, value] : reply_->headers) {
    if (http::same_name(known, name)) return value;
  }
  return std::nullopt;
}

ErrorClass judge(const Expectation& expectation, const RenderScope& scope, const Answer& answer,
                 Nanoseconds response_time) {
  const bool status = std::any_of(expectation.statuses.begin(), expectation.statuses.end(), [&](const auto& range) {
    return answer.status >= range.first && answer.status <= range.second;
  });
  if (!status) return ErrorClass::status;
  for (const JsonExpectation& json : expectation.json) {
    if (!holds(json, scope, answer.body)) return ErrorClass::expectation;
  }
  if (expectation.latency && response_time >= *expectation.latency) return ErrorClass::expectation;
  return ErrorClass::none;
}

std::optional<Value> capture_value(const Capture& capture, const Answer& answer) {
  Value value;
  if (capture.path) {
    const auto found = capture.path->find(answer.body);
    if (!found || found->raw.size() > kLongestValue) return std::nullopt;
    found->append_text(value.text);
    value.number = found->type != JsonSlice::Type::string;
  } else {
    const auto found = answer.header(capture.header);
    if (!found || found->size() > kLongestValue) return std::nullopt;
    value.text = std::string(*found);
  }
  value.set = true;
  return value;
}

ErrorClass take_captures(const std::vector<Capture>& captures, const Answer& answer, std::vector<Value>& values) {
  for (const Capture& capture : captures) {
    auto value = capture_value(capture, answer);
    if (!value) return ErrorClass::capture;
    values[capture.variable] = *std::move(value);
  }
  return ErrorClass::none;
}

}  // namespace tidegate::loadgen
