#pragma once
// W3C Trace Context (https://www.w3.org/TR/trace-context/), version 00: `00-TRACEID-SPANID-FLAGS`.

#include <string>
#include <string_view>

namespace tidegate::platform {

/// The next span of the caller's trace when `incoming` is a valid traceparent, else the first span of a new trace.
/// Thread-safe.
std::string continue_trace(std::string_view incoming);
bool is_traceparent(std::string_view text) noexcept;
/// The 32 hex digits of the trace, empty when invalid: for log lines.
std::string_view trace_id(std::string_view traceparent) noexcept;

}  // namespace tidegate::platform
