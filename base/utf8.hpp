#pragma once
// UTF-8 as RFC 3629 has it, one character at a time.

#include <cstddef>
#include <string_view>

namespace tidegate {

/// How many bytes the character at the front takes; 0 when there is none (overlong forms and surrogates are none).
std::size_t utf8_length(std::string_view text) noexcept;

}  // namespace tidegate
