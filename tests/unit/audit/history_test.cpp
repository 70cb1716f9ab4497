#include "audit/history.hpp"

#include "tests/unit/audit/books.hpp"

using namespace tidegate;
using record::OperationEvent;

TEST_CASE("the attempts of a key are folded into one fate") {
  struct Row {
    const char* what;
    std::vector<OperationEvent> events;
    audit::Fate fate;
  };
  const std::vector<Row> rows = {
      {"acknowledged", {OperationEvent::invoke, OperationEvent::ok}, audit::Fate::ok},
      {"refused", {OperationEvent::invoke, OperationEvent::fail}, audit::Fate::fail},
      {"timed out", {OperationEvent::invoke, OperationEvent::unknown}, audit::Fate::unknown},
      {"never completed", {OperationEvent::invoke}, audit::Fate::unknown},
      // The answer to a key is stored: the second attempt's acknowledgement speaks for the first.
      {"timed out, then acknowledged",
       {OperationEvent::invoke, OperationEvent::unknown, OperationEvent::invoke, OperationEvent::ok},
       audit::Fate::ok},
      // The first attempt may still have happened.
      {"timed out, then refused",
       {OperationEvent::invoke, OperationEvent::unknown, OperationEvent::invoke, OperationEvent::fail},
       audit::Fate::unknown},
      {"refused twice",
       {OperationEvent::invoke, OperationEvent::fail, OperationEvent::invoke, OperationEvent::fail},
       audit::Fate::fail},
      {"found out later",
       {OperationEvent::invoke, OperationEvent::unknown, OperationEvent::resolved_ok},
       audit::Fate::ok},
      {"found not to have happened",
       {OperationEvent::invoke, OperationEvent::unknown, OperationEvent::resolved_fail},
       audit::Fate::fail},
      {"acknowledged beats a later refusal",
       {OperationEvent::invoke, OperationEvent::ok, OperationEvent::invoke, OperationEvent::fail},
       audit::Fate::ok},
  };
  for (const Row& row : rows) {
    record::OperationLog log;
    for (const OperationEvent event : row.events) log.operations.push_back(test::operation("k", event));
    const audit::History history = audit::fold(log);
    INFO(row.what);
    REQUIRE(history.keys.size() == 1);
    CHECK(history.keys.begin()->second.fate == row.fate);
  }
}

TEST_CASE("the same key in two scopes is two keys") {
  record::OperationLog log;
  log.operations.push_back(test::operation("k", OperationEvent::invoke));
  log.operations.push_back(test::operation("k", OperationEvent::invoke));
  log.operations.back().scope = 7;
  CHECK(audit::fold(log).keys.size() == 2);
}

TEST_CASE("answers with different ids for one key are noticed") {
  record::OperationLog log;
  log.operations.push_back(test::operation("k", OperationEvent::ok));
  log.operations.push_back(test::operation("k", OperationEvent::ok));
  log.operations.back().set_id("another");
  CHECK(audit::fold(log).keys.begin()->second.ids_differ);
}
