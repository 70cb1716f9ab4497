#pragma once
// JSON log lines on standard error, one object a line: ts, level, component, message and fields (spdlog underneath).
// Values of fields named authorization, cookie, token, card or api_key are written as "***", in either case, with - for
// _ and after a prefix (Set-Cookie, operator_token).

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.hpp"

namespace tidegate::log {

enum class Level { debug, info, warn, error };
using Fields = std::initializer_list<std::pair<std::string_view, std::string>>;

/// Once, at the start of a program: the component name on each line and the lowest level written.
void configure(std::string component, Level lowest = Level::info);
/// One line without its line feed, as `write` writes it; `unix_time` since the epoch. Bytes that are no UTF-8 become
/// U+FFFD.
std::string format_line(Nanoseconds unix_time, Level level, std::string_view component, std::string_view message,
                        Fields fields);

/// Thread-safe; never throws.
void write(Level level, std::string_view message, Fields fields = {});
inline void debug(std::string_view message, Fields fields = {}) {
  write(Level::debug, message, fields);
}
inline void info(std::string_view message, Fields fields = {}) {
  write(Level::info, message, fields);
}
inline void warn(std::string_view message, Fields fields = {}) {
  write(Level::warn, message, fields);
}
inline void error(std::string_view message, Fields fields = {}) {
  write(Level::error, message, fields);
}

}  // namespace tidegate::log
