#include <atomic>
#include <filesystem>
#include <thread>

#include "audit/fetch.hpp"
#include "audit/manifest.hpp"
#include "audit/pages.hpp"
#include "tests/support/http_double.hpp"
#include "tests/unit/audit/clean_books.hpp"

using namespace tidegate;
using namespace std::chrono_literals;

namespace {

Result<std::vector<std::string>> items_of(const std::string& url, Nanoseconds limit = 20s,
                                          Nanoseconds request_timeout = 10s) {
  audit::PageOptions options;
  options.url = url + "/export";
  options.token = "secret";
  options.deadline = monotonic_now() + limit;
  options.request_timeout = request_timeout;
  std::vector<std::string> items;
  const auto read = audit::read_pages(options, "", [&](std::string_view item, const std::string&) -> Result<void> {
    items.emplace_back(item);
    return {};
  });
  if (!read) return read.error();
  return items;
}

/// Pages by their cursor; "" is the first.
using Pages = std::map<std::string, std::string>;

http::Response page_of(const Pages& pages, const http::Request& request) {
  const auto page = pages.find(request.query_parameter("after").value_or(""));
  return page == pages.end() ? test::answer_with(404, "{}") : test::answer_with(200, page->second);
}

}  // namespace

TEST_CASE("pages are followed as of one point, with the token, over one connection") {
  std::atomic<bool> as_of_kept{true}, authorized{true};
  test::HttpDouble server([&](const http::Request& request) {
    authorized = authorized && request.header("authorization") == std::string_view("Bearer secret");
    const auto after = request.query_parameter("after");
    if (after) as_of_kept = as_of_kept && request.query_parameter("as_of") == std::optional<std::string>("77");
    if (!after) return test::answer_with(200, R"({"items":[{"a":1},{"a":{"b":[2]}}],"next":2,"as_of":77})");
    if (*after == "2") return test::answer_with(200, R"({"as_of":77, "next":"3x", "items":[ {"a":3} ]})");
    return test::answer_with(200, R"({"items":[],"next":null,"as_of":77})");
  });
  const auto items = items_of(server.url());
  REQUIRE(items.ok());
  CHECK(*items == std::vector<std::string>{R"({"a":1})", R"({"a":{"b":[2]}})", R"({"a":3})"});
  CHECK(as_of_kept);
  CHECK(authorized);
}

TEST_CASE("a broken export is an error with its reason, never a short list") {
  struct Row {
    const char* what;
    Pages pages;
    const char* says;
  };
  const std::vector<Row> rows = {
      {"an error status", {}, "status 404"},
      {"not JSON", {{"", "<html>"}}, "not"},
      {"cut in the middle", {{"", R"({"items":[{"a":1},{"a")"}}, "the page is not"},
      {"no items", {{"", "{}"}}, "list 'items'"},
      {"items of another type", {{"", R"({"items":5})"}}, "list 'items'"},
      {"an item that is no object", {{"", R"({"items":[1]})"}}, "not an object"},
      {"a cursor of no kind", {{"", R"({"items":[{}],"next":{}})"}}, "no cursor"},
      {"a cursor that stands still",
       {{"", R"({"items":[{"a":1}],"next":"1","as_of":1})"}, {"1", R"({"items":[{"a":2}],"next":"1","as_of":1})"}},
       "does not move"},
      {"a cursor that goes back",
       {{"", R"({"items":[{"a":1}],"next":5,"as_of":9})"}, {"5", R"({"items":[{"a":2}],"next":3,"as_of":9})"}},
       "goes back"},
      {"a page that comes again",
       {{"", R"({"items":[{"a":1}],"next":"x","as_of":9})"},
        {"x", R"({"items":[{"a":2}],"next":"y","as_of":9})"},
        {"y", R"({"items":[{"a":2}],"next":"y","as_of":9})"}},
       "repeats an earlier one"},
      {"items that come again",
       {{"", R"({"items":[{"sequence":1},{"sequence":2}],"next":2,"as_of":3})"},
        {"2", R"({"items":[{"sequence":2},{"sequence":3}],"next":null,"as_of":3})"}},
       "does not ascend"},
      {"pages of two points",
       {{"", R"({"items":[{"a":1}],"next":5,"as_of":9})"}, {"5", R"({"items":[{"a":2}],"next":null,"as_of":10})"}},
       "as of 10"},
      {"an end before the point",
       {{"", R"({"items":[{"sequence":1},{"sequence":2}],"next":null,"as_of":3})"}},
       "before its own point"},
      {"an empty page in the middle", {{"", R"({"items":[],"next":5,"as_of":9})"}}, "empty page"},
  };
  for (const Row& row : rows) {
    test::HttpDouble server([&](const http::Request& request) { return page_of(row.pages, request); });
    const auto items = items_of(server.url());
    INFO(row.what);
    REQUIRE_FALSE(items.ok());
    CHECK_THAT(items.error().message, Catch::Contains(row.says));
  }
}

