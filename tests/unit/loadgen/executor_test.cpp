// k6's executors against a real server: how many iterations, by whom, and when they must end.

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>

#include "base/thread_affinity.hpp"
#include "loadgen/loop.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/threads.hpp"
#include "tests/unit/loadgen/played.hpp"
#include "tests/unit/loadgen/scripted_server.hpp"
#include "tests/unit/loadgen/sections_text.hpp"

namespace tidegate::loadgen {
namespace {

using std::chrono::milliseconds;

/// Each iteration sends its row, so the server's log tells which iterations were played.
std::string with_rows(const std::string& load) {
  return "data: {d: {generate: {key: '${uuid()}'}}}\nflows: {a: [{post: /x, body: '${d.key}'}]}\nload: {l: {" + load +
         "}}\n";
}

std::map<std::string, int> bodies(const ScriptedServer& server) {
  std::map<std::string, int> counts;
  for (const auto& [line, body] : server.log()) ++counts[body];
  return counts;
}

void ok(Conversation& conversation) {
  conversation.answer(200, "{}");
}

/// The most requests that were in progress at once.
class Gauge {
 public:
  ScriptedServer::Script script(milliseconds stall) {
    return [this, stall](Conversation& conversation) {
      const int now = ++in_progress_;
      for (int most = most_; now > most && !most_.compare_exchange_weak(most, now);) {
      }
      conversation.stall(stall);
      --in_progress_;
      conversation.answer(200, "{}");
    };
  }
  int most() const { return most_; }

