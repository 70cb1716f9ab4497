// The export of events: every event once, each stream in its order, the same again as of the same point.

#include "platform/outbox/export.hpp"

#include <set>

#include "tests/unit/platform_gateway/outbox_support.hpp"
#include "tests/unit/platform_gateway/scratch.hpp"

namespace tidegate::platform {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

struct Exporter {
  explicit Exporter(OutboxStore& outbox) {
    auto opened = outbox.store->reader();
    REQUIRE(opened.ok());
    reader = std::move(*opened);
    outboxes = {{outbox.outbox.get(), reader.get()}};
  }
  json::object page(const std::string& query, int status = 200) const {
    http::Request request;
    request.query = query;
    const http::Response response = export_events(outboxes, request);
    INFO(query << " " << response.body);
    REQUIRE(response.status == status);
    return parse_json(response.body)->as_object();
  }
  std::vector<std::string> all(int limit, std::string& as_of) const {
    std::vector<std::string> ids;
    std::string after;
    for (;;) {
      std::string query = "limit=" + std::to_string(limit);
      if (!after.empty()) query += "&after=" + after;
      if (!as_of.empty()) query += "&as_of=" + as_of;
      const json::object got = page(query);
      REQUIRE(got.at("items").as_array().size() <= static_cast<std::size_t>(limit));
      for (const json::value& item : got.at("items").as_array()) ids.emplace_back(item.at("id").as_string());
      as_of = got.at("as_of").as_string();
      if (got.at("next").is_null()) return ids;
      after = got.at("next").as_string();
    }
  }
  std::unique_ptr<Connection> reader;
  std::vector<ExportedOutbox> outboxes;
};

TEST_CASE("events export: pages of any size give every event once, in the order of each stream") {
  const ScratchDirectory scratch;
  OutboxStore outbox(scratch.path());
  const Exporter exporter(outbox);
  std::string empty;
  CHECK(exporter.all(10, empty).empty());
  std::vector<std::string> made;
  for (int i = 0; i < 50; ++i) made.push_back(outbox.append("pay_" + std::to_string(i % 7)).id);
  std::string point;
  const std::vector<std::string> whole = exporter.all(1000, point);
  CHECK(std::set<std::string>(whole.begin(), whole.end()) == std::set<std::string>(made.begin(), made.end()));
  CHECK(whole.size() == 50);
  outbox.append("pay_1");
  outbox.append("pay_new");
  for (const int limit : {1, 3, 50, 51}) {
    INFO(limit);
    std::string again = point;
    CHECK(exporter.all(limit, again) == whole);
    CHECK(again == point);
  }
  std::string now;
  CHECK(exporter.all(1000, now).size() == 52);
}

TEST_CASE("events export: cursors and points that nobody gave are refused") {
  const ScratchDirectory scratch;
  OutboxStore outbox(scratch.path());
  outbox.append("pay_1");
  const Exporter exporter(outbox);
  for (const char* bad :
       {"after=x", "after=1", "after=1.2.3", "after=-1.0", "after=0.99999999999999999999", "limit=0", "limit=10001",
        "limit=x", "as_of=1", "as_of=x", "as_of=9.9.9.9.9.9.9.9.9.9.9.9.9.9.9.9.9.9.9.9"}) {
    exporter.page(bad, 400);
  }
  CHECK(exporter.page("after=99.0").at("items").as_array().empty());
}

}  // namespace
}  // namespace tidegate::platform
