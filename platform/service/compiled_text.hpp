#pragma once
// Texts by compiled formats, for what every payment needs several of.

#include <fmt/compile.h>
#include <fmt/format.h>

#include <string>

namespace tidegate::platform {

/// compiled_text(FMT_COMPILE("{}/{}"), a, b). fmt::format() of such a format grows its string as it goes; this one is
/// made on the stack.
template <typename Format, typename... Values>
std::string compiled_text(const Format& format, const Values&... values) {
  fmt::memory_buffer text;
  fmt::format_to(fmt::appender(text), format, values...);
  return fmt::to_string(text);
}

}  // namespace tidegate::platform
