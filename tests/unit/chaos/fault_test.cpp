#include "chaos/fault.hpp"

#include <algorithm>

#include "base/file.hpp"
#include "chaos/faults/kill.hpp"
#include "chaos/faults/latency.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/chaos/support/proxy_host.hpp"

using namespace tidegate;
using namespace tidegate::chaos;
using std::chrono::milliseconds;
using test::parse_yaml;

TEST_CASE("every kind of fault is complete and found by its name") {
  CHECK(std::is_sorted(fault_kinds().begin(), fault_kinds().end(),
                       [](const FaultKind& a, const FaultKind& b) { return a.name < b.name; }));
  for (const FaultKind& kind : fault_kinds()) {
    INFO(kind.name);
    CHECK(find_fault_kind(kind.name) == &kind);
    CHECK_FALSE(kind.summary.empty());
    CHECK_FALSE(kind.hit.empty());
    CHECK_FALSE(kind.recovery.empty());
    CHECK(kind.check);
    // One way to carry it out; a link's fault may look at bytes, at messages, or at either.
    CHECK((kind.on_links() ? 1 : 0) + (kind.make_held_fault ? 1 : 0) + (kind.make_process_fault ? 1 : 0) +
              (kind.make_operator_fault ? 1 : 0) + (kind.make_traffic_fault ? 1 : 0) ==
          1);
    CHECK((kind.on_links() || kind.make_traffic_fault) == (kind.target == TargetKind::link));
    for (const auto& field : kind.parameters->fields) CHECK_FALSE(field.doc.empty());
  }
  CHECK(find_fault_kind("latncy") == nullptr);
}

TEST_CASE("docs/faults.md holds the table of the registry") {
  const auto docs = read_file(std::string(TIDEGATE_SOURCE_DIR) + "/docs/faults.md");
  REQUIRE(docs.ok());
  INFO("docs/faults.md is to hold exactly this table:\n" << fault_table());
  CHECK(docs->find(fault_table()) != std::string::npos);
}

namespace {

struct ParameterRow {
  const char* kind;
  const char* parameters;
  const char* message;  // a part of the only diagnostic; empty: none
};

}  // namespace

TEST_CASE("parameters of faults are checked") {
  const auto row = GENERATE(values<ParameterRow>({
      {"latency", "{delay: 300ms}", ""},
      {"latency", "{delay: 300ms, jitter: 50ms}", ""},
      {"latency", "{delay: '300ms', jitter: 300ms, distribution: normal, direction: both}", ""},
      {"partition", "{}", ""},
      {"partition", "{direction: upstream}", ""},
      {"kill", "{}", ""},
      {"kill", "{restart_after: never, signal: TERM}", ""},
      {"kill", "{restart_after: 0s}", ""},
      // Unhappy.
      {"latency", "{}", "delay"},
      {"latency", "{delay: 300}", "unit"},  // no unit
      {"latency", "{delay: 2h}", "1h"},     // beyond every timeout
      {"latency", "{delay: 0ms}", "does nothing"},
      {"latency", "{delay: 0ms, jitter: 5ms}", "does nothing"},                 // half of the draws lie before 0
      {"latency", "{delay: 10ms, jitter: 20ms}", "jitter"},                     // would arrive before it was sent
      {"latency", "{delay: 10ms, jitter: 5ms, distribution: fixed}", "fixed"},  // a contradiction
      {"latency", "{delay: 10ms, distribution: normal}", "jitter"},             // nothing to distribute
      {"latency", "{delay: 10ms, jitter: 1s, distribution: pareto, correlation: 30%}", ""},  // its tail is longer
      {"latency", "{delay: 10ms, distribution: cauchy}", "one of"},
      {"latency", "{delay: 10ms, correlation: 30%}", "correlate"},
      {"latency", "{delay: 10ms, jitter: 5ms, correlation: 100%}", "99%"},
      {"bandwidth", "{per_second: 64KiB}", ""},
      {"bandwidth", "{per_second: 0B}", "partition"},
      {"bandwidth", "{per_second: 64}", "unit"},
      {"reset", "{after: 1s}", ""},
      {"half_close", "{direction: upstream}", ""},
      {"close_after", "{bytes: 1KiB, how: reset}", ""},
      {"close_after", "{}", "bytes"},
      {"close_after", "{bytes: 1KiB, how: gently}", "one of"},
      {"slow_close", "{delay: 0ms}", "does nothing"},
      {"blackhole", "{close_after: 2s}", ""},
      {"slice", "{size: 10B, variation: 10B}", "variation"},
      {"slice", "{size: 0B}", "at least 1"},
      {"corrupt", "{share: 0%}", "nothing"},
      {"corrupt", "{share: 110%}", "share"},
      {"slow_accept", "{delay: 0ms}", "does nothing"},
      {"refuse", "{delay: 1s}", "delay"},
      {"http_answer", "{status: 503, body: no, headers: {Retry-After: 1}}", ""},
      {"http_answer", "{status: 99}", "200"},
      {"http_answer", "{headers: {'a b': c}}", "no header name"},
      {"http_answer", "{headers: {Content-Length: 3}}", "Content-Length"},
      {"http_delay", "{delay: 10ms, jitter: 11ms}", "jitter"},
      {"http_headers", "{of: response}", "set: or remove:"},
      {"http_lost_reply", "{how: politely}", "one of"},
      {"http_malformed", "{what: everything}", "one of"},
      {"cpu_limit", "{share: 100%}", "1% to 99%"},
      {"cpu_hog", "{threads: 0}", "1"},
      {"memory_hog", "{size: 100000GiB}", "90 %"},
      {"fd_limit", "{}", "limit"},
      {"setting", "{path: admin, set: {a: 1}}", "begins with /"},
      {"setting", "{path: /admin, set: {}}", "empty"},
      {"broker_down", "{}", "broker"},
      {"broker_errors", "{request: Make}", "one of"},
      {"crash_loop", "{times: 1}", "2"},
      {"rolling_restart", "{also: ledger}", "list"},
      {"slow_loris", "{connections: 0}", "1"},
      {"latency", "{delya: 10ms, delay: 10ms}", "delya"},
      {"latency", "{delay: [10ms]}", "list"},
      {"partition", "{direction: sideways}", "one of"},
      {"partition", "{delay: 10ms}", "delay"},
      {"kill", "{restart_after: soon}", "restart_after"},
      {"kill", "{restart_after: 2}", "restart_after"},
      {"kill", "{signal: STOP}", "one of"},  // a process that is stopped is not killed
      {"kill", "[]", "list"},
  }));
  Diagnostics diagnostics;
  const bool good = check_parameters(*find_fault_kind(row.kind), parse_yaml(row.parameters), row.kind, diagnostics);
  INFO(row.kind << " " << row.parameters << "\n" << diagnostics.text());
  CHECK(good == std::string(row.message).empty());
  REQUIRE(diagnostics.size() == (good ? 0U : 1U));
  if (!good) CHECK(diagnostics.text().find(row.message) != std::string::npos);
}

