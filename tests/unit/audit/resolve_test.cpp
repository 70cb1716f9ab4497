#include <atomic>
#include <thread>

#include "audit/history.hpp"
#include "audit/resolve.hpp"
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

TEST_CASE("resolutions go into the history, with the id and the time they took") {
  test::HttpDouble server([](const http::Request&) { return test::answer_with(202, R"({"id":"pay-found"})"); });
  const test::BooksDirectory run(with_unknown(50));
  auto options = options_for(server.url());
  std::atomic<int> told{0};
  options.on_resolved = [&told](const record::Operation&, Nanoseconds) { ++told; };
  const auto resolution = audit::resolve_unknowns(run.directory(), options);
  REQUIRE(resolution.ok());
  CHECK(resolution->resolved_ok == 50);
  CHECK(told == 50);
  const auto log = record::read_operations(run.directory().operations());
  REQUIRE(log.ok());
  REQUIRE(log->operations.size() == 150);
  for (std::size_t i = 100; i < 150; ++i) {
    CHECK(log->operations[i].event == OperationEvent::resolved_ok);
    CHECK(log->operations[i].id_text() == "pay-found");
  }
  const auto again = audit::resolve_unknowns(run.directory(), options);
  REQUIRE(again.ok());
  CHECK(again->unknown == 0);
}

TEST_CASE("fencing a key") {
  struct Row {
    const char* what;
    bool renders;
    int fence_status;
    const char* fence_body;
    std::uint64_t ok, fail, open;
  };
  const std::vector<Row> rows = {
      // Never seen, and from now on refused: it did not happen.
      {"a key that nobody saw", false, 200, "{}", 0, 1, 0},
      // Seen, and the answer says what came of it.
      {"a key that was seen, with its payment", false, 409, R"({"id":"pay-1"})", 1, 0, 0},
      {"a key that was seen, and no more is said", false, 409, "{}", 0, 0, 1},
      {"fencing is out of order", false, 503, "{}", 0, 0, 1},
      // The request can be sent again: its stored result counts.
      {"seen and sent again", true, 409, "{}", 1, 0, 0},
  };
  for (const Row& row : rows) {
    test::HttpDouble server([&](const http::Request& request) {
      if (request.path.ends_with("/void")) return test::answer_with(row.fence_status, row.fence_body);
      return test::answer_with(202, R"({"id":"pay-2"})");
    });
    const test::BooksDirectory run(with_unknown(1));
    auto options = options_for(server.url());
    options.fence = "/v1/idempotency-keys/{key}/void";
    options.fence_first = true;
    options.limit = row.open > 0 ? 300ms : 10s;
    if (!row.renders) {
      options.render = [](std::uint16_t, std::uint64_t, std::uint16_t) -> Result<audit::RenderedRequest> {
        return usage_error("it needs an earlier answer");
      };
    }
    const auto resolution = audit::resolve_unknowns(run.directory(), options);
    INFO(row.what);
    REQUIRE(resolution.ok());
    CHECK(resolution->resolved_ok == row.ok);
    CHECK(resolution->resolved_fail == row.fail);
    CHECK(resolution->open == row.open);
  }
}

TEST_CASE("while load goes on, a sample is resolved after the client's own retries had their time") {
  test::HttpDouble server([](const http::Request&) { return test::answer_with(202, R"({"id":"pay-live"})"); });
  auto resolve = options_for(server.url());
  resolve.clock = RunClock::starting_in(0s);
  audit::LiveResolver::Options options;
  options.sample = 1;
  options.wait = 50ms;
  audit::LiveResolver resolver(resolve, options);
  std::vector<record::Operation> seen;
  for (const char* key : {"a", "b", "c"}) {
    seen.push_back(test::operation(key, OperationEvent::unknown));
    seen.back().time = resolve.clock.now();
  }
  seen.push_back(test::operation("b", OperationEvent::ok));  // its retry was acknowledged
  resolver.note(seen);
  std::vector<record::Operation> resolved;
  const Nanoseconds deadline = monotonic_now() + 20s;
  while (resolved.size() < 2 && monotonic_now() < deadline) {
    for (auto& one : resolver.take()) resolved.push_back(one);
    std::this_thread::yield();
  }
  resolver.stop();
  REQUIRE(resolved.size() == 2);
  for (const auto& one : resolved) {
    CHECK(one.event == OperationEvent::resolved_ok);
    CHECK(one.key_text() != "b");
    CHECK(one.id_text() == "pay-live");
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
