#include "platform/service/json_body.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.hpp"

namespace tidegate::platform {
namespace {

/// Members as written, those given twice counted twice: the colons outside texts of what is known to be JSON.
std::size_t members_written(std::string_view body) {
  std::size_t colons = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (in_text && body[i] == '\\') {
      ++i;
    } else if (body[i] == '"') {
      in_text = !in_text;
    } else if (!in_text && body[i] == ':') {
      ++colons;
    }
  }
  return colons;
}

std::size_t members_of(const json::value& value) {
  std::size_t count = 0;
  if (value.is_object()) {
    count = value.get_object().size();
    for (const auto& member : value.get_object()) count += members_of(member.value());
  } else if (value.is_array()) {
    for (const json::value& item : value.get_array()) count += members_of(item);
  }
  return count;
}

}  // namespace

Result<json::object> parse_json_object(std::string_view body) {
  auto parsed = parse_json(body);
  if (!parsed) return usage_error("the body is not JSON: " + parsed.error().message);
  if (!parsed->is_object()) return usage_error("the body is not a JSON object");
  if (members_of(*parsed) != members_written(body)) return usage_error("a member of the body is given twice");
  return std::move(parsed->get_object());
}

Result<void> check_members(const json::object& object, std::span<const std::string_view> known) {
  for (const auto& member : object) {
    const std::string_view name = member.key();
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string near = nearest_spelling(name.substr(0, 40), known);
    return usage_error(
        fmt::format("unknown member '{}'{}", name.substr(0, 40), near.empty() ? "" : "; did you mean '" + near + "'?"));
  }
  return {};
}

}  // namespace tidegate::platform
