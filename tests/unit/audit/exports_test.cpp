#include "audit/exports.hpp"

#include <atomic>

#include "tests/support/http_double.hpp"
#include "tests/unit/audit/books.hpp"

using namespace tidegate;
using namespace std::chrono_literals;

namespace {

Result<std::uint64_t> count(const std::string& url, Nanoseconds limit = 10s) {
  std::uint64_t seen = 0;
  auto read = audit::read_export(url + "/export", "secret", limit, [&seen](const json::object&) -> Result<void> {
    ++seen;
    return {};
  });
  if (!read) return read.error();
  return seen;
}

}  // namespace

TEST_CASE("pages are followed as of one point, with the token") {
  std::atomic<bool> as_of_kept{true}, authorized{true};
  test::HttpDouble server([&](const http::Request& request) {
    authorized = authorized && request.header("authorization") == std::string_view("Bearer secret");
    const auto after = request.query_parameter("after");
    if (after) as_of_kept = as_of_kept && request.query_parameter("as_of") == std::optional<std::string>("77");
    if (!after) return test::answer_with(200, R"({"items":[{},{}],"next":2,"as_of":77})");
    if (*after == "2") return test::answer_with(200, R"({"items":[{}],"next":"3x","as_of":77})");
    return test::answer_with(200, R"({"items":[],"next":null,"as_of":77})");
  });
  const auto seen = count(server.url());
  REQUIRE(seen.ok());
  CHECK(*seen == 3);
  CHECK(as_of_kept);
  CHECK(authorized);
}

TEST_CASE("a broken export is an error with its reason, never a short list") {
  struct Row {
    const char* what;
    int status;
    const char* body;
    const char* says;
  };
  const Row row = GENERATE(values<Row>({
      {"an error status", 500, "{}", "status 500"},
      {"not JSON", 200, "<html>", "items"},
      {"no items", 200, "{}", "items"},
      {"items of another type", 200, R"({"items":5})", "items"},
      {"an item that is no object", 200, R"({"items":[1]})", "not an object"},
      {"a cursor that stands still", 200, R"({"items":[{}],"next":"1","as_of":1})", "does not move"},
  }));
  test::HttpDouble server([&](const http::Request&) { return test::answer_with(row.status, row.body); });
  const auto seen = count(server.url());
  INFO(row.what);
  REQUIRE_FALSE(seen.ok());
  CHECK(seen.error().message.find(row.says) != std::string::npos);
}

TEST_CASE("a page that fails once is asked for again") {
  std::atomic<int> calls{0};
  test::HttpDouble server([&](const http::Request&) {
    return ++calls == 1 ? test::answer_with(503, "{}") : test::answer_with(200, R"({"items":[{}],"next":null})");
  });
  const auto seen = count(server.url());
  REQUIRE(seen.ok());
  CHECK(*seen == 1);
}

TEST_CASE("payments in a transient state are counted") {
  test::HttpDouble server([](const http::Request&) {
    return test::answer_with(200,
                             R"({"items":[{"status":"processing"},{"status":"captured"},{"status":"refund_pending"},
                                               {"status":"declined"}],"next":null,"as_of":1})");
  });
  audit::System system;
  system.exports["payments"] = server.url() + "/export";
  const auto open = audit::count_open_payments(system, 5s);
  REQUIRE(open.ok());
  CHECK(*open == 2);
}

TEST_CASE("an export that cannot be fetched leaves its checkers unknown") {
  const test::BooksDirectory run{test::Books{}};
  audit::System system;
  system.exports["payments"] = "http://127.0.0.1:1/export";
  CHECK_FALSE(audit::fetch_truth(run.directory(), system, 1s).ok());
}
