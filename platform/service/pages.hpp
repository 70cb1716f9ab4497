#pragma once
// Exports in pages: `?after=CURSOR&limit=N&as_of=CURSOR`, repeatable, in commit order, up to one point.

#include <cstdint>
#include <functional>
#include <optional>

#include "base/http/message.hpp"
#include "base/json.hpp"
#include "base/result.hpp"

namespace tidegate::platform {

struct PageRequest {
  std::int64_t after = 0;  ///< items with a greater cursor
  std::int64_t limit = 1000;
  std::optional<std::int64_t> as_of;  ///< the point; absent at the first call: now
};

/// The largest page: 10,000 items.
Result<PageRequest> parse_page(const http::Request& request);

/// {"items": [...], "next": CURSOR | null, "as_of": CURSOR}; `next` is null once the page reached as_of.
json::object make_page(json::array items, std::optional<std::int64_t> next, std::int64_t as_of);

}  // namespace tidegate::platform
