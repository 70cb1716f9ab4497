#pragma once
// JSON on one line with numbers as people write them (16.5, not 1.65E1), for lines of logs and data inside pages.

#include <string>
#include <string_view>

#include "base/json.hpp"

namespace tidegate::record {

/// Control characters and invalid UTF-8 never reach the output raw: bytes that are not UTF-8 become U+FFFD.
/// Numbers that JSON cannot hold (NaN, infinities) become null.
std::string compact_json(const json::value& value);
void append_json(std::string& out, const json::value& value);
/// A JSON text in its quotes.
void append_json_text(std::string& out, std::string_view text);

/// The text with each byte that is no UTF-8 replaced by U+FFFD: keys that were cut inside a character, hostile answers.
std::string valid_utf8(std::string_view text);
/// The same for every text and key inside a value, so that what is written can be read again.
void make_valid_utf8(json::value& value);

}  // namespace tidegate::record
