#include "loadgen/json_scan.hpp"

#include "base/http/characters.hpp"

namespace tidegate::loadgen {
namespace {

using http::is_digit;

bool is_hex(char c) {
  return http::hex_value(c) >= 0;
}

bool same_key(const JsonSlice& key, std::string_view wanted) {
  if (!key.escaped) return key.raw == wanted;
  std::string text;
  key.append_text(text);
  return text == wanted;
}

}  // namespace

bool JsonScanner::take_word(std::string_view word) noexcept {
  if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(word)) return false;
  at_ += word.size();
  return true;
}

bool JsonScanner::take_digits() noexcept {
  const char* const start = at_;
  while (at_ != end_ && is_digit(*at_)) ++at_;
  return at_ != start;
}

std::optional<JsonSlice> JsonScanner::string() {
  if (!take('"')) return std::nullopt;
  JsonSlice slice{JsonSlice::Type::string, {}, false};
  const char* const start = at_;
  while (at_ != end_ && *at_ != '"') {
    if (static_cast<unsigned char>(*at_) < 0x20) return std::nullopt;
    if (*at_++ != '\\') continue;
    slice.escaped = true;
    if (at_ == end_) return std::nullopt;
    const char kind = *at_++;
    if (std::string_view("\"\\/bfnrtu").find(kind) == std::string_view::npos) return std::nullopt;
    for (int i = 0; kind == 'u' && i < 4; ++i, ++at_) {
      if (at_ == end_ || !is_hex(*at_)) return std::nullopt;
    }
  }
  slice.raw = {start, static_cast<std::size_t>(at_ - start)};
  if (!take('"')) return std::nullopt;
  return slice;
}

std::optional<JsonSlice> JsonScanner::number() {
  const char* const start = at_;
  take('-');
  if (!take('0') && !take_digits()) return std::nullopt;
  if (take('.') && !take_digits()) return std::nullopt;
  if (take('e') || take('E')) {
    if (!take('+')) take('-');
    if (!take_digits()) return std::nullopt;
  }
  return JsonSlice{JsonSlice::Type::number, {start, static_cast<std::size_t>(at_ - start)}, false};
}

bool JsonScanner::skip_collection(char close, bool members, int depth) {
  ++at_;
  skip_space();
  if (take(close)) return true;
  for (;;) {
    skip_space();
    if (members) {
      if (!string()) return false;
      skip_space();
      if (!take(':')) return false;
    }
    if (!value(depth + 1)) return false;
    skip_space();
    if (take(close)) return true;
    if (!take(',')) return false;
  }
}

std::optional<JsonSlice> JsonScanner::value(int depth) {
  using Type = JsonSlice::Type;
  skip_space();
  if (at_ == end_ || depth >= kDeepest) return std::nullopt;
  const char* const start = at_;
  const auto slice = [&](Type type) { return JsonSlice{type, {start, static_cast<std::size_t>(at_ - start)}, false}; };
  switch (*at_) {
    case '"':
      return string();
    case '{':
      return skip_collection('}', true, depth) ? std::optional(slice(Type::object)) : std::nullopt;
    case '[':
      return skip_collection(']', false, depth) ? std::optional(slice(Type::array)) : std::nullopt;
    case 't':
      return take_word("true") ? std::optional(slice(Type::boolean)) : std::nullopt;
    case 'f':
      return take_word("false") ? std::optional(slice(Type::boolean)) : std::nullopt;
    case 'n':
      return take_word("null") ? std::optional(slice(Type::null)) : std::nullopt;
    default:
      return number();
  }
}

bool JsonScanner::enter_member(std::string_view key, int depth) {
  skip_space();
  if (depth >= kDeepest || !take('{')) return false;
  for (;;) {
    skip_space();
    const auto name = string();
    skip_space();
    if (!name || !take(':')) return false;
    if (same_key(*name, key)) return true;
    if (!value(depth + 1)) return false;
    skip_space();
    if (!take(',')) return false;
  }
}

bool JsonScanner::enter_element(std::size_t index, int depth) {
  skip_space();
  if (depth >= kDeepest || !take('[')) return false;
  for (std::size_t i = 0; i < index; ++i) {
    if (!value(depth + 1)) return false;
    skip_space();
    if (!take(',')) return false;
  }
  return true;
}

}  // namespace tidegate::loadgen