TEST_CASE("parameters have the defaults that the docs tell") {
  Diagnostics diagnostics;
  const auto latency = parse_latency(parse_yaml("{delay: 300ms}"), diagnostics);
  CHECK(latency.delay == milliseconds(300));
  CHECK(latency.jitter == Nanoseconds{0});
  CHECK(latency.direction == Directions::downstream);
  const auto kill = parse_kill(parse_yaml("{}"), diagnostics);
  CHECK(kill.restart_after == std::chrono::seconds(2));
  CHECK(kill.signal_number == SIGKILL);
  CHECK_FALSE(parse_kill(parse_yaml("{restart_after: never}"), diagnostics).restart_after.has_value());
  CHECK(diagnostics.empty());
}

TEST_CASE("delays are drawn from the distribution, by place alone") {
  using enum LatencyParameters::Distribution;
  LatencyParameters parameters{milliseconds(100), milliseconds(20), uniform, Directions::downstream};
  const FaultIdentity identity{3, "slow", "a->b"};
  const LatencyFault fault(parameters, identity), same(parameters, identity), other(parameters, {4, "slow", "a->b"});
  double sum = 0;
  int different = 0;
  for (std::uint64_t chunk = 0; chunk < 1000; ++chunk) {
    const ChunkPlace place{5, Direction::downstream, chunk};
    const auto delay = fault.delay(place);
    REQUIRE(delay >= milliseconds(80));
    REQUIRE(delay <= milliseconds(120));
    REQUIRE(delay == same.delay(place));
    different += delay != other.delay(place) ? 1 : 0;
    sum += static_cast<double>(delay.count());
  }
  CHECK(sum / 1000 == Approx(100e6).epsilon(0.02));
  CHECK(different > 990);
  CHECK(fault.delay({5, Direction::upstream, 0}) == Nanoseconds{0});  // the other direction is left alone
  CHECK(fault.delay({5, Direction::downstream, 1}) != fault.delay({6, Direction::downstream, 1}));

  const LatencyFault wide({milliseconds(10), milliseconds(10), normal, Directions::both}, identity);
  int beyond = 0;
  for (std::uint64_t chunk = 0; chunk < 1000; ++chunk) {
    const auto delay = wide.delay({1, Direction::upstream, chunk});
    REQUIRE(delay.count() > 0);  // never before it was sent
    beyond += delay > milliseconds(20) ? 1 : 0;
  }
  CHECK(beyond > 100);  // 16 % lie beyond one deviation
  CHECK(beyond < 220);
}
