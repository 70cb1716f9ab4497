// The timeline on real, small times: what it does is checked by order, never by the clock.
#include "chaos/timeline.hpp"

#include <atomic>
#include <mutex>

#include "tests/support/catch.hpp"
#include "tests/unit/chaos/support/plan_context.hpp"
#include "tests/unit/chaos/support/proxy_host.hpp"
#include "tests/unit/chaos/support/scripted_processes.hpp"
#include "tests/unit/chaos/support/sockets.hpp"

using namespace tidegate;
using namespace tidegate::chaos;
using namespace tidegate::chaos::test;

namespace {

/// An agent that only remembers; three hits a report.
struct ScriptedLinks final : LinkControl {
  std::mutex mutex;
  std::vector<std::string> calls;
  std::vector<LeaseRequest> leases;
  std::string refuse, unanswered, ends_early, cannot_heal;  // names of faults
  std::uint64_t hits = 0;

  Result<FaultReport> inject(const LeaseRequest& request) override {
    const std::lock_guard lock(mutex);
    calls.push_back("inject " + request.id);
    leases.push_back(request);
    if (request.id == refuse) return machine_error("the agent refuses");
    if (request.id == unanswered) return timeout_error("no answer");
    return report_of(request.id);
  }
  Result<FaultReport> heal(const std::string& fault) override {
    const std::lock_guard lock(mutex);
    calls.push_back("heal " + fault);
    if (fault == cannot_heal) return machine_error("no answer");
    return report_of(fault);
  }
  Result<FaultReport> report(const std::string& fault) override {
    const std::lock_guard lock(mutex);
    hits += 3;
    auto report = report_of(fault);
    if (fault == ends_early) {
      report.active = false;
      report.healed_by = "heartbeat missing";
    }
    return report;
  }
  FaultReport report_of(const std::string& id) const {
    FaultReport report;
    report.id = id;
    report.link = "a->b";
    report.kind = "latency";
    report.active = true;
    report.hits = hits;
    return report;
  }
};

struct Fixture {
  TemporaryDirectory directory;
  std::unique_ptr<record::EventWriter> events;
  ScriptedLinks links;
  ScriptedProcesses processes;
  std::mutex mutex;
  std::uint64_t hits_told = 0;
  std::vector<std::string> failures;

  Fixture() {
    auto writer = record::EventWriter::create(directory.path() + "/events.ndjson");
    REQUIRE(writer.ok());
    events = *std::move(writer);
    processes.ready_after_restart = true;
  }

  TimelineOptions options(const std::string& plan) {
    FaultContext context = plan_context();
    context.phases.clear();
    Diagnostics diagnostics;
    TimelineOptions out;
    out.faults = parse_faults(parse_yaml(plan), context, diagnostics);
    INFO(diagnostics.text());
    REQUIRE(diagnostics.empty());
    out.clock = RunClock::starting_in(Nanoseconds{0});
    out.seed = 42;
    out.links = &links;
    out.processes = &processes;
    out.events = events.get();
    out.on_hits = [this](const std::string&, std::int32_t, std::uint64_t hits) {
      const std::lock_guard lock(mutex);
      hits_told += hits;
    };
    out.on_failure = [this](const std::string& fault, const std::string& message) {
      const std::lock_guard lock(mutex);
      failures.push_back(fault + ": " + message);
    };
    return out;
  }

  record::EventLog log() {
    auto read = record::read_events(directory.path() + "/events.ndjson");
    REQUIRE(read.ok());
    return *std::move(read);
  }
  /// "fault_injected slow", ..., without the seconds' hits.
  std::vector<std::string> story() {
    std::vector<std::string> out;
    for (const auto& event : log().events) {
      if (event.type != "fault_hits")
        out.push_back(event.type + " " + string_member(event.fields, "fault").value_or("?"));
    }
    return out;
  }
};

using Story = std::vector<std::string>;
constexpr const char* kSlow = "target: {link: acquiring->bank}, inject: {latency: {delay: 300ms}}";

}  // namespace

TEST_CASE("a timeline injects and heals in the order of the plan, and tells every hit") {
  Fixture f;
  const std::string slow = kSlow;
  Timeline timeline(
      f.options("b: {after: a + 20ms, for: 1s, " + slow + "}\n" + "a: {at: 50ms, for: 1200ms, " + slow + "}\n"));
  CHECK(timeline.progress().at(0).stage == FaultProgress::Stage::waiting);
  timeline.start();
  REQUIRE(eventually([&] { return timeline.finished(); }));
  timeline.stop();
  CHECK(f.links.calls == std::vector<std::string>{"inject a", "heal a", "inject b", "heal b"});
  CHECK(f.story() == Story{"fault_injected a", "fault_healed a", "fault_injected b", "fault_healed b"});
  CHECK(f.links.leases.at(0).seed == 42);
  CHECK(f.links.leases.at(0).duration == std::chrono::milliseconds(1200));
  CHECK(f.links.leases.at(0).needs_heartbeat);

  const auto spans = record::fault_spans(f.log());
  REQUIRE(spans.size() == 2);
  CHECK(spans[0].kind == "latency");
  CHECK(spans[0].target == "acquiring->bank");
  CHECK(spans[0].injected >= std::chrono::milliseconds(50));
  CHECK(spans[0].healed >= std::chrono::milliseconds(1250));
  CHECK(spans[1].injected >= spans[0].healed + std::chrono::milliseconds(20));
  CHECK(spans[0].hits > 0);
  std::size_t seconds_told = 0;
  for (const auto& event : f.log().events) seconds_told += event.type == "fault_hits" ? 1 : 0;
  CHECK(seconds_told >= 3);  // at least one full second of a, and the ends of both
  // What the callback told, and what the faults' last events say, is the same.
  const auto progress = timeline.progress();
  CHECK(f.hits_told >= progress.at(1).hits);
  CHECK(progress.at(1).hits == spans[0].hits);
}

