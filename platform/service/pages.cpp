#include "platform/service/pages.hpp"

#include <limits>

#include "platform/service/problem.hpp"

namespace tidegate::platform {
namespace {

constexpr std::int64_t kLargestCursor = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLargestPage = 10'000;

}  // namespace

Result<PageRequest> parse_page(const http::Request& request) {
  const auto after = integer_parameter(request, "after", 0, 0, kLargestCursor);
  const auto limit = integer_parameter(request, "limit", 1000, 1, kLargestPage);
  const auto as_of = integer_parameter(request, "as_of", -1, 0, kLargestCursor);
  if (!after) return usage_error("'after' must be a cursor that an earlier page gave, or 0");
  if (!limit) return usage_error("'limit' must be a whole number from 1 to 10000");
  if (!as_of) return usage_error("'as_of' must be the cursor that the first page gave");
  PageRequest page{*after, *limit, std::nullopt};
  if (*as_of >= 0) page.as_of = *as_of;
  return page;
}

json::object make_page(json::array items, std::optional<std::int64_t> next, std::int64_t as_of) {
  json::object page{{"items", std::move(items)}};
  if (next) {
    page["next"] = *next;
  } else {
    page["next"] = nullptr;
  }
  page["as_of"] = as_of;
  return page;
}

}  // namespace tidegate::platform
