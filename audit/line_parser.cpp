#include "audit/line_parser.hpp"

#include <simdjson.h>

#include <array>
#include <charconv>

#include "base/assert.hpp"
#include "record/truth.hpp"

namespace tidegate::audit {
namespace {

namespace dom = simdjson::dom;
static_assert(record::kLinePadding >= simdjson::SIMDJSON_PADDING);

/// The digits of identifiers that are numbers, one place per member.
using Digits = std::array<char, 24>;
constexpr std::size_t kMostMembers = 16;

// False when the value is of another type than the member's.
bool read_value(const dom::element& value, Member& member, Digits& digits) {
  if (value.is_null()) return true;
  member.present = true;
  if (member.type == Member::Type::text || value.is_string()) {
    return member.type != Member::Type::integer && value.get_string().get(member.text) == simdjson::SUCCESS;
  }
  if (!value.is_int64() || value.get_int64().get(member.number) != simdjson::SUCCESS) return false;
  if (member.type == Member::Type::identifier) {
    const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), member.number);
    member.text = {digits.data(), static_cast<std::size_t>(written.ptr - digits.data())};
  }
  return true;
}

// Exports write their members in one order, so the one after the last is tried first.
std::size_t find(std::span<const Member> members, std::string_view name, std::size_t& next) {
  for (std::size_t tried = 0; tried < members.size(); ++tried) {
    const std::size_t index = next + tried < members.size() ? next + tried : next + tried - members.size();
    if (members[index].name == name) {
      next = index + 1 < members.size() ? index + 1 : 0;
      return index;
    }
  }
  return members.size();
}

}  // namespace

struct LineParser::State {
  dom::parser parser;
  std::array<Digits, kMostMembers> digits;
};

LineParser::LineParser() : state_(std::make_unique<State>()) {}
LineParser::~LineParser() = default;

bool LineParser::parse(std::string_view line, std::span<Member> members) {
  TIDEGATE_ASSERT(members.size() <= kMostMembers);
  for (Member& member : members) member.present = false;
  dom::object object;
  if (state_->parser.parse(line.data(), line.size(), false).get_object().get(object) != simdjson::SUCCESS) {
    problem_ = "it is not a JSON object";
    return false;
  }
  std::size_t next = 0;
  for (const auto field : object) {
    const std::size_t index = find(members, field.key, next);
    if (index == members.size()) continue;
    Member& member = members[index];
    if (member.present || !read_value(field.value, member, state_->digits[index])) {
      problem_ = "'" + std::string(member.name) + "' is not " +
                 (member.type == Member::Type::integer ? "a whole number" : "a text") + ", or is there twice";
      return false;
    }
  }
  for (const Member& member : members) {
    if (member.present || member.need == Member::Need::optional) continue;
    problem_ = "it lacks '" + std::string(member.name) + "'";
    return false;
  }
  return true;
}

}  // namespace tidegate::audit
