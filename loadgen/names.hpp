#pragma once
// Which names a template may use where it stands, and what they resolve to.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.hpp"
#include "loadgen/compiled.hpp"
#include "loadgen/functions.hpp"

namespace tidegate::loadgen {

class Names {
 public:
  Names(const CompiledPlan& plan, const std::optional<std::vector<std::string>>& stack_names)
      : plan_(plan), stack_names_(stack_names) {}

  /// In set-up, only this feeder has a row (nullopt: none has), and answers are captured per row.
  void limit_to_row(std::optional<std::uint32_t> feeder) {
    limited_ = true;
    only_feeder_ = feeder;
  }
  /// In generated columns: only the feeders before this one, so that rows cannot depend on themselves.
  void limit_to_before(std::uint32_t feeder) { before_ = feeder; }
  /// Where randomness is drawn from: each function written under it gets a stream of its own.
  /// Whether `${request.body}` may stand here: in headers.
  void allow_body(bool allowed) { body_allowed_ = allowed; }
  void set_stream(std::uint64_t stream) {
    stream_ = stream;
    functions_ = 0;
  }
  /// `${name}` of an earlier step's capture; numbered in order of appearance.
  std::uint32_t add_capture(const std::string& name);
  std::uint32_t captures() const { return static_cast<std::uint32_t>(captures_.size()); }
  /// A step that comes later, "step 'pay'", captures this: for the message "used before".
  void add_later_capture(const std::string& name, const std::string& step) { later_.emplace_back(name, step); }

  /// What stands between `${` and `}`. Adds a diagnostic when it means nothing.
  std::optional<Slot> resolve(std::string_view expression, const Mark& mark, Diagnostics& diagnostics);

 private:
  /// The arguments of a function that takes values: texts in quotes may hold slots, the rest is named or called.
  std::vector<Template> resolve_values(const std::vector<Argument>& arguments, const Mark& mark,
                                       Diagnostics& diagnostics);
  std::optional<Slot> resolve_call(std::string_view expression, const Mark& mark, Diagnostics& diagnostics);
  std::optional<Slot> resolve_dotted(std::string_view owner, std::string_view member, const Mark& mark,
                                     Diagnostics& diagnostics);
  std::optional<Slot> resolve_stack(std::string_view member, const Mark& mark, Diagnostics& diagnostics) const;
  std::optional<Slot> resolve_column(std::uint32_t feeder, std::string_view column, const Mark& mark,
                                     Diagnostics& diagnostics) const;
  std::optional<Slot> resolve_variable(std::string_view name, const Mark& mark, Diagnostics& diagnostics) const;
  bool visible(std::uint32_t feeder) const;

  const CompiledPlan& plan_;
  const std::optional<std::vector<std::string>>& stack_names_;
  bool limited_ = false, body_allowed_ = false;
  std::optional<std::uint32_t> only_feeder_;
  std::optional<std::uint32_t> before_;
  std::uint64_t stream_ = 0;
  std::uint64_t functions_ = 0;
  std::vector<std::string> captures_;
  std::vector<std::pair<std::string, std::string>> later_;
};

/// Compiles a text; `$${` stands for `${` itself. Each slot is escaped for its surroundings; literals are taken as
/// they are, except in JSON strings, where they are escaped.
Template compile_template(std::string_view text, Escape escape, Names& names, const Mark& mark,
                          Diagnostics& diagnostics);

}  // namespace tidegate::loadgen
