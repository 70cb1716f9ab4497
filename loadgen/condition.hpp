#pragma once
// Conditions of `if` and `while`: `${kind} == express`, `${left} > 0`, `${name} ~ ^A`, or a value that is set.

#include <string_view>

#include "base/diagnostics.hpp"
#include "loadgen/compiled.hpp"
#include "loadgen/names.hpp"

namespace tidegate::loadgen {

struct RenderScope;

Condition compile_condition(std::string_view text, Names& names, const Mark& mark, Diagnostics& diagnostics);

/// Two numbers are compared as numbers, anything else as text. A value that was not captured is an empty text. Set
/// means: neither empty, nor `false`, nor `null`, nor `0`.
bool holds(const Condition& condition, const RenderScope& scope);

}  // namespace tidegate::loadgen
