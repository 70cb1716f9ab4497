#pragma once
// `GET /v1/events/export?after=CURSOR&limit=N&as_of=POINT`: every event of one or several outboxes, each stream in the
// order of its numbers, as of one point, repeatable. Cursor and point are opaque texts.

#include <string>
#include <vector>

#include "base/http/message.hpp"
#include "platform/outbox/outbox.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

/// An outbox and a connection of the caller's thread to its database.
struct ExportedOutbox {
  const Outbox* outbox = nullptr;
  Connection* reader = nullptr;
};

/// {"items": [envelope, ...], "next": CURSOR | null, "as_of": POINT}. The point is the head of every stream at the
/// first page; a page asked for again is the same, as long as nothing was pruned.
http::Response export_events(const std::vector<ExportedOutbox>& outboxes, const http::Request& request);

}  // namespace tidegate::platform