 private:
  std::atomic<int> in_progress_{0}, most_{0};
};

}  // namespace

TEST_CASE("iterations that VUs share are played once each, whatever the number of loops") {
  std::map<std::string, int> of_one;
  for (const int loops : {1, 2, 7}) {
    ScriptedServer server(ok);
    PlayOptions options;
    options.loops = loops;
    const Played played = play(with_rows("executor: shared-iterations, vus: 5, iterations: 43"), server.url(), options);
    CHECK(played.finished);
    CHECK(server.requests() == 43);
    CHECK(played.count("iterations", {{"outcome", "ok"}}) == 43);
    const auto sent = bodies(server);
    CHECK(sent.size() == 43);
    if (loops == 1) of_one = sent;
    CHECK(sent == of_one);
  }
}

TEST_CASE("iterations per VU are played by each VU") {
  for (const int loops : {1, 3}) {
    ScriptedServer server(ok);
    PlayOptions options;
    options.loops = loops;
    const Played played = play(with_rows("executor: per-vu-iterations, vus: 6, iterations: 7"), server.url(), options);
    CHECK(played.finished);
    CHECK(server.requests() == 42);
    CHECK(bodies(server).size() == 42);
    CHECK(played.last.vus == 0);
  }
}

TEST_CASE("counted iterations end at their longest duration, and what hangs after its grace") {
  ScriptedServer server([](Conversation& conversation) {
    if (conversation.number == 3) return conversation.stall(milliseconds(20'000));
    conversation.answer(200, "{}");
  });
  const Played played = play(
      with_rows("executor: shared-iterations, vus: 2, iterations: 1000000, max_duration: 300ms, graceful_stop: 200ms"),
      server.url());
  CHECK(played.finished);  // by itself: nobody stopped it
  CHECK(played.count("iterations", {{"outcome", "interrupted"}}) == 1);
  CHECK(played.count("errors", {{"class", "interrupted"}}) == 1);
  CHECK(server.requests() < 1'000'000);
}

TEST_CASE("VUs come and go with the stages") {
  Gauge gauge;
  ScriptedServer server(gauge.script(milliseconds(10)));
  const Played played = play(
      with_rows(
          "executor: ramping-vus, start_vus: 0, stages: [{over: 300ms, to: 6}, {over: 200ms, to: 6}, {over: 300ms, "
          "to: 0}, {over: 100ms, to: 0}, {over: 200ms, to: 2}]"),
      server.url());
  CHECK(played.finished);
  CHECK(gauge.most() <= 6);
  CHECK(gauge.most() >= 4);
  CHECK(played.count("iterations", {{"outcome", "ok"}}) == server.requests());
  CHECK(bodies(server).size() == static_cast<std::size_t>(server.requests()));  // no iteration twice
  CHECK(played.count("iterations", {{"outcome", "interrupted"}}) == 0);
}

TEST_CASE("a VU that ramps down has its own grace, and comes back when it is wanted again") {
  ScriptedServer server([](Conversation& conversation) {
    if (conversation.number <= 2) return conversation.stall(milliseconds(20'000));
    conversation.answer(200, "{}");
  });
  const Played played = play(
      with_rows(
          "executor: ramping-vus, start_vus: 2, graceful_ramp_down: 100ms, stages: [{over: 100ms, to: 2}, {over: 0s, "
          "to: 0}, {over: 400ms, to: 0}, {over: 0s, to: 2}, {over: 100ms, to: 2}]"),
      server.url());
  CHECK(played.finished);
  CHECK(played.count("iterations", {{"outcome", "interrupted"}}) == 2);
  CHECK(played.count("iterations", {{"outcome", "ok"}}) > 2);
}

TEST_CASE("an open loop's iterations have the block's grace") {
  ScriptedServer server([](Conversation& conversation) { conversation.stall(milliseconds(20'000)); });
  const Played played = play(
      with_rows("executor: constant-arrival-rate, rate: 50/s, duration: 200ms, graceful_stop: 150ms"), server.url());
  CHECK(played.finished);
  CHECK(played.count("scheduled_iterations") == 10);
  CHECK(played.count("iterations", {{"outcome", "interrupted"}}) == 10);
}

TEST_CASE("virtual users that are wanted from the start exist, shared out among the loops") {
  for (const int loops : {1, 2}) {
    ScriptedServer server(ok);
    PlayOptions options;
    options.loops = loops;
    const Played played =
        play(with_rows("executor: constant-arrival-rate, rate: 10/s, duration: 300ms, pre_allocated_vus: 7"),
             server.url(), options);
    CHECK(played.finished);
    CHECK(played.last.vus_max == 7);
    CHECK(played.count("iterations", {{"outcome", "ok"}}) == 3);
  }
}

TEST_CASE("a loop that burns the time before arrivals sends the same schedule") {
  ScriptedServer server(ok);
  PlayOptions options;
  options.spin = 1;
  const Played played =
      play(with_rows("executor: constant-arrival-rate, rate: 100/s, duration: 300ms"), server.url(), options);
  CHECK(played.finished);
  CHECK(played.count("iterations", {{"outcome", "ok"}}) == 30);
  CHECK(played.count("scheduled_iterations") == 30);
}

TEST_CASE("a loop with a tick sends the same schedule, and counts what the tick delays") {
  const std::string load = with_rows("executor: constant-arrival-rate, rate: 400/s, duration: 500ms");
  ScriptedServer server(ok);
  const Played played = play(load + "generator: {tick: 2ms}\n", server.url());
  CHECK(played.finished);
  CHECK(played.count("iterations", {{"outcome", "ok"}}) == 200);
  CHECK(played.count("scheduled_iterations") == 200);
  // Arrivals come every 2.5 ms, so three of four fall between two ticks: by 0.5, 1 and 1.5 ms. A machine that is busy
  // only adds to that.
  CHECK(played.histogram("schedule_lateness").value_at_percentile(50) >= 450);
  // An answer is seen at the tick after its request.
  CHECK(played.histogram("http_req_duration").value_at_percentile(50) >= 500);
}

TEST_CASE("load loops with thread affinity keep to the last processors") {
  const std::vector<int> processors = usable_processors();
  const auto before = test::threads_of_this_process();
  const std::string load = with_rows("executor: constant-arrival-rate, rate: 100/s, duration: 300ms");
  for (const bool asked : {false, true}) {
    std::mutex mutex;
    std::map<std::string, std::string> places;
    ScriptedServer server([&](Conversation& conversation) {
      {
        const std::lock_guard lock(mutex);
        for (const auto& [name, at] : test::threads_of_this_process()) {
          if (name.starts_with("load-")) places[name] = at;
        }
      }
      ok(conversation);
    });
    PlayOptions options;
    options.loops = 2;
    const Played played = play(load + (asked ? "generator: {thread_affinity: true}\n" : ""), server.url(), options);
    CHECK(played.count("iterations", {{"outcome", "ok"}}) == 30);
    const auto expected = [&](std::size_t loop) {
      return asked ? std::to_string(processors[processors.size() - 1 - loop % processors.size()])
                   : before.begin()->processors;
    };
    CHECK(places == std::map<std::string, std::string>{{"load-0", expected(0)}, {"load-1", expected(1)}});
    CHECK(usable_processors() == processors);
  }
}

TEST_CASE("how long a loop with a tick waits") {
  struct WaitCase {
    const char* why;
    std::int64_t now, next_event;
    bool in_progress;
    std::int64_t until;
    bool rest;
  };
  for (const WaitCase& row :
       {WaitCase{"requests are in progress", 1200, 90'000, true, 2000, true},
        WaitCase{"on a tick: until the next one", 2000, 90'000, true, 3000, true},
        WaitCase{"something is due before the next tick", 1200, 1300, false, 2000, true},
        WaitCase{"something is due at the next tick", 1200, 2000, false, 2000, true},
        WaitCase{"something was due", 1200, 1000, false, 2000, true},
        WaitCase{"the next event is far: a wait that an event ends", 1200, 90'100, false, 91'000, false},
        WaitCase{"the next event is far, and on a tick", 1200, 90'000, false, 90'000, false},
        WaitCase{"before the start of load", -1700, 90'000, true, -1000, true},
        WaitCase{"before the start of load, on a tick", -2000, 90'000, true, -1000, true},
        WaitCase{"towards an event before the start of load", -9900, -1500, false, -1000, false}}) {
    INFO(row.why);
    const Wait wait =
        wait_in_ticks(Nanoseconds(row.now), Nanoseconds(row.next_event), row.in_progress, Nanoseconds(1000));
    CHECK(wait.until == Nanoseconds(row.until));
    CHECK(wait.rest == row.rest);
  }
}

TEST_CASE("blocks run side by side, each with its start") {
  ScriptedServer server(ok);
  const Played played = play(
      "flows: {a: [{get: /a}], b: [{get: /b}]}\n"
      "load:\n"
      "  one: {executor: constant-arrival-rate, flows: {a: 100}, rate: 100/s, duration: 1200ms}\n"
      "  two: {executor: per-vu-iterations, flows: {b: 100}, vus: 2, iterations: 3, start_after: 1s}\n",
      server.url());
  CHECK(played.finished);
  // By the second of the intended start, whenever the machine found the time to send them.
  CHECK(played.count("iterations", {{"block", "one"}}, 0, 1) == 100);
  CHECK(played.count("iterations", {{"block", "one"}}, 1, 2) == 20);
  CHECK(played.count("iterations", {{"block", "two"}}, 0, 1) == 0);
  CHECK(played.count("iterations", {{"block", "two"}}) == 6);
}

TEST_CASE("arrivals of a capacity search follow the rates it is given") {
  ScriptedServer server(ok);
  const Compiled compiled = compile_text(with_defaults(
      "load: {l: {executor: capacity-search, start_rate: 10/s, max_rate: 100/s, gates: [g], duration: 60s}}"));
  INFO(compiled.messages);
  REQUIRE(compiled.plan);
  REQUIRE(compiled.plan->searches().size() == 1);
  EngineOptions options;
  options.base_url = server.url();
  options.loops = 2;
  auto engine = Engine::create(*compiled.plan, options);
  REQUIRE(engine.ok());
  REQUIRE((*engine)->start(RunClock::starting_in(Nanoseconds{0})).ok());
  (*engine)->extend_search(0, milliseconds(100), milliseconds(200), 100);
  (*engine)->extend_search(0, milliseconds(300), milliseconds(200), 50);
  std::uint64_t done = 0;
  const Nanoseconds until = monotonic_now() + std::chrono::seconds(20);
  while (done < 30 && monotonic_now() < until) done = (*engine)->swap().iterations_done;
  CHECK(done == 30);
  CHECK_FALSE((*engine)->finished());  // it may be given more
  (*engine)->end_search(0);
  while (!(*engine)->finished() && monotonic_now() < until) {
  }
  CHECK((*engine)->finished());
  CHECK(server.requests() == 30);
}

}  // namespace tidegate::loadgen
