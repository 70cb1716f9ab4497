#pragma once
// Reading an export page by page over one connection: {"items": […], "next": CURSOR or null, "as_of": POINT}. Whatever
// a system does wrong with it is an error with the reason, never a short list.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "audit/mapping.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace tidegate::audit {

struct PageOptions {
  std::string url, token;
  int page_size = 5000;
  Nanoseconds request_timeout = std::chrono::seconds(10);
  Nanoseconds deadline{0};  ///< monotonic
  PageShape shape;
};

struct PageTotals {
  std::uint64_t items = 0, pages = 0;
  std::string as_of;
};

/// One item as its JSON text, with record::kLinePadding readable bytes behind it; and the cursor of the page before.
using VisitItem = std::function<Result<void>(std::string_view item, const std::string& after)>;

/// Calls visit per item, in the export's order, from `after` ("" for the start). Each page is tried three times.
/// Errors: no answer, a status that is not 200, a page that is not of that shape, a cursor or `sequence` that does not
/// go forward, a page that repeats an earlier one, pages as of different points, an end before the point, the deadline.
Result<PageTotals> read_pages(const PageOptions& options, const std::string& after, const VisitItem& visit);

/// The point that a fresh reading would be as of, from a page of one item; empty when the export names none.
Result<std::string> read_point(PageOptions options);

}  // namespace tidegate::audit
