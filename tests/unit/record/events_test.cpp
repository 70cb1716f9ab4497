#include "record/events.hpp"

#include <limits>

#include "tests/support/catch.hpp"
#include "tests/unit/record/scratch_directory.hpp"

using namespace tidegate;
using namespace tidegate::record;
using test::content_of;
using test::put_content;
using test::ScratchDirectory;
using namespace std::chrono_literals;

namespace {

const std::string kSchemaLine = "{\"schema\":\"tidegate.events/1\"}\n";

EventLog log_of(const std::string& lines) {
  const ScratchDirectory scratch;
  put_content(scratch.file("e"), kSchemaLine + lines);
  auto log = read_events(scratch.file("e"));
  REQUIRE(log.ok());
  return std::move(*log);
}

}  // namespace

TEST_CASE("events come back in order, to the nanosecond") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("events.ndjson");
  const Nanoseconds times[] = {-3'000'000'001ns, -1ns, 0ns, 16'000'000'000ns, 86'400'123'456'789ns};
  {
    auto writer = EventWriter::create(path);
    REQUIRE(writer.ok());
    for (const Nanoseconds time : times) {
      REQUIRE((*writer)->write(time, "phase_started", {{"phase", "pe\nak \"</script>"}, {"seconds", 1.5}}).ok());
    }
    REQUIRE((*writer)->write(99s, "run_ended").ok());
  }
  const auto log = read_events(path);
  REQUIRE(log.ok());
  CHECK_FALSE(log->cut_short);
  REQUIRE(log->events.size() == std::size(times) + 1);
  for (std::size_t i = 0; i < std::size(times); ++i) {
    CHECK(log->events[i].time == times[i]);
    CHECK(log->events[i].type == "phase_started");
    CHECK(string_member(log->events[i].fields, "phase") == "pe\nak \"</script>");
    CHECK(number_member(log->events[i].fields, "seconds") == 1.5);
    CHECK_FALSE(log->events[i].fields.contains("t"));
  }
  CHECK(content_of(path).find("{\"t\":16,\"event\":\"phase_started\"") != std::string::npos);
}

TEST_CASE("a log is cut short when a line broke off, cannot be read, or the run never ended") {
  const std::string one = "{\"t\":1,\"event\":\"load_started\"}\n";
  const std::string ended = "{\"t\":2,\"event\":\"run_ended\"}\n";
  struct Row {
    const char* what;
    std::string lines;
    bool cut_short;
    std::size_t events;
  };
  const Row rows[] = {
      {"complete", one + ended, false, 2},
      {"no run_ended: killed between two lines", one, true, 1},
      {"nothing at all", "", true, 0},
      {"the last line broke off", one + ended + "{\"t\":3,\"ev", true, 2},
      {"the last line lacks only its end", one + "{\"t\":2,\"event\":\"run_ended\"}", true, 1},
      {"a line of zeros, as some file systems leave after a crash", one + std::string(40, '\0') + "\n" + ended, true,
       1},
      {"a line without a time", one + "{\"event\":\"x\"}\n" + ended, true, 1},
      {"a line without an event", one + "{\"t\":1}\n" + ended, true, 1},
      {"a time that is a text", one + "{\"t\":\"1\",\"event\":\"x\"}\n" + ended, true, 1},
      {"a time beyond all clocks is clamped", "{\"t\":1e300,\"event\":\"x\"}\n" + ended, false, 2},
      {"an event of a later version", "{\"t\":1,\"event\":\"tea_break\",\"cups\":[1]}\n" + ended, false, 2},
      {"a list, nested without end", std::string(100'000, '[') + "\n" + ended, true, 0},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    const EventLog log = log_of(row.lines);
    CHECK(log.cut_short == row.cut_short);
    CHECK(log.events.size() == row.events);
  }
}

TEST_CASE("a log torn at any byte keeps its whole lines") {
  const std::string lines = "{\"t\":1,\"event\":\"a\"}\n{\"t\":2,\"event\":\"b\"}\n{\"t\":3,\"event\":\"run_ended\"}\n";
  for (std::size_t length = 0; length < lines.size(); ++length) {
    const EventLog log = log_of(lines.substr(0, length));
    CHECK(log.cut_short);
    CHECK(log.events.size() ==
          static_cast<std::size_t>(std::count(lines.begin(), lines.begin() + static_cast<long>(length), '\n')));
  }
}

TEST_CASE("an event log of a newer version, or without a schema, is refused") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("e");
  put_content(path, "{\"schema\":\"tidegate.events/2\"}\n");
  auto log = read_events(path);
  REQUIRE_FALSE(log.ok());
  CHECK_THAT(log.error().message, Catch::Contains("newer tidegate"));
  for (const char* first : {"{\"t\":1,\"event\":\"a\"}\n", "hello\n", "{\"schema\":\"other/1\"}\n",
                            "{\"schema\":\"tidegate.events/\"}\n", "{\"schema\":\"tidegate.events/1x\"}\n"}) {
    put_content(path, first);
    CHECK_FALSE(read_events(path).ok());
  }
  CHECK_FALSE(read_events(scratch.file("absent")).ok());
}

TEST_CASE("a full disk is told by the path") {
  auto writer = EventWriter::create("/dev/full");
  REQUIRE_FALSE(writer.ok());
  CHECK_THAT(writer.error().message, Catch::Contains("/dev/full") && Catch::Contains("No space left"));
}

TEST_CASE("fault spans fold inject, hits, heal and failure") {
  const auto spans = fault_spans(log_of(
      "{\"t\":1,\"event\":\"fault_hits\",\"fault\":\"early\",\"hits\":-4}\n"  // hostile count, never injected
      "{\"t\":5,\"event\":\"fault_injected\",\"fault\":\"slow\",\"kind\":\"latency\",\"target\":\"a->b\"}\n"
      "{\"t\":6,\"event\":\"fault_hits\",\"fault\":\"slow\",\"hits\":10}\n"
      "{\"t\":7,\"event\":\"fault_injected\",\"fault\":\"kill\",\"kind\":\"kill\",\"target\":\"ledger\"}\n"
      "{\"t\":8,\"event\":\"fault_hits\",\"fault\":\"slow\",\"hits\":25}\n"
      "{\"t\":9,\"event\":\"fault_healed\",\"fault\":\"slow\",\"hits\":30,\"reason\":\"done\"}\n"
      "{\"t\":10,\"event\":\"fault_failed\",\"fault\":\"kill\",\"message\":\"no such process\"}\n"
      "{\"t\":11,\"event\":\"fault_injected\",\"fault\":\"slow\",\"kind\":\"latency\",\"target\":\"a->b\"}\n"  // again
      "{\"t\":12,\"event\":\"fault_hits\",\"fault\":\"slow\",\"hits\":2}\n"
      "{\"t\":13,\"event\":\"fault_healed\"}\n"));  // of nobody
  REQUIRE(spans.size() == 5);
  CHECK(spans[0].fault == "early");
  CHECK(spans[0].hits == 0);
  CHECK(spans[1].fault == "slow");
  CHECK(spans[1].kind == "latency");
  CHECK(spans[1].target == "a->b");
  CHECK(spans[1].injected == 5s);
  CHECK(spans[1].healed == 9s);
  CHECK(spans[1].was_healed);
  CHECK(spans[1].hits == 30);
  CHECK(spans[2].failure == "no such process");
  CHECK_FALSE(spans[2].was_healed);
  CHECK(spans[3].injected == 11s);
  CHECK(spans[3].hits == 2);
  CHECK_FALSE(spans[3].was_healed);
}
