#pragma once
// Trace ids of requests whose key is known, so that whoever sees one of the two on the way knows the other.
// Source: W3C Trace Context, "traceparent".

#include <string>
#include <string_view>

namespace tidegate {

/// 32 hex digits, never all zero, a pure function of the key.
std::string trace_id_for(std::string_view key);
/// A whole traceparent, sampled, with that trace id and a parent id that derives from the key too.
std::string traceparent_for(std::string_view key);

}  // namespace tidegate
