#include "loadgen/names.hpp"

#include <algorithm>

#include "base/http/characters.hpp"
#include "base/units.hpp"
#include "loadgen/functions.hpp"
#include "loadgen/quotes.hpp"

namespace tidegate::loadgen {
namespace {

std::string quoted(std::string_view text) {
  return "'" + std::string(text) + "'";
}

/// Up to the next comma outside of brackets and quotes.
std::size_t argument_length(std::string_view text) {
  int depth = 0;
  return first_outside_quotes(text, [&depth](char c) {
    if (c == '(') ++depth;
    if (c == ')') --depth;
    return c == ',' && depth <= 0;
  });
}

/// Splits `1, "a, b", c`; nullopt when a quote is not closed or an argument is missing.
std::optional<std::vector<Argument>> split_arguments(std::string_view text) {
  std::vector<Argument> arguments;
  text = http::trimmed(text);
  if (text.empty()) return arguments;
  for (;;) {
    text = http::trimmed(text);
    Argument argument;
    std::size_t length = 0;
    if (!text.empty() && (text.front() == '"' || text.front() == '\'')) {
      const std::size_t close = text.find(text.front(), 1);
      if (close == std::string_view::npos) return std::nullopt;
      argument = {std::string(text.substr(1, close - 1)), true};
      length = close + 1;
    } else {
      length = argument_length(text);
      argument.text = std::string(http::trimmed(text.substr(0, length)));
      if (argument.text.empty()) return std::nullopt;
    }
    arguments.push_back(std::move(argument));
    text = http::trimmed(text.substr(length));
    if (text.empty()) return arguments;
    if (text.front() != ',') return std::nullopt;
    text.remove_prefix(1);
  }
}

template <typename Range, typename Name>
std::vector<std::string> names_of(const Range& range, Name name) {
  std::vector<std::string> names;
  for (const auto& item : range) names.emplace_back(name(item));
  return names;
}

}  // namespace

std::uint32_t Names::add_capture(const std::string& name) {
  const auto found = std::find(captures_.begin(), captures_.end(), name);
  if (found != captures_.end()) return static_cast<std::uint32_t>(found - captures_.begin());
  captures_.push_back(name);
  return static_cast<std::uint32_t>(captures_.size() - 1);
}

bool Names::visible(std::uint32_t feeder) const {
  if (limited_) return only_feeder_ == feeder;
  return !before_ || feeder < *before_;
}

std::optional<Slot> Names::resolve(std::string_view expression, const Mark& mark, Diagnostics& diagnostics) {
  const std::string_view text = http::trimmed(expression);
  if (text.empty()) {
    diagnostics.add(mark, "nothing stands between ${ and }");
    return std::nullopt;
  }
  std::optional<Slot> slot;
  const std::size_t dot = text.find('.'), bracket = text.find('(');
  if (bracket != std::string_view::npos) {
    slot = resolve_call(text, mark, diagnostics);
  } else if (dot != std::string_view::npos) {
    slot = resolve_dotted(text.substr(0, dot), text.substr(dot + 1), mark, diagnostics);
  } else {
    slot = resolve_variable(text, mark, diagnostics);
  }
  if (slot && slot->name.empty()) slot->name = std::string(text);
  return slot;
}

std::vector<Template> Names::resolve_values(const std::vector<Argument>& arguments, const Mark& mark,
                                            Diagnostics& diagnostics) {
  std::vector<Template> values;
  for (const Argument& argument : arguments) {
    if (argument.quoted) {
      values.push_back(compile_template(argument.text, Escape::none, *this, mark, diagnostics));
    } else if (is_encoding(argument.text)) {
      continue;
    } else if (auto slot = resolve(argument.text, mark, diagnostics)) {
      values.emplace_back();
      values.back().append_slot(*std::move(slot), Escape::none);
    }
  }
  return values;
}

std::optional<Slot> Names::resolve_call(std::string_view text, const Mark& mark, Diagnostics& diagnostics) {
  const std::size_t bracket = text.find('(');
  const std::string_view name = http::trimmed(text.substr(0, bracket));
  const auto known = functions();
  const auto function =
      std::find_if(known.begin(), known.end(), [&](const FunctionInfo& candidate) { return candidate.name == name; });
  if (function == known.end()) {
    diagnostics.add(mark, "unknown function " + quoted(name),
                    nearest_spelling(name, names_of(known, [](const auto& info) { return info.name; })));
    return std::nullopt;
  }
  const auto arguments =
      text.ends_with(')') ? split_arguments(text.substr(bracket + 1, text.size() - bracket - 2)) : std::nullopt;
  if (!arguments) {
    diagnostics.add(mark, quoted(text) + " is not a call; write " + std::string(function->usage));
    return std::nullopt;
  }
  Slot slot;
  if (const auto built = function->build(*arguments, slot); !built) {
    diagnostics.add(mark, quoted(text) + ": " + built.error().message);
    return std::nullopt;
  }
  slot.stream = substream(stream_, functions_++);
  if (function->takes_values) {
    const std::size_t before = diagnostics.size();
    slot.arguments = resolve_values(*arguments, mark, diagnostics);
    if (diagnostics.size() != before) return std::nullopt;
  }
  return slot;
}

std::optional<Slot> Names::resolve_dotted(std::string_view owner, std::string_view member, const Mark& mark,
                                          Diagnostics& diagnostics) {
  if (owner == "request") {
    if (member == "body" && body_allowed_) {
      Slot slot;
      slot.source = Slot::Source::body;
      return slot;
    }
    diagnostics.add(mark, member == "body"
                              ? "'request.body' can stand in headers only"
                              : "a request has no '" + std::string(member) + "'; headers may use request.body");
    return std::nullopt;
  }
  if (owner == "stack") return resolve_stack(member, mark, diagnostics);
  if (owner == "env") {
    Slot slot;
    slot.source = Slot::Source::environment;
    slot.name = std::string(member);
    return slot;
  }
  std::vector<std::string> known{"stack", "env"};
  for (std::uint32_t i = 0; i < plan_.feeders.size(); ++i) {
    if (visible(i) && plan_.feeders[i].name == owner) return resolve_column(i, member, mark, diagnostics);
    if (visible(i)) known.push_back(plan_.feeders[i].name);
  }
  const auto hidden = std::find_if(plan_.feeders.begin(), plan_.feeders.end(),
                                   [&](const Feeder& feeder) { return feeder.name == owner; });
  if (hidden != plan_.feeders.end()) {
    diagnostics.add(mark, limited_ ? "feeder " + quoted(owner) + " has no row here; add for_each: " + std::string(owner)
                                   : "feeder " + quoted(owner) + " stands later in data; put it before this one");
  } else {
    diagnostics.add(mark, "unknown feeder " + quoted(owner), nearest_spelling(owner, known));
  }
  return std::nullopt;
}

std::optional<Slot> Names::resolve_stack(std::string_view member, const Mark& mark, Diagnostics& diagnostics) const {
  if (stack_names_ && std::find(stack_names_->begin(), stack_names_->end(), member) == stack_names_->end()) {
    diagnostics.add(mark, "the stack has no value named " + quoted(member), nearest_spelling(member, *stack_names_));
    return std::nullopt;
  }
  Slot slot;
  slot.source = Slot::Source::stack;
  slot.name = std::string(member);
  return slot;
}

std::optional<Slot> Names::resolve_column(std::uint32_t feeder, std::string_view column, const Mark& mark,
                                          Diagnostics& diagnostics) const {
  const std::vector<std::string>& columns = plan_.feeders[feeder].columns;
  const auto found = std::find(columns.begin(), columns.end(), column);
  if (found == columns.end() && !plan_.feeders[feeder].unreadable) {
    diagnostics.add(mark, "feeder " + quoted(plan_.feeders[feeder].name) + " has no column " + quoted(column),
                    nearest_spelling(column, columns));
    return std::nullopt;
  }
  Slot slot;
  slot.source = Slot::Source::column;
  slot.first = feeder;
  slot.second = static_cast<std::uint32_t>(found - columns.begin());
  return slot;
}

std::optional<Slot> Names::resolve_variable(std::string_view name, const Mark& mark, Diagnostics& diagnostics) const {
  Slot slot;
  if (const auto found = std::find(captures_.begin(), captures_.end(), name); found != captures_.end()) {
    slot.source = Slot::Source::capture;
    slot.first = static_cast<std::uint32_t>(found - captures_.begin());
    return slot;
  }
  const auto variable = std::find(plan_.variables.begin(), plan_.variables.end(), name);
  if (variable != plan_.variables.end()) {
    slot.source = Slot::Source::variable;
    slot.first = static_cast<std::uint32_t>(variable - plan_.variables.begin());
    return slot;
  }
  const auto later =
      std::find_if(later_.begin(), later_.end(), [&](const auto& candidate) { return candidate.first == name; });
  if (later != later_.end()) {
    diagnostics.add(mark, quoted(name) + " is used before " + later->second + " captures it");
    return std::nullopt;
  }
  std::vector<std::string> known = captures_;
  known.insert(known.end(), plan_.variables.begin(), plan_.variables.end());
  for (const auto& candidate : later_) known.push_back(candidate.first);
  for (const Feeder& feeder : plan_.feeders) {
    if (feeder.name != name) continue;
    diagnostics.add(mark, quoted(name) + " is a feeder; name a column, as in ${" + std::string(name) + "." +
                              (feeder.columns.empty() ? "column" : feeder.columns[0]) + "}");
    return std::nullopt;
  }
  diagnostics.add(mark, "unknown variable " + quoted(name), nearest_spelling(name, known));
  return std::nullopt;
}

Template compile_template(std::string_view text, Escape escape, Names& names, const Mark& mark,
                          Diagnostics& diagnostics) {
  Template out;
  const auto literal = [&](std::string_view part) {
    std::string escaped;
    const bool encoded = escape == Escape::json_string || escape == Escape::form;
    append_escaped(escaped, part, encoded ? escape : Escape::none);
    out.append_literal(escaped);
  };
  while (!text.empty()) {
    const std::size_t start = std::min(text.find("${"), text.size());
    if (start > 0 && start < text.size() && text[start - 1] == '$') {
      literal(text.substr(0, start - 1));
      literal("${");
      text.remove_prefix(start + 2);
      continue;
    }
    literal(text.substr(0, start));
    text.remove_prefix(start);
    if (text.empty()) break;
    const std::size_t close = 2 + slot_length(text.substr(2));
    if (close >= text.size()) {
      diagnostics.add(mark, "${ is not closed by }");
      break;
    }
    auto slot = names.resolve(text.substr(2, close - 2), mark, diagnostics);
    if (slot) out.append_slot(*std::move(slot), escape);
    text.remove_prefix(close + 1);
  }
  return out;
}

}  // namespace tidegate::loadgen
