#include <atomic>

#include "audit/history.hpp"
#include "tests/support/http_double.hpp"
#include "tests/unit/audit/books.hpp"

using namespace tidegate;
using namespace std::chrono_literals;
using record::OperationEvent;

namespace {

test::Books with_unknown(int count) {
  test::Books books;
  for (int i = 0; i < count; ++i) {
    books.operations.push_back(test::operation("open-" + std::to_string(i), OperationEvent::invoke));
    books.operations.push_back(test::operation("open-" + std::to_string(i), OperationEvent::unknown));
  }
  return books;
}

audit::ResolveOptions options_for(const std::string& url) {
  audit::ResolveOptions options;
  options.base_url = url;
  options.limit = 3s;
  options.render = [](std::uint16_t, std::uint64_t, std::uint16_t) -> Result<audit::RenderedRequest> {
    return audit::RenderedRequest{"POST", "/v1/payments", "{}", {{"Idempotency-Key", "k"}}};
  };
  return options;
}

}  // namespace

TEST_CASE("what an answer says about an unknown outcome") {
  struct Row {
    int status;
    std::uint64_t ok, fail, open;
  };
  const Row row = GENERATE(values<Row>({
      {202, 1, 0, 0},  // stored or done now: it happened
      {200, 1, 0, 0},  //
      {400, 0, 1, 0},  // refused for good
      {402, 0, 1, 0},  //
      {404, 0, 0, 1},  // proves nothing
      {409, 0, 0, 1},  // its original is still on its way
      {429, 0, 0, 1},  // not now
      {500, 0, 0, 1},  // no meaning
      {503, 0, 0, 1},  //
  }));
  test::HttpDouble server([&](const http::Request&) { return test::answer_with(row.status, R"({"id":"pay-x"})"); });
  REQUIRE(server.started());
  const test::BooksDirectory run(with_unknown(1));
  auto options = options_for(server.url());
  options.limit = row.open > 0 ? 300ms : 10s;
  const auto resolution = audit::resolve_unknowns(run.directory(), options);
  REQUIRE(resolution.ok());
  INFO(row.status);
  CHECK(resolution->unknown == 1);
  CHECK(resolution->resolved_ok == row.ok);
  CHECK(resolution->resolved_fail == row.fail);
  CHECK(resolution->open == row.open);
}

TEST_CASE("resolutions go into the history, with the id") {
  test::HttpDouble server([](const http::Request&) { return test::answer_with(202, R"({"id":"pay-found"})"); });
  const test::BooksDirectory run(with_unknown(50));
  const auto resolution = audit::resolve_unknowns(run.directory(), options_for(server.url()));
  REQUIRE(resolution.ok());
  CHECK(resolution->resolved_ok == 50);
  const auto history = audit::read_history(run.directory().operations());
  REQUIRE(history.ok());
  for (const auto& [id, key] : history->keys) {
    CHECK(key.fate == audit::Fate::ok);
    CHECK(key.id == "pay-found");
  }
}

TEST_CASE("a passing trouble is asked through") {
  std::atomic<int> calls{0};
  test::HttpDouble server([&](const http::Request&) { return test::answer_with(++calls < 4 ? 503 : 202, "{}"); });
  const test::BooksDirectory run(with_unknown(1));
  auto options = options_for(server.url());
  options.limit = 20s;
  const auto resolution = audit::resolve_unknowns(run.directory(), options);
  REQUIRE(resolution.ok());
  CHECK(resolution->resolved_ok == 1);
  CHECK(calls == 4);
}

TEST_CASE("nothing unknown asks nobody; nobody there leaves it open within the limit") {
  const test::BooksDirectory clean(test::Books{});
  const auto nothing = audit::resolve_unknowns(clean.directory(), options_for("http://127.0.0.1:1"));
  REQUIRE(nothing.ok());
  CHECK(nothing->unknown == 0);
  const test::BooksDirectory run(with_unknown(3));
  auto options = options_for("http://127.0.0.1:1");
  options.limit = 300ms;
  const auto resolution = audit::resolve_unknowns(run.directory(), options);
  REQUIRE(resolution.ok());
  CHECK(resolution->open == 3);
}
