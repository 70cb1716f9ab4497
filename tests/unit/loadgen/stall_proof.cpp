// The proof that a stall cannot hide: a server that stops for one second in eight, and its own reply log. What the
// engine says must be what the log and the schedule say.

#include <algorithm>
#include <vector>

#include "loadgen/arrivals.hpp"
#include "loadgen/compiled.hpp"
#include "loadgen/engine.hpp"
#include "record/series.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/loadgen/played.hpp"
#include "tests/unit/loadgen/sections_text.hpp"
#include "tests/unit/loadgen/stalling_server.hpp"

namespace tidegate::loadgen {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const char* const kFlow = "flows: {a: [{get: '/${uuid()}'}]}\n";

/// Response times as the server's log and the schedule tell them, in microseconds, ascending.
std::vector<double> recomputed(const Played& played, const std::map<std::string, Nanoseconds>& log) {
  std::vector<double> times;
  for (std::size_t i = 0; i < played.targets.size(); ++i) {
    const auto reply = log.find(played.targets[i]);
    REQUIRE(reply != log.end());
    times.push_back(to_seconds(played.clock.from_monotonic(reply->second) - played.intended[i]) * 1e6);
  }
  std::sort(times.begin(), times.end());
  return times;
}

double at_percentile(const std::vector<double>& sorted, double percent) {
  return sorted[static_cast<std::size_t>(percent / 100 * static_cast<double>(sorted.size() - 1))];
}

}  // namespace

TEST_CASE("open loop: the percentiles are those of the server's own reply log") {
  StallingServer server(seconds(4), seconds(1));
  PlayOptions options;
  options.keep_schedule = true;
  const Played played = play(
      std::string(kFlow) + "load: {l: {executor: constant-arrival-rate, rate: 2000/s, duration: 8s, max_vus: 5000}}",
      server.url(), options);
  REQUIRE(played.count("dropped_iterations") == 0);
  REQUIRE(played.count("iterations", {{"outcome", "ok"}}) == 16'000);
  const std::vector<double> truth = recomputed(played, server.stop_and_read_log());
  REQUIRE(truth.size() == 16'000);
  const Histogram said = played.histogram("response_time");
  for (const double percent : {90.0, 99.0}) {
    const double expected = at_percentile(truth, percent);
    const auto found = static_cast<double>(said.value_at_percentile(percent));
    INFO("p" << percent << ": the log says " << expected << " us, the engine " << found << " us");
    CHECK(expected > 100'000);  // the stall is in there
    CHECK(std::abs(found - expected) <= 0.02 * expected);
  }
  const double median = at_percentile(truth, 50);
  const auto found = static_cast<double>(said.value_at_percentile(50));
  INFO("p50: the log says " << median << " us, the engine " << found << " us");
  // On a machine that is busy with something else, the way back from the server is what differs.
  const double busy = static_cast<double>(played.histogram("schedule_lateness").value_at_percentile(50));
  CHECK(std::abs(found - median) <= 200 + busy);
}

TEST_CASE("closed loop: a stall is seen by each VU once, and by nobody else") {
  StallingServer server(seconds(1), seconds(1));
  const Played played =
      play(std::string(kFlow) + "load: {l: {executor: constant-vus, vus: 64, duration: 3s}}", server.url());
  REQUIRE(played.count("http_req_failed") == 0);
  CHECK(played.histogram("response_time").count_at_or_over(500'000) == 64);
}

}  // namespace tidegate::loadgen
