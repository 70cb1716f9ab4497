#include "loadgen/judge.hpp"

#include <algorithm>

#include "base/units.hpp"
#include "loadgen/cookies.hpp"

namespace tidegate::loadgen {
namespace {

constexpr std::size_t kLongestValue = 4096;  // a capture stays in memory for its iteration

bool same_number(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const auto left = parse_number(a), right = parse_number(b);
  return left && right && *left == *right;
}

/// contains and matches, and equals of texts that are not JSON.
bool text_matches(const ExpectedValue& expected, std::string_view found, const RenderScope& scope) {
  if (expected.how == ExpectedValue::How::matches) return expected.pattern->found_in(found);
  std::string wanted;
  if (!expected.text.constant() && !render(scope, expected.text, wanted)) return false;
  const std::string_view text = expected.text.constant() ? expected.text.literal() : std::string_view(wanted);
  return expected.how == ExpectedValue::How::equals ? found == text : found.find(text) != std::string_view::npos;
}

bool any_matches(const std::vector<ExpectedValue>& any_of, std::string_view found, const RenderScope& scope) {
  return std::any_of(any_of.begin(), any_of.end(),
                     [&](const ExpectedValue& expected) { return text_matches(expected, found, scope); });
}

bool matches(const ExpectedValue& expected, const JsonSlice& found, const RenderScope& scope) {
  if (expected.how != ExpectedValue::How::equals) {
    std::string text;
    found.append_text(text);
    return text_matches(expected, text, scope);
  }
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

void Answer::each_header(std::string_view name, const std::function<void(std::string_view)>& visit) const {
  if (parser_ != nullptr) {
    if (!parser_->header(name)) return;
    for (const http::HeaderView& header : parser_->headers()) {
      if (http::same_name(header.name, name)) visit(header.value);
    }
    return;
  }
  for (const auto& [known, value] : reply_->headers) {
    if (http::same_name(known, name)) visit(value);
  }
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
  for (const HeaderExpectation& header : expectation.headers) {
    const auto found = answer.header(header.name);
    if (!found || !any_matches(header.any_of, *found, scope)) return ErrorClass::expectation;
  }
  if (!expectation.body.empty() && !any_matches(expectation.body, answer.body, scope)) return ErrorClass::expectation;
  if (expectation.latency && response_time >= *expectation.latency) return ErrorClass::expectation;
  return ErrorClass::none;
}

std::optional<Value> capture_value(const Capture& capture, const Answer& answer) {
  Value value;
  value.set = true;
  const auto take = [&](std::optional<std::string_view> found) -> std::optional<Value> {
    if (!found || found->size() > kLongestValue) return std::nullopt;
    value.text = std::string(*found);
    return value;
  };
  switch (capture.from) {
    case Capture::From::json: {
      const auto found = capture.path.find(answer.body);
      if (!found || found->raw.size() > kLongestValue) return std::nullopt;
      found->append_text(value.text);
      value.number = found->type != JsonSlice::Type::string;
      return value;
    }
    case Capture::From::header:
      return take(answer.header(capture.key));
    case Capture::From::regex:
      return take(capture.pattern->first_group(answer.body));
    case Capture::From::cookie: {
      bool found = false;
      answer.each_header("Set-Cookie", [&](std::string_view header) {
        found = found || cookie_value(header, capture.key, value.text);
      });
      return found && value.text.size() <= kLongestValue ? std::optional<Value>(value) : std::nullopt;
    }
  }
  return std::nullopt;
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
