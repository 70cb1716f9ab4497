// A point is the last numbers of all shards, "12.0.7"; a cursor is the number of a page's last item.

#include "platform/worker/sharded_export.hpp"

#include <algorithm>

#include "base/units.hpp"

namespace tidegate::platform {
namespace {

constexpr int kShardShift = 48;
constexpr std::int64_t kOwnNumber = (std::int64_t{1} << kShardShift) - 1;
constexpr std::int64_t kLargestPage = 10'000;

struct Export {
  std::vector<Connection*> readers;
  LastSequence last;
  ReadItems read;
  std::vector<std::string> members;
};

using Point = std::vector<std::int64_t>;

std::string text_of(const Point& point) {
  std::string text;
  for (const std::int64_t number : point) text.append(text.empty() ? "" : ".").append(std::to_string(number));
  return text;
}

std::optional<Point> point_from(std::string_view text, std::size_t shards) {
  Point point;
  while (!text.empty()) {
    const auto dot = text.find('.');
    const auto number = parse_integer(text.substr(0, dot));
    if (!number || *number < 0 || *number > kOwnNumber) return std::nullopt;
    point.push_back(*number);
    text = dot == std::string_view::npos ? std::string_view{} : text.substr(dot + 1);
  }
  return point.size() == shards ? std::optional(point) : std::nullopt;
}

Result<Point> point_now(const Export& all) {
  Point point;
  for (Connection* reader : all.readers) {
    const auto last = all.last(*reader);
    if (!last) return last.error();
    point.push_back(*last);
  }
  return point;
}

struct Page {
  json::array items;
  std::int64_t last = 0;  ///< the cursor of the last item
  bool whole = true;      ///< nothing is left up to the point
};

Result<void> add_shard(const Export& all, std::size_t shard, std::int64_t after, std::int64_t as_of, std::int64_t limit,
                       Page& page) {
  std::int64_t last = as_of;
  auto items = all.read(*all.readers[shard], after, as_of, limit, last);
  if (!items) return items.error();
  const std::int64_t place = static_cast<std::int64_t>(shard) << kShardShift;
  for (json::value& item : *items) {
    json::object& object = item.as_object();
    for (const std::string& member : all.members) {
      if (json::value* number = object.if_contains(member)) *number = place | number->as_int64();
    }
    page.items.push_back(std::move(item));
  }
  if (items->empty()) return {};
  page.last = place | last;
  page.whole = last >= as_of;
  return {};
}

Result<Page> read_page(const Export& all, const Point& point, std::int64_t after, std::int64_t limit) {
  Page page;
  std::int64_t own = after & kOwnNumber;
  for (auto shard = static_cast<std::size_t>(after >> kShardShift); shard < point.size(); ++shard, own = 0) {
    const std::int64_t room = limit - static_cast<std::int64_t>(page.items.size());
    if (room == 0) {
      page.whole = page.whole && point[shard] == 0;
      continue;
    }
    if (own >= point[shard]) continue;
    if (auto added = add_shard(all, shard, own, point[shard], room, page); !added) return added.error();
    if (!page.whole) break;
  }
  return page;
}

http::Response serve(const Export& all, const http::Request& request) {
  const std::int64_t largest = (static_cast<std::int64_t>(all.readers.size()) << kShardShift) - 1;
  const auto after = integer_parameter(request, "after", 0, 0, largest);
  if (!after) return problem(400, "'after' must be a cursor that an earlier page gave, or 0");
  const auto limit = integer_parameter(request, "limit", 1000, 1, kLargestPage);
  if (!limit) return problem(400, "'limit' must be a whole number from 1 to 10000");
  auto point = point_now(all);
  if (!point) return problem(503, "The store cannot be read at the moment.");
  if (const auto given = request.query_parameter("as_of")) {
    const auto earlier = point_from(*given, all.readers.size());
    if (!earlier) return problem(400, "'as_of' must be the point that the first page gave");
    for (std::size_t i = 0; i < earlier->size(); ++i) (*point)[i] = std::min((*point)[i], (*earlier)[i]);
    if (*point != *earlier) return problem(400, "'as_of' lies in the future: use the one that a page has named");
  }
  auto page = read_page(all, *point, *after, *limit);
  if (!page) return problem(503, "The store cannot be read at the moment.");
  json::value next = page->whole ? json::value(nullptr) : json::value(page->last);
  return json_response(
      200, json::object{{"items", std::move(page->items)}, {"next", std::move(next)}, {"as_of", text_of(*point)}});
}

}  // namespace

void add_sharded_export(ServiceRuntime& runtime, std::vector<Connection*> readers, const std::string& path,
                        LastSequence last, ReadItems read, std::vector<std::string> members) {
  if (readers.size() == 1) return add_export(runtime, *readers.front(), path, std::move(last), std::move(read));
  const Export all{std::move(readers), std::move(last), std::move(read), std::move(members)};
  runtime.router().add_immediate(
      "GET", path, runtime.operator_only(ImmediateHandler([all](const http::Request& request, std::string_view) {
        return serve(all, request);
      })));
}

}  // namespace tidegate::platform
