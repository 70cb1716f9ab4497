#include <algorithm>

#include "base/random.hpp"
#include "base/units.hpp"
#include "loadgen/compile.hpp"

namespace tidegate::loadgen {
namespace {

std::optional<std::uint32_t> find_feeder(const yaml::Node& name, CompileContext& context) {
  std::vector<std::string> known;
  for (std::uint32_t i = 0; i < context.plan.feeders.size(); ++i) {
    const Feeder& feeder = context.plan.feeders[i];
    const bool generated = !feeder.table && !feeder.unreadable;
    if (feeder.name == name.text() && generated) {
      context.diagnostics.add(name.mark(),
                              "for_each needs a feeder with a file; '" + name.text() + "' is generated without end");
      return std::nullopt;
    }
    if (feeder.name == name.text()) return i;
    if (!generated) known.push_back(feeder.name);
  }
  context.diagnostics.add(name.mark(), "unknown feeder '" + name.text() + "'", nearest_spelling(name.text(), known));
  return std::nullopt;
}

/// Numbers the captured names: columns of the feeder, or set-up variables. A name captured again keeps its number.
void place_captures(SetupStep& step, CompileContext& context, const yaml::Node& node) {
  for (Capture& capture : step.captures) {
    std::vector<std::string>& known =
        step.for_each ? context.plan.feeders[*step.for_each].columns : context.plan.variables;
    const std::size_t fixed = step.for_each ? context.plan.feeders[*step.for_each].file_columns() : 0;
    const auto found = std::find(known.begin(), known.end(), capture.name);
    const auto place = static_cast<std::size_t>(found - known.begin());
    if (found == known.end()) {
      known.push_back(capture.name);
    } else if (place < fixed) {
      context.diagnostics.add(node.find("capture")->mark(),
                              "'" + capture.name + "' is a column of the file already; capture it under another name");
      continue;
    }
    capture.variable = static_cast<std::uint32_t>(place - fixed);
  }
}

/// `kind`: "set-up" or "tear-down".
SetupStep compile_step(const yaml::Node& node, std::size_t index, const std::string& kind, CompileContext& context) {
  SetupStep step;
  step.kind = kind;
  const auto methods = std::count_if(kMethods.begin(), kMethods.end(), [&](const char* key) { return node.find(key); });
  if (methods + (node.find("request") != nullptr) != 1) {
    context.diagnostics.add(node.mark(), "a " + kind +
                                             " step needs exactly one of get, post, put, patch, delete, head, options, "
                                             "trace and request");
    return step;
  }
  if (const yaml::Node* feeder = node.find("for_each")) {
    step.for_each = find_feeder(*feeder, context);
    if (!step.for_each) return step;
  }
  Names names = context.names();
  names.limit_to_row(step.for_each);
  names.set_stream(substream(stable_hash(kind == "set-up" ? "setup" : "teardown"), index));
  step.request = compile_any_request(node, names, context);
  step.timeout = timeout_at(node, step.timeout, context.diagnostics);
  step.expect = compile_expectation(node.find("expect"), names, context.diagnostics);
  if (node.find("expect") == nullptr || node.find("expect")->find("status") == nullptr)
    step.expect.statuses = {{200, 299}};
  const yaml::Node* name = node.find("name");
  step.name = name != nullptr ? name->text() : default_name(step.request);
  step.captures = compile_captures(node.find("capture"), context.diagnostics);
  place_captures(step, context, node);
  return step;
}

}  // namespace

void compile_setup(CompileContext& context) {
  if (context.input.setup == nullptr) return;
  for (std::size_t i = 0; i < context.input.setup->items().size(); ++i) {
    context.plan.setup.push_back(compile_step(context.input.setup->items()[i], i, "set-up", context));
  }
}

void compile_teardown(CompileContext& context) {
  if (context.input.teardown == nullptr) return;
  for (std::size_t i = 0; i < context.input.teardown->items().size(); ++i) {
    context.plan.teardown.push_back(compile_step(context.input.teardown->items()[i], i, "tear-down", context));
  }
}

}  // namespace tidegate::loadgen
