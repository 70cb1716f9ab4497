#include <optional>

#include "base/json.hpp"
#include "base/units.hpp"
#include "loadgen/compile.hpp"

namespace tidegate::loadgen {
namespace {

/// `202` or `2xx`.
std::optional<std::pair<int, int>> parse_status(std::string_view text) {
  if (text.size() == 3 && text.ends_with("xx") && text[0] >= '1' && text[0] <= '5') {
    const int first = (text[0] - '0') * 100;
    return std::pair{first, first + 99};
  }
  const auto number = parse_integer(text);
  if (!number || *number < 100 || *number > 599) return std::nullopt;
  return std::pair{static_cast<int>(*number), static_cast<int>(*number)};
}

void compile_statuses(const yaml::Node& node, Expectation& expectation, Diagnostics& diagnostics) {
  expectation.statuses.clear();
  expectation.statuses_given = true;
  const auto add = [&](const yaml::Node& item) {
    if (const auto range = parse_status(item.text())) {
      expectation.statuses.push_back(*range);
    } else {
      diagnostics.add(item.mark(), "'" + item.text() + "' is not a status; write 202 or 2xx");
    }
  };
  if (node.is_scalar()) return add(node);
  for (const yaml::Node& item : node.items()) add(item);
  if (node.items().empty()) diagnostics.add(node.mark(), "an empty list of statuses can never hold");
}

JsonSlice::Type type_of(const yaml::Node& node) {
  const json::value value = to_json(node);
  if (value.is_number()) return JsonSlice::Type::number;
  if (value.is_bool()) return JsonSlice::Type::boolean;
  return value.is_null() ? JsonSlice::Type::null : JsonSlice::Type::string;
}

/// `{matches: EXPRESSION}` or `{contains: TEXT}`.
void compile_comparison(const yaml::Node& node, std::vector<ExpectedValue>& any_of, Names& names,
                        Diagnostics& diagnostics) {
  if (node.entries().size() != 1 ||
      (node.entries()[0].first.text() != "matches" && node.entries()[0].first.text() != "contains")) {
    diagnostics.add(node.mark(), "expected a value, a list of values, {contains: TEXT} or {matches: EXPRESSION}");
    return;
  }
  const auto& [how, value] = node.entries().front();
  ExpectedValue expected;
  if (how.text() == "contains") {
    expected.how = ExpectedValue::How::contains;
    expected.text = compile_template(value.text(), Escape::none, names, value.mark(), diagnostics);
  } else {
    expected.how = ExpectedValue::How::matches;
    auto pattern = Pattern::compile(value.text());
    if (!pattern) {
      diagnostics.add(value.mark(), pattern.error().message);
      return;
    }
    expected.pattern = *std::move(pattern);
  }
  any_of.push_back(std::move(expected));
}

void compile_values(const yaml::Node& node, JsonExpectation& expectation, Names& names, Diagnostics& diagnostics) {
  if (node.is_map()) return compile_comparison(node, expectation.any_of, names, diagnostics);
  if ((node.is_list() && node.items().empty())) {
    diagnostics.add(node.mark(), "expected a value or a list of values that may stand there");
    return;
  }
  const auto add = [&](const yaml::Node& item) {
    if (item.is_list() || item.is_map()) {
      diagnostics.add(item.mark(), "expected a text, a number, true, false or null");
      return;
    }
    const std::string text = item.is_null() ? "null" : item.text();
    ExpectedValue expected;
    expected.type = type_of(item);
    expected.text = compile_template(text, Escape::none, names, item.mark(), diagnostics);
    expectation.any_of.push_back(std::move(expected));
  };
  if (!node.is_list()) return add(node);
  for (const yaml::Node& item : node.items()) add(item);
}

void compile_json_expectations(const yaml::Node& node, Expectation& expectation, Names& names,
                               Diagnostics& diagnostics) {
  for (const auto& [key, value] : node.entries()) {
    auto path = JsonPath::parse(key.text());
    if (!path) {
      diagnostics.add(key.mark(), path.error().message);
      continue;
    }
    expectation.json.push_back({*std::move(path), {}});
    compile_values(value, expectation.json.back(), names, diagnostics);
  }
}

/// A text, a list of texts, or a comparison: of headers, and of the body.
std::vector<ExpectedValue> compile_texts(const yaml::Node& node, ExpectedValue::How plain, Names& names,
                                         Diagnostics& diagnostics) {
  std::vector<ExpectedValue> any_of;
  if (node.is_map()) {
    compile_comparison(node, any_of, names, diagnostics);
    return any_of;
  }
  const auto add = [&](const yaml::Node& item) {
    ExpectedValue expected;
    expected.how = plain;
    expected.text = compile_template(item.text(), Escape::none, names, item.mark(), diagnostics);
    any_of.push_back(std::move(expected));
  };
  if (node.is_scalar()) add(node);
  for (const yaml::Node& item : node.items()) add(item);
  return any_of;
}

void compile_latency(const yaml::Node& node, Expectation& expectation, Diagnostics& diagnostics) {
  std::string_view text = node.text();
  if (text.starts_with('<')) text.remove_prefix(1);
  while (text.starts_with(' ')) text.remove_prefix(1);
  const auto limit = parse_duration(text);
  if (!limit) {
    diagnostics.add(node.mark(), limit.error().message);
  } else {
    expectation.latency = *limit;
  }
}

}  // namespace

Expectation compile_expectation(const yaml::Node* node, Names& names, Diagnostics& diagnostics) {
  Expectation expectation;
  if (node == nullptr) return expectation;
  if (node->entries().empty())
    diagnostics.add(node->mark(), "an empty condition; name status, json, header, body or latency");
  if (const yaml::Node* status = node->find("status")) compile_statuses(*status, expectation, diagnostics);
  if (const yaml::Node* json = node->find("json")) compile_json_expectations(*json, expectation, names, diagnostics);
  if (const yaml::Node* headers = node->find("header")) {
    for (const auto& [name, value] : headers->entries()) {
      expectation.headers.push_back(
          {name.text(), compile_texts(value, ExpectedValue::How::equals, names, diagnostics)});
    }
  }
  if (const yaml::Node* body = node->find("body")) {
    expectation.body = compile_texts(*body, ExpectedValue::How::contains, names, diagnostics);
  }
  if (const yaml::Node* latency = node->find("latency")) compile_latency(*latency, expectation, diagnostics);
  return expectation;
}

}  // namespace tidegate::loadgen
