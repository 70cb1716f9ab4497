#include "platform/acquiring/charge_flow.hpp"

#include "platform/acquiring/bank_link.hpp"
#include "tests/support/catch.hpp"

using namespace tidegate;
using namespace tidegate::platform;
using Kind = BankAnswer::Kind;
using Action = ChargeFlow::Action;

TEST_CASE("the calls of a charge until it is settled") {
  struct Row {
    const char* why;
    bool resumed;
    std::vector<Kind> answers;
    std::vector<Action> calls;
  };
  const Action post = Action::post;
  const Action ask = Action::enquire;
  const std::vector<Row> rows = {
      {"approved at once", false, {Kind::approved}, {post}},
      {"declined at once", false, {Kind::declined}, {post}},
      {"refused at once", false, {Kind::rejected}, {post}},
      {"timeout, but it had happened", false, {Kind::unknown, Kind::approved}, {post, ask}},
      {"timeout, and it never arrived", false, {Kind::unknown, Kind::not_known, Kind::approved}, {post, ask, post}},
      {"the bank is away for long: asks, never posts blindly",
       false,
       {Kind::unknown, Kind::unknown, Kind::unknown, Kind::unknown, Kind::approved},
       {post, ask, ask, ask, ask}},
      {"the second post is lost as well",
       false,
       {Kind::unknown, Kind::not_known, Kind::unknown, Kind::not_known, Kind::declined},
       {post, ask, post, ask, post}},
      {"resumed: it had happened", true, {Kind::approved}, {ask}},
      {"resumed: never posted", true, {Kind::not_known, Kind::approved}, {ask, post}},
      {"resumed: the bank is away", true, {Kind::unknown, Kind::not_known, Kind::approved}, {ask, ask, post}},
  };
  for (const Row& row : rows) {
    INFO(row.why);
    ChargeFlow flow("pay_1-a1", row.resumed);
    ChargeFlow::Step step = flow.first();
    std::vector<Action> calls;
    for (const Kind answer : row.answers) {
      calls.push_back(step.action);
      step = flow.next({answer, {}, {}});
    }
    CHECK(calls == row.calls);
    CHECK(step.action == Action::finished);
  }
}

TEST_CASE("back-off doubles from 100 ms to 2 s, less a random half") {
  const std::vector<std::int64_t> full = {100, 200, 400, 800, 1600, 2000, 2000, 2000};
  bool differs = false;
  for (std::uint32_t failures = 1; failures <= full.size(); ++failures) {
    const Nanoseconds wait = back_off(7, failures);
    const std::chrono::milliseconds limit(full[failures - 1]);
    INFO(failures);
    CHECK(wait >= limit / 2);
    CHECK(wait <= limit);
    differs = differs || back_off(8, failures) != wait;
  }
  CHECK(differs);  // two references do not come back in step
  CHECK(back_off(7, 1'000'000) <= std::chrono::seconds(2));
  ChargeFlow flow("pay_1-a1", false);
  CHECK(flow.first().wait == Nanoseconds{0});
  CHECK(flow.next({Kind::unknown, {}, {}}).wait >= std::chrono::milliseconds(50));
}

TEST_CASE("what the bank's answers mean") {
  struct Row {
    const char* why;
    int status;
    const char* body;
    Kind post, enquiry;
  };
  const char* approved = R"({"reference":"r","status":"approved","auth_code":"A1"})";
  const std::vector<Row> rows = {
      {"new", 201, approved, Kind::approved, Kind::unknown},
      {"repeat", 200, approved, Kind::approved, Kind::approved},
      {"declined", 200, R"({"reference":"r","status":"declined","reason":"no"})", Kind::declined, Kind::declined},
      {"another reference", 200, R"({"reference":"x","status":"approved"})", Kind::unknown, Kind::unknown},
      {"no reference", 200, R"({"status":"approved"})", Kind::unknown, Kind::unknown},
      {"a status that does not exist", 200, R"({"reference":"r","status":"maybe"})", Kind::unknown, Kind::unknown},
      {"no status", 200, R"({"reference":"r"})", Kind::unknown, Kind::unknown},
      {"garbage", 200, "<html>", Kind::unknown, Kind::unknown},
      {"nothing", 200, "", Kind::unknown, Kind::unknown},
      {"an array", 200, "[]", Kind::unknown, Kind::unknown},
      {"unknown to the bank", 404, "{}", Kind::unknown, Kind::not_known},
      {"malformed", 400, "{}", Kind::rejected, Kind::unknown},
      {"invalid", 422, "{}", Kind::rejected, Kind::unknown},
      {"reference used for another amount: a charge exists", 409, "{}", Kind::unknown, Kind::unknown},
      {"too many requests", 429, "{}", Kind::unknown, Kind::unknown},
      {"500", 500, approved, Kind::unknown, Kind::unknown},
      {"503", 503, "", Kind::unknown, Kind::unknown},
  };
  for (const Row& row : rows) {
    INFO(row.why);
    http::Response response;
    response.status = row.status;
    response.body = row.body;
    CHECK(read_charge_answer(response, "r").kind == row.post);
    CHECK(read_enquiry_answer(response, "r").kind == row.enquiry);
  }
  CHECK(read_charge_answer(timeout_error("t"), "r").kind == Kind::unknown);
  CHECK(read_enquiry_answer(closed_error("c"), "r").kind == Kind::unknown);
}
