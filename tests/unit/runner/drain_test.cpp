// What a run waits for after its load, of an external system that has exports and no processes or groups of ours.
#include "runner/drain.hpp"

#include <atomic>
#include <thread>

#include "tests/support/catch.hpp"
#include "tests/support/http_double.hpp"

using namespace tidegate;
using namespace std::chrono_literals;

namespace {

runner::DrainOutcome drain_of(const audit::System& system, Nanoseconds limit) {
  runner::DrainInput input;
  input.clock = RunClock::starting_in(0s);
  input.system = &system;
  input.limit = limit;
  input.reading_limit = 60s;
  input.interrupted = [] { return false; };
  input.each_second = [] {};
  return runner::wait_until_drained(input);
}

/// A shop whose exports say what each row of them says from its so-many-th reading on.
class Shop {
 public:
  using Readings = std::vector<std::string>;  // the items; the last one stays

  Shop(Readings payments, Readings deliveries)
      : payments_(std::move(payments)),
        deliveries_(std::move(deliveries)),
        server_([this](const http::Request& request) {
          return request.path == "/payments" ? answer(payments_, asked_for_payments) : answer(deliveries_, asked);
        }) {
    system_.webhooks = true;
    system_.exports["payments"].url = server_.url() + "/payments";
    system_.exports["dead-letters"].url = server_.url() + "/deliveries";
  }

  audit::System& system() { return system_; }

  runner::DrainOutcome drain(Nanoseconds limit) { return drain_of(system_, limit); }

  std::atomic<std::size_t> asked_for_payments{0}, asked{0};

 private:
  static http::Response answer(const Readings& readings, std::atomic<std::size_t>& asked) {
    const std::string& items = readings[std::min(asked++, readings.size() - 1)];
    if (items.empty()) return test::answer_with(404, "{}");
    return test::answer_with(200, R"({"items":)" + items + R"(,"next":null,"as_of":9})");
  }

  const Readings payments_, deliveries_;
  audit::System system_;
  test::HttpDouble server_;
};

const std::string kSettled = R"([{"id":"p1","status":"captured"}])";
const std::string kOpen = R"([{"id":"p1","status":"processing"}])";
const std::string kDelivered = R"([{"event":"e1","state":"delivered"},{"event":"e2","state":"dead"}])";
const std::string kPending = R"([{"event":"e1","state":"pending"},{"event":"e2","state":"dead"}])";

}  // namespace

TEST_CASE("webhooks still to be repeated are waited for, and so are payments") {
  Shop shop({kOpen, kOpen, kSettled}, {kPending, kPending, kDelivered});
  const auto outcome = shop.drain(60s);
  CHECK(outcome.drained);
  CHECK(outcome.open_text.empty());
  CHECK(shop.asked_for_payments >= 3);
  CHECK(shop.asked >= 3);
}

TEST_CASE("the last events bring a delivery: what was closed is open again") {
  // The second reading is the one after everything was quiet.
  Shop shop({kSettled}, {kDelivered, kPending, kPending, kDelivered});
  CHECK(shop.drain(60s).drained);
  CHECK(shop.asked >= 5);
}

TEST_CASE("what stays open is told") {
  struct Row {
    const char* title;
    Shop::Readings payments, deliveries;
    std::string open;
  };
  const std::vector<Row> rows = {
      {"a delivery", {kSettled}, {kPending}, "1 webhook deliveries pending: e1 (pending)"},
      {"four deliveries",
       {kSettled},
       {R"([{"event":1,"state":"pending"},{"event":2,"state":"pending"},{"event":3,"state":"pending"},
            {"event":4,"state":"pending"}])"},
       "4 webhook deliveries pending: 1 (pending), 2 (pending), 3 (pending), …"},
      {"a payment", {kOpen}, {kDelivered}, "1 payments in a transient state: p1 (processing)"},
      {"an export that is gone", {kSettled}, {""}, "what webhook deliveries pending there are cannot be read: "},
      {"a delivery without an event", {kSettled}, {R"([{"state":"pending"}])"}, "an item of 'dead-letters': "},
      {"a state that is no text", {kSettled}, {R"([{"event":"e1","state":7}])"}, "an item of 'dead-letters': "},
  };
  for (const Row& row : rows) {
    CAPTURE(row.title);
    Shop shop(row.payments, row.deliveries);
    const auto outcome = shop.drain(300ms);
    CHECK_FALSE(outcome.drained);
    CHECK_THAT(outcome.open_text, Catch::Contains(row.open));
  }
}

namespace {

/// Ten pages of payments, each of which takes 50 ms: longer to read than the limit of waiting below.
struct LargeExport {
  test::HttpDouble server{[](const http::Request& request) {
    const int page = std::stoi("0" + request.query_parameter("after").value_or(""));
    std::this_thread::sleep_for(50ms);
    return test::answer_with(200, R"({"items":[{"id":)" + std::to_string(page) + R"(,"status":"captured"}],"next":)" +
                                      (page == 9 ? "null" : std::to_string(page + 1)) + R"(,"as_of":9})");
  }};

  runner::DrainOutcome drain() {
    audit::System system;
    system.exports["payments"].url = server.url() + "/payments";
    return drain_of(system, 100ms);
  }
};

}  // namespace

TEST_CASE("reading an export for the first time is no waiting") {
  LargeExport large;
  const auto outcome = large.drain();
  CHECK(outcome.drained);
  CHECK(outcome.reading_seconds >= 0.5);
  CHECK(outcome.reading_seconds <= outcome.seconds);
}

TEST_CASE("deliveries that are nobody's to wait for") {
  SECTION("the run has no sink") {
    Shop shop({kSettled}, {kPending});
    shop.system().webhooks = false;
    CHECK(shop.drain(60s).drained);
    CHECK(shop.asked == 0);
  }
  SECTION("an export of dead letters alone has no states") {
    Shop shop({kSettled}, {R"([{"event":"e1"},{"event":"e2","state":null}])"});
    CHECK(shop.drain(60s).drained);
  }
  SECTION("the system declares no such export") {
    Shop shop({kSettled}, {kPending});
    shop.system().exports.erase("dead-letters");
    CHECK(shop.drain(60s).drained);
  }
}
