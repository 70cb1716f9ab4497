#pragma once
// Reading the members of an event's `data`, shared by the event files. Private to platform/events.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"

namespace tidegate::platform {

/// Three capital letters.
bool is_currency(std::string_view text);

namespace event_data {

inline Error bad(std::string_view what) {
  return protocol_error("event data: " + std::string(what));
}

/// `amount`, a whole number above 0 of the currency's minor units, and `currency`.
Result<void> read_money(const json::object& data, std::int64_t& amount, std::string& currency);
/// A required text.
Result<void> read_text(const json::object& data, std::string_view key, std::string& target);
/// An optional whole number from 0; absent leaves `target` alone, anything else is an error.
Result<void> read_count(const json::object& data, std::string_view key, std::int64_t& target);
/// Optional texts and numbers are written only when there is something to say, so that old readers see old events.
void put(json::object& data, std::string_view key, std::string_view value);
void put(json::object& data, std::string_view key, std::int64_t value);

}  // namespace event_data
}  // namespace tidegate::platform
