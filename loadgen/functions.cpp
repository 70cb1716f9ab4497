#include "loadgen/functions.hpp"

#include <algorithm>

#include "base/units.hpp"

namespace tidegate::loadgen {
namespace {

using Arguments = std::vector<Argument>;

Result<void> no_arguments(const Arguments& arguments, const char* usage) {
  if (arguments.empty()) return {};
  return usage_error(std::string("it takes no arguments: ") + usage);
}

Result<void> build_uuid(const Arguments& arguments, Slot& slot) {
  slot.source = Slot::Source::uuid;
  return no_arguments(arguments, "uuid()");
}

Result<void> build_now(const Arguments& arguments, Slot& slot) {
  slot.source = Slot::Source::now;
  return no_arguments(arguments, "now()");
}

Result<void> build_integer(const Arguments& arguments, Slot& slot) {
  slot.source = Slot::Source::integer;
  const Error refused = usage_error("it takes the lowest and the highest whole number: int(1, 100)");
  if (arguments.size() != 2) return refused;
  const auto low = parse_integer(arguments[0].text), high = parse_integer(arguments[1].text);
  if (!low || !high || *low > *high) return refused;
  slot.low = *low;
  slot.high = *high;
  return {};
}

Result<void> build_pick(const Arguments& arguments, Slot& slot) {
  slot.source = Slot::Source::pick;
  if (arguments.empty()) return usage_error("it takes what to choose from: pick(EUR, USD)");
  slot.numeric_choices = std::all_of(arguments.begin(), arguments.end(), [](const Argument& argument) {
    return !argument.quoted && parse_integer(argument.text).ok();
  });
  for (const Argument& argument : arguments) slot.choices.push_back(argument.text);
  return {};
}

constexpr FunctionInfo kFunctions[] = {
    {"uuid", "uuid()", "A version-4 UUID.", build_uuid},
    {"int", "int(LOW, HIGH)", "A whole number, uniform, both ends included; a JSON number when it stands alone.",
     build_integer},
    {"pick", "pick(A, B, ...)", "One of the arguments, each as likely as the others.", build_pick},
    {"now", "now()", "Milliseconds since the Unix epoch when the step is rendered; a JSON number when it stands alone.",
     build_now},
};

}  // namespace

std::span<const FunctionInfo> functions() {
  return kFunctions;
}

}  // namespace tidegate::loadgen
