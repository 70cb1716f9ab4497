// Which operations carry a fault's mark.
#include "runner/touched.hpp"

#include <unistd.h>

#include <filesystem>

#include "base/trace_id.hpp"
#include "record/operations.hpp"
#include "tests/support/catch.hpp"

using namespace tidegate;
using namespace tidegate::runner;
using record::Operation;
using record::OperationEvent;
using std::chrono::milliseconds;

namespace {

Operation operation(const std::string& key, std::uint64_t iteration, std::uint16_t attempt, OperationEvent event,
                    Nanoseconds time) {
  Operation out;
  out.set_kind("payment");
  out.set_key(key);
  out.iteration = iteration;
  out.attempt = attempt;
  out.event = event;
  out.time = time;
  return out;
}

struct History {
  std::string path;
  RunClock clock{std::chrono::seconds(1000), Nanoseconds{0}};
  std::vector<chaos::FaultProgress> progress;
  std::vector<json::object> told;

  History() {
    path = (std::filesystem::temp_directory_path() / ("tidegate-touched-" + std::to_string(getpid()))).string();
    auto writer = record::OperationWriter::create(path);
    REQUIRE(writer.ok());
    const std::vector<Operation> all{
        operation("early", 0, 1, OperationEvent::invoke, milliseconds(500)),
        operation("early", 0, 1, OperationEvent::ok, milliseconds(510)),
        operation("slow", 1, 1, OperationEvent::invoke, milliseconds(1100)),
        operation("quick", 2, 1, OperationEvent::invoke, milliseconds(1200)),
        operation("quick", 2, 1, OperationEvent::ok, milliseconds(1210)),
        operation("slow", 1, 1, OperationEvent::unknown, milliseconds(1400)),
        operation("slow", 1, 2, OperationEvent::invoke, milliseconds(1500)),
        operation("slow", 1, 2, OperationEvent::ok, milliseconds(1900)),
        operation("traced", 3, 1, OperationEvent::invoke, milliseconds(1600)),
        operation("traced", 3, 1, OperationEvent::ok, milliseconds(1601)),
    };
    REQUIRE((*writer)->write(all).ok());
    for (const char* name : {"first", "second"}) {
      chaos::FaultProgress fault;
      fault.name = name;
      fault.injected = milliseconds(1000);
      fault.healed = milliseconds(2000);
      progress.push_back(fault);
    }
  }
  ~History() { std::filesystem::remove(path); }

  void mark(TouchedRequests& touched) {
    const auto marked = touched.mark(path, clock, progress, [this](std::string_view type, json::object fields) {
      if (type == "fault_touched") told.push_back(std::move(fields));
    });
    REQUIRE(marked.ok());
  }
  /// The bits of each record, in the order of the file.
  std::vector<std::uint64_t> bits() const {
    std::vector<std::uint64_t> out;
    const auto log = record::read_operations(path);
    REQUIRE(log.ok());
    CHECK_FALSE(log->cut_short);
    for (const Operation& each : log->operations) out.push_back(each.touched);
    return out;
  }
};

chaos::Touch touch(std::string_view identity, const History& history, Nanoseconds at) {
  return {chaos::message_hash(identity), history.clock.to_monotonic(at)};
}

}  // namespace

TEST_CASE("touched: the attempt that was under way, by key or by the trace id that derives from it") {
  History history;
  TouchedRequests touched({"first", "second"});
  touched.add("first", {touch("slow", history, milliseconds(1101)), touch("nobody", history, milliseconds(1101))});
  touched.add("second",
              {touch("slow", history, milliseconds(1501)), touch(trace_id_for("traced"), history, milliseconds(1700))});
  touched.add("third", {touch("quick", history, milliseconds(1201))});  // no fault of the scenario
  history.mark(touched);
  CHECK(history.bits() == std::vector<std::uint64_t>{0, 0, 1, 0, 0, 0, 2, 0, 2, 0});

  REQUIRE(history.told.size() == 2);
  const json::object& first = history.told[0];
  CHECK(first.at("fault").as_string() == "first");
  CHECK(integer_member(first, "bit") == 0);
  CHECK(integer_member(first, "requests") == 1);
  CHECK(integer_member(first, "failed") == 1);
  CHECK(integer_member(first, "others") == 1);  // quick; not what the other fault touched, nor what came earlier
  CHECK(number_member(first, "others_p50_s") == Approx(0.01));
  const json::object& second = history.told[1];
  CHECK(integer_member(second, "requests") == 2);
  CHECK(number_member(second, "p50_s") == Approx(0.4));
}

TEST_CASE("touched: a touch before every attempt belongs to the first; one with no operation to none") {
  History history;
  TouchedRequests touched({"first", "second"});
  touched.add("first", {touch("slow", history, milliseconds(100))});
  touched.add("second", {touch("elsewhere", history, milliseconds(1500))});
  history.mark(touched);
  CHECK(history.bits() == std::vector<std::uint64_t>{0, 0, 1, 0, 0, 0, 0, 0, 0, 0});
  CHECK(history.told.size() == 1);
}

TEST_CASE("touched: nothing touched changes nothing, and a missing history is an error") {
  History history;
  TouchedRequests none({"first"});
  history.mark(none);
  CHECK(history.told.empty());
  TouchedRequests some({"first"});
  some.add("first", {touch("slow", history, milliseconds(1101))});
  CHECK_FALSE(some.mark("/does/not/exist", history.clock, history.progress, [](auto, auto) {}).ok());
}
