#include "runner/recording.hpp"

#include <unistd.h>

#include <filesystem>

#include "base/file.hpp"
#include "tests/support/catch.hpp"

using namespace tidegate;

namespace {

struct Place {
  std::string path;
  Place() {
    static int counter = 0;
    path = (std::filesystem::temp_directory_path() /
            ("tidegate-recording-" + std::to_string(getpid()) + "-" + std::to_string(++counter)))
               .string();
  }
  ~Place() { std::filesystem::remove_all(path); }
};

}  // namespace

TEST_CASE("events before the clock is known come first, at negative times") {
  const Place place;
  record::RunInfo info;
  info.name = "test";
  auto recording = runner::Recording::create(place.path, info);
  REQUIRE(recording.ok());
  (*recording)->emit("run_started");
  (*recording)->emit("stack_ready", {{"seconds", 0.5}});
  (*recording)->set_clock(RunClock::starting_in(std::chrono::seconds(1)));
  (*recording)->emit("load_started");
  REQUIRE((*recording)->finish(false).ok());
  const auto log = record::read_events((*recording)->directory().events());
  REQUIRE(log.ok());
  REQUIRE(log->events.size() == 4);
  CHECK(log->events[0].type == "run_started");
  CHECK(log->events[0].time < Nanoseconds{0});
  CHECK(log->events[1].type == "stack_ready");
  CHECK(log->events[0].time <= log->events[1].time);
  CHECK(log->events[3].type == "run_ended");
  CHECK_FALSE(log->cut_short);
  CHECK((*recording)->directory().read_info()->finished);
}

TEST_CASE("a run that never came to its load still ends readable") {
  const Place place;
  auto recording = runner::Recording::create(place.path, {});
  REQUIRE(recording.ok());
  (*recording)->emit("harness_error", {{"message", "the stack did not start"}});
  REQUIRE((*recording)->finish(true).ok());
  const auto info = (*recording)->directory().read_info();
  REQUIRE(info.ok());
  CHECK(info->interrupted);
  CHECK(record::read_events((*recording)->directory().events())->events.size() == 2);
}

TEST_CASE("a directory that holds a run is refused and kept") {
  const Place place;
  REQUIRE(runner::Recording::create(place.path, {}).ok());
  const auto before = read_file(place.path + "/run.json");
  CHECK_FALSE(runner::Recording::create(place.path, {}).ok());
  CHECK(*read_file(place.path + "/run.json") == *before);
}

TEST_CASE("a place that cannot be written is named") {
  const auto recording = runner::Recording::create("/proc/tidegate/run", {});
  REQUIRE_FALSE(recording.ok());
  CHECK(recording.error().message.find("/proc/tidegate") != std::string::npos);
}