TEST_CASE("a page that repeats an earlier one under other cursors") {
  std::atomic<int> calls{0};
  test::HttpDouble server([&](const http::Request&) {
    const int call = ++calls;
    // Two pages in turn, for ever.
    return test::answer_with(200, call % 2 == 1 ? R"({"items":[{"a":1}],"next":"x","as_of":9})"
                                                : R"({"items":[{"a":2}],"next":"y","as_of":9})");
  });
  const auto items = items_of(server.url());
  REQUIRE_FALSE(items.ok());
  CHECK_THAT(items.error().message, Catch::Contains("repeats an earlier one"));
}

TEST_CASE("a page that fails once is asked for again; one that never answers times out") {
  std::atomic<int> calls{0};
  test::HttpDouble server([&](const http::Request&) {
    return ++calls == 1 ? test::answer_with(503, "{}") : test::answer_with(200, R"({"items":[{}],"next":null})");
  });
  const auto items = items_of(server.url());
  REQUIRE(items.ok());
  CHECK(items->size() == 1);
  CHECK_FALSE(items_of("http://127.0.0.1:1", 1s).ok());
  // A listener that accepts and says nothing.
  asio::io_context loop;
  asio::ip::tcp::acceptor silent(loop, {asio::ip::address_v4::loopback(), 0});
  const auto waited = items_of("http://127.0.0.1:" + std::to_string(silent.local_endpoint().port()), 2s, 200ms);
  REQUIRE_FALSE(waited.ok());
}

namespace {

bool never() {
  return false;
}

}  // namespace

TEST_CASE("payments in a transient state are counted, from the first page that had one") {
  std::atomic<bool> done{false};
  std::atomic<int> first_page{0};
  test::HttpDouble server([&](const http::Request& request) {
    const std::string after = request.query_parameter("after").value_or("");
    if (after.empty()) {
      ++first_page;
      return test::answer_with(200, R"({"items":[{"id":1,"status":"captured"}],"next":1,"as_of":9})");
    }
    const char* status = done ? "captured" : "processing";
    if (after == "1") {
      return test::answer_with(200, std::string(R"({"items":[{"id":"p2","status":")") + status +
                                        R"("},{"id":"p3","status":"refund_pending"}],"next":2,"as_of":9})");
    }
    return test::answer_with(200, R"({"items":[{"id":4,"status":"declined"}],"next":null,"as_of":9})");
  });
  audit::System system;
  system.exports["payments"].url = server.url() + "/export";
  audit::OpenItems open(system, audit::OpenItems::Kind::payments);
  auto answer = open.ask(5s, never);
  REQUIRE(answer.ok());
  CHECK(answer->open == 2);
  CHECK(answer->examples == "p2 (processing), p3 (refund_pending)");
  done = true;
  answer = open.ask(5s, never);
  REQUIRE(answer.ok());
  CHECK(answer->open == 1);
  CHECK(first_page == 1);
}

TEST_CASE("an export that takes longer than the time goes on where it was") {
  // Six pages of 60 ms, of which 150 ms reach some two or three.
  std::atomic<int> first_page{0};
  test::HttpDouble server([&](const http::Request& request) {
    const int page = std::stoi("0" + request.query_parameter("after").value_or(""));
    first_page += page == 0 ? 1 : 0;
    std::this_thread::sleep_for(60ms);
    return test::answer_with(200, R"({"items":[{"id":)" + std::to_string(page) + R"(,"status":"captured"}],"next":)" +
                                      (page == 5 ? "null" : std::to_string(page + 1)) + R"(,"as_of":9})");
  });
  audit::System system;
  system.exports["payments"].url = server.url() + "/export";
  audit::OpenItems open(system, audit::OpenItems::Kind::payments);
  int asked = 0;
  bool whole = false;
  while (!whole && asked < 50) {
    const auto answer = open.ask(150ms, never);
    ++asked;
    if (!answer) continue;  // a slow machine got through no page
    CHECK(answer->open == 0);
    whole = answer->whole;
    CHECK((whole || answer->went_on));
  }
  CHECK(whole);
  CHECK(asked > 1);
  CHECK(first_page < 6);
}

