#pragma once
// The functions of templates, keyed by the name that the user writes: `${int(100, 500000)}`.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "loadgen/template.hpp"

namespace tidegate::loadgen {

struct Argument {
  std::string text;
  bool quoted = false;
};

struct FunctionInfo {
  std::string_view name;
  std::string_view usage;  ///< int(LOW, HIGH)
  std::string_view doc;
  /// Fills the slot from the arguments; the error says what they should be.
  Result<void> (*build)(const std::vector<Argument>& arguments, Slot& slot);
  bool takes_values = false;  ///< the arguments are names, calls or texts in quotes, rendered each time
};

std::span<const FunctionInfo> functions();
/// `hex` or `base64`, the last argument of a digest.
bool is_encoding(std::string_view text) noexcept;

}  // namespace tidegate::loadgen
