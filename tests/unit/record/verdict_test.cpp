#include "record/verdict.hpp"

#include <limits>

#include "tests/support/catch.hpp"

using namespace tidegate;
using namespace tidegate::record;

namespace {

Verdict full_verdict() {
  Verdict verdict;
  verdict.scenario = "black-friday";
  verdict.title = "Black Friday";
  verdict.variant = "smoke";
  verdict.seed = 18446744073709551615ULL;
  verdict.scale = {{"ramp", 0.12, 0.0078}, {"peak", 0.12, 0.025}};
  verdict.outcome = Outcome::fail;
  verdict.exit_code = exit_code::fail;
  verdict.interrupted = true;
  verdict.cut_short = true;
  verdict.reasons = {"ack_p99 during peak: 612 ms [598, 631] is over 500 ms"};
  verdict.validity = {Outcome::inconclusive, 600, 599.8, 84e-6, 1e-3, 7, 0.31, 0.02, 0.83, 0.04, {"why"}};
  GateResult gate;
  gate.name = "ack_p99";
  gate.kind = "expect";
  gate.during = "peak";
  gate.outcome = Outcome::fail;
  gate.value = 0.612;
  gate.limit = 0.5;
  gate.comparison = "<";
  gate.unit = "s";
  gate.interval = {0.598, 0.631};
  gate.samples = 11987;
  gate.reason = "over";
  verdict.gates = {gate, GateResult{}};
  FaultResult fault;
  fault.name = "bank_slow";
  fault.kind = "latency";
  fault.target = "acquiring->bank-simulator";
  fault.injected_s = 16;
  fault.healed_s = 20;
  fault.hits = 718;
  fault.time_to_detect_s = 1;
  verdict.faults = {fault};
  verdict.audit = {{"no_lost_acks", "false", 21000, "one is gone", {json::object{{"key", "k"}}}}};
  verdict.lag = {{"ledger", "payments", 0.8, 0.6, 512}};
  verdict.capacity = {{"search", 1250, 1310, true, false}, {"other", 80, std::nullopt, false, true}};
  return verdict;
}

json::object parsed(const Verdict& verdict) {
  auto value = parse_json(pretty_json(to_json(verdict)));
  REQUIRE(value.ok());
  return value->as_object();
}

std::string refusal(const json::value& value) {
  const auto read = verdict_from_json(value);
  return read ? "accepted" : read.error().message;
}

}  // namespace

TEST_CASE("verdict.json has the documented names and survives a round trip") {
  const json::object object = parsed(full_verdict());
  CHECK(object.at("schema") == "tidegate.verdict/1");
  CHECK(object.at("verdict") == "FAIL");
  CHECK(object.at("exit_code") == 99);
  CHECK(object.at("scale").at("peak").at("time").to_number<double>() == 0.025);
  CHECK(object.at("gates").at(0).at("interval").at(1).to_number<double>() == 0.631);
  CHECK(object.at("gates").at(1).at("value").is_null());
  CHECK(object.at("faults").at(0).at("time_to_recover_s").is_null());
  CHECK(object.at("audit").at(0).at("outcome") == "false");
  CHECK(object.at("lag").at(0).at("max_age_s").to_number<double>() == 0.8);

  const auto again = verdict_from_json(object);
  REQUIRE(again.ok());
  CHECK(to_json(*again) == to_json(full_verdict()));
  CHECK(again->seed == 18446744073709551615ULL);
  CHECK_FALSE(again->gates[1].value.has_value());
}

TEST_CASE("a run without gates says NOT JUDGED") {
  Verdict verdict;
  verdict.judged = false;
  verdict.exit_code = exit_code::pass;
  CHECK(verdict_word(verdict) == "NOT JUDGED");
  const auto again = verdict_from_json(parsed(verdict));
  REQUIRE(again.ok());
  CHECK_FALSE(again->judged);
  CHECK(verdict_word(*again) == "NOT JUDGED");
}

TEST_CASE("numbers that JSON cannot hold become null, and null reads as nothing") {
  Verdict verdict = full_verdict();
  verdict.gates[0].value = std::numeric_limits<double>::quiet_NaN();
  verdict.gates[0].limit = std::numeric_limits<double>::infinity();
  const auto again = verdict_from_json(parsed(verdict));
  REQUIRE(again.ok());
  CHECK_FALSE(again->gates[0].value.has_value());
  CHECK_FALSE(again->gates[0].limit.has_value());
}

TEST_CASE("every outcome has a word that reads back") {
  for (const Outcome outcome :
       {Outcome::pass, Outcome::warn, Outcome::fail, Outcome::inconclusive, Outcome::error, Outcome::not_asked}) {
    CHECK(outcome_from(to_string(outcome)) == outcome);
  }
  CHECK_FALSE(outcome_from("pass").has_value());
  CHECK_FALSE(outcome_from("").has_value());
}

TEST_CASE("verdicts that are newer, foreign or malformed are refused with the member's name") {
  const auto with = [](std::string_view key, json::value value) {
    json::object object = parsed(full_verdict());
    object[key] = std::move(value);
    return refusal(object);
  };
  CHECK_THAT(with("schema", "tidegate.verdict/2"), Catch::Contains("newer tidegate"));
  CHECK_THAT(with("schema", "tidegate.run/1"), Catch::Contains("tidegate.verdict/1"));
  CHECK_THAT(with("schema", "tidegate.verdict/18446744073709551616"), Catch::Contains("expected"));
  CHECK_THAT(with("verdict", "FINE"), Catch::Contains("'verdict'"));
  CHECK_THAT(with("verdict", nullptr), Catch::Contains("'verdict'"));
  CHECK_THAT(with("seed", -1), Catch::Contains("'seed'"));
  CHECK_THAT(with("exit_code", 4e9), Catch::Contains("'exit_code'"));
  CHECK_THAT(with("gates", "none"), Catch::Contains("'gates'"));
  CHECK_THAT(with("gates", json::array{1}), Catch::Contains("gates"));
  CHECK_THAT(with("gates", json::array{json::object{{"outcome", "MAYBE"}}}), Catch::Contains("'outcome'"));
  CHECK_THAT(with("audit", json::array{json::object{{"outcome", true}}}), Catch::Contains("'outcome'"));
  CHECK_THAT(with("reasons", json::array{7}), Catch::Contains("'reasons'"));
  CHECK_THAT(refusal(json::array{}), Catch::Contains("object"));
  CHECK_THAT(refusal(json::object{}), Catch::Contains("schema"));
  CHECK(with("an_addition_of_a_later_version", 1) == "accepted");
}

TEST_CASE("an older verdict without some members reads with their defaults") {
  const auto read = verdict_from_json(json::object{{"schema", "tidegate.verdict/1"}, {"verdict", "PASS"}});
  REQUIRE(read.ok());
  CHECK(read->outcome == Outcome::pass);
  CHECK(read->gates.empty());
  CHECK(read->validity.outcome == Outcome::pass);
}