TEST_CASE("a kill heals by itself when the process is ready again") {
  Fixture f;
  Timeline timeline(f.options("dies: {at: 10ms, target: {process: ledger}, inject: {kill: {restart_after: 30ms}}}"));
  timeline.start();
  REQUIRE(eventually([&] { return timeline.finished(); }));
  timeline.stop();
  CHECK(f.processes.calls == std::vector<std::string>{"kill ledger 9", "restart ledger"});
  CHECK(f.story() == Story{"fault_injected dies", "fault_healed dies"});
  CHECK(record::fault_spans(f.log()).at(0).hits == 1);
  CHECK(f.hits_told == 1);
}

TEST_CASE("stopping heals what is on, and what has not begun never does") {
  Fixture f;
  const std::string slow = kSlow;
  Timeline timeline(f.options("on: {at: 0s, for: 1h, " + slow + "}\n" + "later: {at: 30m, for: 1h, " + slow + "}\n" +
                              "dies: {at: 0s, target: {process: ledger}, inject: {kill: {restart_after: 1h}}}"));
  timeline.start();
  REQUIRE(eventually([&] { return timeline.active().size() == 2; }));
  timeline.stop("interrupted");
  timeline.stop("again");
  CHECK(f.links.calls == std::vector<std::string>{"inject on", "heal on"});
  CHECK(f.processes.calls == std::vector<std::string>{"kill ledger 9", "restart ledger"});
  CHECK(f.story() == Story{"fault_injected on", "fault_injected dies", "fault_healed on", "fault_healed dies"});
  CHECK(string_member(f.log().events.back().fields, "reason") == "interrupted");
  CHECK(timeline.active().empty());
  CHECK_FALSE(timeline.finished());  // one never began
}

TEST_CASE("a timeline that never started can be stopped") {
  Fixture f;
  Timeline timeline(f.options("on: {at: 0s, for: 1h, " + std::string(kSlow) + "}"));
  timeline.stop();
  CHECK(f.links.calls.empty());
  CHECK(f.log().events.empty());
}

TEST_CASE("a fault that cannot be injected fails, and takes along what was to follow it") {
  Fixture f;
  f.links.refuse = "a";
  const std::string slow = kSlow;
  Timeline timeline(f.options("a: {at: 0s, for: 1h, " + slow + "}\nb: {after: a, for: 1h, " + slow + "}"));
  timeline.start();
  REQUIRE(eventually([&] { return timeline.finished(); }));
  timeline.stop();
  CHECK(f.links.calls == std::vector<std::string>{"inject a"});
  CHECK(f.story() == Story{"fault_failed a", "fault_failed b"});
  CHECK(f.failures.size() == 2);
  CHECK(timeline.progress().at(0).failure == "the agent refuses");
}

TEST_CASE("an injection without an answer is healed, since it may have happened") {
  Fixture f;
  f.links.unanswered = "a";
  Timeline timeline(f.options("a: {at: 0s, for: 1h, " + std::string(kSlow) + "}"));
  timeline.start();
  REQUIRE(eventually([&] { return timeline.finished(); }));
  timeline.stop();
  CHECK(f.links.calls == std::vector<std::string>{"inject a", "heal a"});
  CHECK(f.story() == Story{"fault_failed a"});
}

TEST_CASE("a fault that the agent ended before its time has failed") {
  Fixture f;
  f.links.ends_early = "a";
  Timeline timeline(f.options("a: {at: 0s, for: 1h, " + std::string(kSlow) + "}"));
  timeline.start();
  REQUIRE(eventually([&] { return timeline.finished(); }));
  timeline.stop();
  CHECK(f.story() == Story{"fault_injected a", "fault_failed a"});
  CHECK(record::fault_spans(f.log()).at(0).failure.find("heartbeat missing") != std::string::npos);
}

TEST_CASE("a fault that cannot be healed has failed, after a second try") {
  Fixture f;
  f.links.cannot_heal = "a";
  Timeline timeline(f.options("a: {at: 0s, for: 1h, " + std::string(kSlow) + "}"));
  timeline.start();
  REQUIRE(eventually([&] { return timeline.active().size() == 1; }));
  timeline.stop();
  CHECK(f.links.calls == std::vector<std::string>{"inject a", "heal a", "heal a"});
  CHECK(f.story() == Story{"fault_injected a", "fault_failed a"});
}

TEST_CASE("a kill of a process that does not run, or does not come back, has failed") {
  Fixture f;
  SECTION("it does not run") {
    f.processes.kill_fails = true;
  }
  SECTION("it does not start") {
    f.processes.restart_fails = true;
  }
  SECTION("it is never ready") {
    f.processes.ready_after_restart = false;
  }
  Timeline timeline(
      f.options("dies: {at: 0s, target: {process: ledger}, inject: {kill: {restart_after: 0s, ready_within: 10ms}}}"));
  timeline.start();
  REQUIRE(eventually([&] { return timeline.finished(); }));
  timeline.stop();
  CHECK(f.story().back() == "fault_failed dies");
  CHECK(f.failures.size() == 1);
}

TEST_CASE("a fault whose time has passed before the timeline came to it is not injected") {
  Fixture f;
  auto options = f.options("a: {at: 1s, for: 1s, " + std::string(kSlow) + "}");
  options.clock = RunClock::starting_in(-std::chrono::seconds(60));
  Timeline timeline(std::move(options));
  timeline.start();
  REQUIRE(eventually([&] { return timeline.finished(); }));
  timeline.stop();
  CHECK(f.links.calls.empty());
  CHECK(f.story() == Story{"fault_failed a"});
}