TEST_CASE("an interrupt is seen at the next page") {
  std::atomic<int> pages{0};
  test::HttpDouble server([&](const http::Request&) {
    const int page = ++pages;
    return test::answer_with(200, R"({"items":[{"id":)" + std::to_string(page) + R"(,"status":"captured"}],"next":)" +
                                      std::to_string(page) + R"(,"as_of":9})");
  });
  audit::System system;
  system.exports["payments"].url = server.url() + "/export";
  audit::OpenItems open(system, audit::OpenItems::Kind::payments);
  const auto answer = open.ask(20s, [&] { return pages >= 10; });
  REQUIRE(answer.ok());
  CHECK_FALSE(answer->whole);
  CHECK(pages == 10);
}

TEST_CASE("fetching writes each export and how it went") {
  const test::BooksDirectory run;
  std::atomic<int> point{7};
  test::HttpDouble server([&](const http::Request& request) {
    if (request.path == "/payments") {
      return test::answer_with(
          200, R"({"items":[{"id":"p1","text":"a\nb"}],"next":null,"as_of":)" + std::to_string(point.load()) + "}");
    }
    if (request.path == "/bank")
      return test::answer_with(200, R"({"items":[{"sequence":1}, {"sequence":2}],"as_of":5})");
    ++point;  // somebody pays while the ledger is read
    return test::answer_with(200, "{\"items\":[{\n  \"x\": 1\n}],\"next\":null}");
  });
  audit::System system;
  for (const char* name : {"payments", "bank", "ledger"}) system.exports[name].url = server.url() + "/" + name;
  const auto fetched = audit::fetch_truth(run.directory(), system, 20s);
  REQUIRE(fetched.ok());
  CHECK_THAT(fetched->broken, Catch::Contains("bank") && Catch::Contains("before its own point"));
  const auto manifest = audit::Manifest::read(run.directory());
  REQUIRE(manifest.ok());
  CHECK_FALSE(manifest->unchanged);
  CHECK(manifest->exports.at("payments").records == 1);
  CHECK(manifest->exports.at("payments").as_of == "7");
  CHECK(manifest->exports.at("payments-after").as_of == "8");
  CHECK_FALSE(manifest->exports.at("bank").error.empty());
  std::vector<std::string> lines;
  REQUIRE(record::read_truth(run.truth("ledger"), [&](std::string_view line) {
            lines.emplace_back(line);
            return true;
          }).ok());
  CHECK(lines == std::vector<std::string>{R"({"x":1})"});
}

TEST_CASE("nothing was committed meanwhile: the payments are read once") {
  const test::BooksDirectory run;
  test::HttpDouble server(
      [](const http::Request&) { return test::answer_with(200, R"({"items":[{"id":"p1"}],"next":null,"as_of":7})"); });
  audit::System system;
  system.exports["payments"].url = server.url() + "/payments";
  REQUIRE(audit::fetch_truth(run.directory(), system, 20s).ok());
  const auto manifest = audit::Manifest::read(run.directory());
  REQUIRE(manifest.ok());
  CHECK(manifest->unchanged);
  CHECK_FALSE(manifest->exports.contains("payments-after"));
}

TEST_CASE("an export that cannot be fetched leaves its checkers unknown") {
  const test::BooksDirectory run(test::clean_books());
  audit::System system;
  system.exports["payments"].url = "http://127.0.0.1:1/export";
  const auto fetched = audit::fetch_truth(run.directory(), system, 1s);
  REQUIRE(fetched.ok());
  CHECK_FALSE(fetched->broken.empty());
  const auto finding = run.check("no_lost_acks");
  CHECK(finding.outcome == "unknown");
  CHECK_THAT(finding.reason, Catch::Contains("cannot be used"));
}
