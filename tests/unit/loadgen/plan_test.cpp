// Compiling sections: what is accepted, what is refused and where, and what the plan says about itself.

#include <stdlib.h>

#include <fstream>
#include <numeric>
#include <string>

#include "base/yaml.hpp"
#include "loadgen/compiled.hpp"
#include "loadgen/plan.hpp"
#include "loadgen/sections.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/loadgen/sections_text.hpp"

namespace tidegate::loadgen {

TEST_CASE("the example of the scenario language compiles") {
  const Compiled compiled = compile_text(kPaymentScenario);
  INFO(compiled.messages);
  REQUIRE(compiled.plan);
  const Plan& plan = *compiled.plan;
  CHECK(plan.step_names() == std::vector<std::string>{"create_payment"});
  CHECK(plan.poll_names() == std::vector<std::string>{"payment_settled"});
  CHECK(plan.flow_names() == std::vector<std::string>{"pay"});
  CHECK(plan.block_names() == std::vector<std::string>{"shoppers"});
  CHECK(plan.duration() == std::chrono::seconds(33));
  CHECK(plan.peak_rate() == 600);
  CHECK(plan.max_vus() == 20'000);
  CHECK(plan.has_setup());
  CHECK(plan.has_operations());
  CHECK_FALSE(plan.has_closed_loop());
  // 600/s, 50 ms for the payment, then 100 ms until the first poll and 50 ms for it: 120 in progress.
  CHECK(plan.peak_concurrency(std::chrono::milliseconds(50)) == 120);
}

TEST_CASE("the planned load is the drawn schedule, second by second") {
  const Compiled compiled = compile_text(kPaymentScenario);
  REQUIRE(compiled.plan);
  const auto planned = compiled.plan->planned();
  REQUIRE(planned.size() == 1);
  CHECK(planned[0].executor == "ramping-arrival-rate");
  CHECK(planned[0].open_loop);
  REQUIRE(planned[0].steps.size() == 1);
  CHECK(planned[0].steps[0].second == std::vector<std::string>{"create_payment", "payment_settled"});
  const double sum = std::accumulate(planned[0].rate.begin(), planned[0].rate.end(), 0.0,
                                     [](double so_far, const auto& each) { return so_far + each.second; });
  CHECK(sum == static_cast<double>(planned[0].planned_iterations));
  // 16,212 expected; four standard deviations of a Poisson count are 509.
  CHECK(std::abs(sum - 16'212) < 509);
  CHECK(sum != 16'212);
  CHECK(compiled.plan->mean_rate(0, 3) == Approx(48));
  CHECK(compiled.plan->mean_rate(3, 10) == Approx(324));
  CHECK(compiled.plan->mean_rate(10, 40) == Approx(600.0 * 23 / 30));
}

TEST_CASE("weights share the iterations, as a pure function of their index") {
  const Compiled compiled = compile_text(R"(
flows:
  a: [{get: /a}]
  b: [{get: /b}]
  c: [{get: /c}]
load: {mix: {executor: constant-arrival-rate, rate: 100/s, duration: 10s, flows: {a: 70, b: 30, c: 0}}}
)");
  INFO(compiled.messages);
  REQUIRE(compiled.plan);
  const CompiledPlan& plan = compiled.plan->compiled();
  std::array<int, 3> counts{};
  for (std::uint64_t i = 0; i < 10'000; ++i) ++counts[plan.flow_of(plan.blocks[0], i).flow];
  CHECK(counts[0] + counts[1] == 10'000);
  CHECK(std::abs(counts[0] - 7000) < 184);  // four standard deviations
  CHECK(&plan.flow_of(plan.blocks[0], 77) == &plan.flow_of(plan.blocks[0], 77));
}

TEST_CASE("what a plan is expected to do at a latency of 100 ms") {
  struct Row {
    const char* flow;
    const char* load;
    std::uint64_t iterations, requests;
    bool known;
  };
  const Row rows[] = {
      {"[{get: /a}]", "executor: constant-arrival-rate, rate: 50/s, duration: 10s", 500, 500, true},
      {"[{get: /a}, {poll: /b, name: b, every: 1s, until: {status: 200}}]",
       "executor: constant-arrival-rate, rate: 50/s, duration: 10s", 500, 1000, true},
      {"[{get: /a}]", "executor: shared-iterations, vus: 5, iterations: 43", 43, 43, true},
      {"[{get: /a}]", "executor: per-vu-iterations, vus: 5, iterations: 3", 15, 15, true},
      {"[{get: /a}]", "executor: constant-vus, vus: 12, duration: 10s", 1200, 1200, false},
      {"[{get: /a}, {think: {from: 0s, to: 1800ms}}]", "executor: constant-vus, vus: 12, duration: 10s", 120, 120,
       false},
      {"[{get: /a}]", "executor: ramping-vus, start_vus: 0, stages: [{over: 10s, to: 20}]", 1000, 1000, false},
      {"[{get: /a}]", "executor: constant-vus, vus: 4, duration: 500ms", 20, 20, false},
      {"[{loop: 4, steps: [{get: /a, name: x}, {parallel: [{get: /b, name: b}, {get: /c, name: c}]}]}]",
       "executor: shared-iterations, iterations: 2", 2, 24, true},
      {"[{if: '${uuid()}', then: [{get: /a, name: x}, {get: /b, name: b}], else: [{get: /c, name: c}]}, {get: /d, "
       "name: d}]",
       "executor: shared-iterations, iterations: 10", 10, 20, true},
      {"[{if: '${uuid()}', then: [{choose: [{weight: 50, steps: [{get: /a, name: x}]}, {weight: 50, steps: [{think: "
       "1s}]}]}]}]",
       "executor: shared-iterations, iterations: 10", 10, 0, true},
      {"[{choose: [{weight: 20, steps: [{get: /a, name: x}]}, {weight: 80, steps: [{get: /b, name: b}, {get: /c, name: "
       "c}]}]}]",
       "executor: shared-iterations, iterations: 10", 10, 18, true},
      {"[{get: /a}]", "executor: capacity-search, start_rate: 1/s, max_rate: 9/s, gates: [g], duration: 60s", 0, 0,
       false},
  };
  for (const Row& row : rows) {
    INFO(row.flow << " " << row.load);
    const Compiled compiled =
        compile_text(std::string("flows: {a: ") + row.flow + "}\nload: {l: {" + row.load + "}}\n");
    INFO(compiled.messages);
    REQUIRE(compiled.plan);
    const auto outlook = compiled.plan->outlook(std::chrono::milliseconds(100));
    REQUIRE(outlook.size() == 1);
    CHECK(outlook[0].iterations == row.iterations);
    CHECK(outlook[0].requests == row.requests);
    CHECK(outlook[0].known == row.known);
  }
}

TEST_CASE("closed loops plan no iterations") {
  const Compiled compiled = compile_text(R"(
flows: {a: [{get: /a}]}
load: {users: {executor: constant-vus, vus: 12, duration: 10s}}
)");
  INFO(compiled.messages);
  REQUIRE(compiled.plan);
  CHECK(compiled.plan->has_closed_loop());
  CHECK(compiled.plan->planned()[0].planned_iterations == 0);
  CHECK_FALSE(compiled.plan->planned()[0].open_loop);
  CHECK(compiled.plan->peak_concurrency(std::chrono::seconds(1)) == 12);
}

TEST_CASE("blocks that end with their work do not hold the run until their longest duration") {
  const Compiled compiled = compile_text(R"(
flows: {a: [{get: /a}]}
load:
  counted: {executor: shared-iterations, vus: 2, iterations: 10, flows: {a: 100}}
  steady: {executor: constant-arrival-rate, rate: 10/s, duration: 5s, graceful_stop: 2s, flows: {a: 100}}
)");
  INFO(compiled.messages);
  REQUIRE(compiled.plan);
  CHECK(compiled.plan->timed_duration() == std::chrono::seconds(5));
  CHECK(compiled.plan->duration() == std::chrono::minutes(10));
  CHECK(compiled.plan->longest_duration() == std::chrono::minutes(10) + std::chrono::seconds(30));
  CHECK(compiled.plan->max_vus() == 10'002);
}

TEST_CASE("a block without a duration lasts as long as the phases") {
  const Compiled compiled = compile_text(R"(
flows: {a: [{get: /a}]}
load: {steady: {executor: constant-arrival-rate, rate: 10/s, start_after: 3s}}
)");
  INFO(compiled.messages);
  REQUIRE(compiled.plan);
  CHECK(compiled.plan->planned()[0].planned_iterations == 300);
  CHECK(compiled.plan->planned()[0].rate.front().first == 3);
}

namespace {

struct Mistake {
  const char* what;
  std::string section;  ///< YAML; flows and load that are missing come from the defaults
  const char* message;  ///< part of the one diagnostic
};

void check_mistakes(const std::vector<Mistake>& rows) {
  for (const Mistake& row : rows) {
    INFO(row.what);
    const Compiled compiled = compile_text(with_defaults(row.section));
    INFO(compiled.messages);
    CHECK_FALSE(compiled.plan);
    CHECK(compiled.count == 1);
    CHECK(compiled.messages.find(row.message) != std::string::npos);
    CHECK(compiled.messages.find("scenario.yaml:") == 0);
  }
}

}  // namespace

TEST_CASE("mistakes in flows are found where they are") {
  check_mistakes({
      {"an unknown feeder", "flows: {a: [{get: '/${oders.key}'}]}\ndata: {orders: {generate: {key: '${uuid()}'}}}",
       "unknown feeder 'oders'; did you mean 'orders'?"},
      {"an unknown column", "flows: {a: [{get: '/${orders.kay}'}]}\ndata: {orders: {generate: {key: '${uuid()}'}}}",
       "feeder 'orders' has no column 'kay'; did you mean 'key'?"},
      {"a feeder without a column", "flows: {a: [{get: '/${orders}'}]}\ndata: {orders: {generate: {key: '${uuid()}'}}}",
       "'orders' is a feeder; name a column, as in ${orders.key}"},
      {"an unknown function", "flows: {a: [{get: '/${uid()}'}]}", "unknown function 'uid'; did you mean 'uuid'?"},
      {"arguments where none belong", "flows: {a: [{get: '/${uuid(4)}'}]}", "it takes no arguments: uuid()"},
      {"a range upside down", "flows: {a: [{get: '/${int(9, 1)}'}]}", "int(1, 100)"},
      {"a call without its end", "flows: {a: [{get: '/${int(1, 9}'}]}", "is not a call; write int(LOW, HIGH)"},
      {"nothing to pick from", "flows: {a: [{get: '/${pick()}'}]}", "pick(EUR, USD)"},
      {"an unknown variable", "flows: {a: [{post: /a, capture: {id: $.id}}, {get: '/${ida}'}]}",
       "unknown variable 'ida'; did you mean 'id'?"},
      {"a capture used before it is made",
       "flows: {a: [{get: '/${id}'}, {post: /a, name: create, capture: {id: $.id}}]}",
       "'id' is used before step 'create' captures it"},
      {"a slot that is not closed", "flows: {a: [{get: '/${id'}]}", "${ is not closed by }"},
      {"an empty slot", "flows: {a: [{get: '/${}'}]}", "nothing stands between ${ and }"},
      {"a value that the stack has not", "flows: {a: [{get: '/${stack.operator_tokn}'}]}",
       "did you mean 'operator_token'?"},
      {"two methods", "flows: {a: [{get: /a, post: /b}]}", "exactly one of get, post"},
      {"no method", "flows: {a: [{get: /a}, {name: x}]}", "exactly one of get, post"},
      {"a URL", "flows: {a: [{get: 'http://x/a'}]}", "write the path only"},
      {"a path without its slash", "flows: {a: [{get: v1/payments}]}", "a path must start with /"},
      {"a space in a path", "flows: {a: [{get: '/a b'}]}", "a path cannot hold spaces"},
      {"json and body", "flows: {a: [{post: /a, json: {x: 1}, body: x}]}",
       "one of 'json', 'form', 'multipart' and 'body'"},
      {"a header that the engine sets", "flows: {a: [{get: /a, headers: {content-length: 5}}]}",
       "is set by the load engine"},
      {"a header that is none", "flows: {a: [{get: /a, headers: {'a b': x}}]}", "is not a header name"},
      {"a line break in a header", "flows: {a: [{get: /a, headers: {x: \"a\\nb\"}}]}", "control characters"},
      {"a bad JSON path", "flows: {a: [{get: /a, capture: {id: id}}]}", "is not a JSON path"},
      {"a variable that cannot be one", "flows: {a: [{get: /a, capture: {a.b: $.id}}]}", "cannot name a variable"},
      {"a bad status", "flows: {a: [{get: /a, expect: {status: 20x}}]}", "is not a status"},
      {"a latency without a unit", "flows: {a: [{get: /a, expect: {latency: 500}}]}", "a duration with its unit"},
      {"an empty expectation", "flows: {a: [{get: /a, expect: {}}]}", "an empty condition"},
      {"a list of no values", "flows: {a: [{get: /a, expect: {json: {$.a: []}}}]}", "a list of values"},
      {"a timeout of nothing", "flows: {a: [{get: /a, timeout: 0s}]}", "longer than 0"},
      {"a retry on something unknown", "flows: {a: [{get: /a, retry: {within: 1s, every: 1s, when: [timeot]}}]}",
       "did you mean 'timeout'?"},
      {"a poll without a condition", "flows: {a: [{get: /a}, {poll: /b, name: p}]}", "a poll needs 'until'"},
      {"a poll without a name", "flows: {a: [{get: /a}, {poll: /b, until: {status: 200}}]}", "a poll needs a 'name'"},
      {"a poll with the name of a metric", "flows: {a: [{get: /a}, {poll: /b, name: vus, until: {status: 200}}]}",
       "'vus' is a metric of the harness"},
      {"a poll before any request", "flows: {a: [{poll: /b, name: p, until: {status: 200}}, {get: /a}]}",
       "a poll needs a request before it"},
      {"a poll since nothing",
       "flows: {a: [{get: /a, name: one}, {poll: /b, name: p, since: on, until: {status: 200}}]}",
       "did you mean 'one'?"},
      {"until without a poll", "flows: {a: [{get: /a, until: {status: 200}}]}", "'until' needs 'poll'"},
      {"two steps of one name", "flows: {a: [{get: /a, name: x}, {get: /b, name: x}]}",
       "two steps of flow 'a' are named 'x'"},
      {"a name that varies", "flows: {a: [{get: /a, name: 'x${uuid()}'}]}", "is not known in 'a[0].name'"},
      {"a name that is none", "flows: {a: [{get: /a, name: ''}]}", "cannot be empty"},
      {"a flow that sends nothing", "flows: {a: [{think: 1s}]}", "sends no request"},
      {"a long kind", "flows: {a: [{get: /a, operation: {kind: a-kind-that-is-too-long, key: x}}]}", "1 to 16 bytes"},
  });
}

TEST_CASE("mistakes in data are found where they are") {
  check_mistakes({
      {"neither file nor generate", "data: {d: {}}", "needs either 'file' or 'generate'"},
      {"both", "data: {d: {file: x.csv, generate: {a: '1'}}}", "needs either 'file' or 'generate'"},
      {"a missing file", "data: {d: {file: no-such.csv}}", "cannot read the data file"},
      {"a column of a file that is missing is not a second mistake",
       "data: {d: {file: no-such.csv}}\nflows: {a: [{get: '/${d.x}'}]}", "cannot read the data file"},
      {"repeat without generate", "data: {d: {file: DIRECTORY/shops.csv, repeat: 5%}}", "'repeat' needs 'generate'"},
      {"pick with generate", "data: {d: {generate: {a: '1'}, pick: random}}", "'pick' needs 'file'"},
      {"among without repeat", "data: {d: {generate: {a: '1'}, among: 5}}", "'among' needs 'repeat'"},
      {"repeats only", "data: {d: {generate: {a: '1'}, repeat: 100%}}", "below 100%"},
      {"a row that depends on itself", "data: {d: {generate: {a: '${d.b}', b: x}}}", "stands later in data"},
      {"a row that depends on a later one", "data: {d: {generate: {a: '${e.b}'}}, e: {generate: {b: x}}}",
       "stands later in data"},
      {"the time of day in a row", "data: {d: {generate: {a: '${now()}'}}}", "cannot hold now()"},
      {"a reserved name", "data: {stack: {generate: {a: x}}}", "cannot be named 'stack'"},
      {"too few unique rows", "data: {d: {file: DIRECTORY/shops.csv, pick: unique}}\nflows: {a: [{get: '/${d.name}'}]}",
       "unique feeder 'd' has 3 rows"},
  });
}

TEST_CASE("mistakes in set-up are found where they are") {
  const std::string shops = "data: {shops: {file: DIRECTORY/shops.csv}}\n";
  check_mistakes({
      {"an unknown feeder", shops + "setup: [{post: /a, for_each: shop}]",
       "unknown feeder 'shop'; did you mean 'shops'?"},
      {"a generated feeder", "data: {d: {generate: {a: x}}}\nsetup: [{post: /a, for_each: d}]",
       "is generated without end"},
      {"a row where there is none", shops + "setup: [{post: '/${shops.name}'}]", "add for_each: shops"},
      {"a capture over a column", shops + "setup: [{post: /a, for_each: shops, capture: {name: $.id}}]",
       "is a column of the file already"},
      {"a column that a later step captures",
       shops + "setup: [{post: '/${shops.key}', for_each: shops}, {post: /b, for_each: shops, capture: {key: $.k}}]",
       "no column 'key'"},
      {"no method", "setup: [{name: x}]", "a set-up step needs exactly one"},
  });
}

TEST_CASE("mistakes in tear-down are found where they are") {
  check_mistakes({
      {"no method", "teardown: [{name: x}]", "a tear-down step needs exactly one"},
      {"a capture that nobody could read", "teardown: [{post: /a, capture: {id: $.id}}]", "unknown key 'capture'"},
      {"an unknown feeder", "teardown: [{delete: /a, for_each: shops}]", "unknown feeder 'shops'"},
      {"a value that nothing captured", "teardown: [{delete: '/${id}'}]", "unknown variable 'id'"},
  });
}

TEST_CASE("mistakes in load are found where they are") {
  const auto load = [](const std::string& block) { return "load: {l: {" + block + "}}"; };
  check_mistakes({
      {"weights of 90", load("executor: constant-arrival-rate, rate: 1/s, flows: {a: 90}"), "sum to 90, not to 100"},
      {"an unknown flow", load("executor: constant-arrival-rate, rate: 1/s, flows: {b: 100}"), "unknown flow 'b'"},
      {"no rate", load("executor: constant-arrival-rate"), "needs 'rate'"},
      {"a rate of nothing", load("executor: constant-arrival-rate, rate: 0/s"), "above 0"},
      {"a rate beyond reason", load("executor: constant-arrival-rate, rate: 5000000/s"), "over the highest rate"},
      {"stages of another executor", load("executor: constant-arrival-rate, rate: 1/s, stages: []"),
       "'stages' does not go with"},
      {"VUs of another executor", load("executor: ramping-arrival-rate, vus: 3, stages: [{over: 1s, to: 9/s}]"),
       "'vus' does not go with"},
      {"more VUs at the start than there may be",
       load("executor: constant-arrival-rate, rate: 1/s, pre_allocated_vus: 9, max_vus: 3"),
       "pre_allocated_vus is over max_vus, which is 3"},
      {"VUs at the start of a closed loop", load("executor: constant-vus, vus: 1, pre_allocated_vus: 1"),
       "'pre_allocated_vus' does not go with"},
      {"an unknown phase", load("executor: ramping-arrival-rate, stages: [{phase: pek, to: 9/s}]"),
       "unknown phase 'pek'; did you mean 'peak'?"},
      {"a phase out of turn",
       load("executor: ramping-arrival-rate, stages: [{phase: peak, to: 9/s}, {phase: warmup, to: 9/s}]"),
       "phase 'warmup' starts at 0 s"},
      {"a stage without length", load("executor: ramping-arrival-rate, stages: [{to: 9/s}, {over: 1s, to: 9/s}]"),
       "either 'phase' or 'over'"},
      {"stages that plan nothing", load("executor: ramping-arrival-rate, stages: [{over: 1s, to: 0/s}]"),
       "plans no arrival"},
      {"no VUs", load("executor: constant-vus"), "needs 'vus'"},
      {"a load of no time", load("executor: constant-vus, vus: 1, duration: 0s"), "lasts no time"},
      {"an executor of the future", load("executor: externally-controlled"), "expected one of constant-arrival-rate"},
      {"a rate without its unit", load("executor: ramping-arrival-rate, stages: [{over: 1s, to: 9}]"),
       "expected a rate with its unit"},
      {"VUs that are a rate", load("executor: ramping-vus, stages: [{over: 1s, to: 9/s}]"), "expected a number of VUs"},
      {"fewer VUs than none", load("executor: ramping-vus, stages: [{over: 1s, to: -1}]"), "expected a number of VUs"},
      {"stages without a VU", load("executor: ramping-vus, stages: [{over: 1s, to: 0}]"), "plans no VU"},
      {"ramping VUs without stages", load("executor: ramping-vus"), "needs 'stages'"},
      {"a grace of another executor", load("executor: constant-vus, vus: 1, graceful_ramp_down: 1s"),
       "'graceful_ramp_down' does not go with"},
      {"iterations that are not said", load("executor: shared-iterations, vus: 2"), "needs 'iterations'"},
      {"fewer iterations than VUs", load("executor: shared-iterations, vus: 5, iterations: 4"),
       "5 VUs share 4 iterations"},
      {"iterations in no time", load("executor: per-vu-iterations, iterations: 4, max_duration: 0s"), "longer than 0"},
      {"a start after phases have started it",
       load("executor: ramping-vus, start_after: 5s, stages: [{phase: ramp, to: 9}]"),
       "does not go with stages that follow phases"},
      {"a search without a cap", load("executor: capacity-search, start_rate: 1/s, gates: [g]"), "needs 'max_rate'"},
      {"a search without gates", load("executor: capacity-search, start_rate: 1/s, max_rate: 2/s"), "needs 'gates'"},
      {"a search for nothing", load("executor: capacity-search, start_rate: 1/s, max_rate: 2/s, gates: []"),
       "at least one gate"},
      {"a cap below the start", load("executor: capacity-search, start_rate: 9/s, max_rate: 2/s, gates: [g]"),
       "max_rate is below start_rate"},
      {"a search in too little time",
       load("executor: capacity-search, start_rate: 1/s, max_rate: 2/s, gates: [g], duration: 10s"),
       "one step takes 20 s"},
      {"a precision of nothing",
       load("executor: capacity-search, start_rate: 1/s, max_rate: 2/s, gates: [g], precision: 0%"), "from 1% to 50%"},
      {"no connection at all", load("executor: constant-vus, vus: 1, connect_rate: 0/s"), "above 0"},
      {"connections of another kind", load("executor: constant-vus, vus: 1, connections: own"),
       "expected one of shared"},
      {"an unknown key", load("executor: constant-vus, vuss: 1, vus: 1"), "unknown key 'vuss'"},
  });
}

TEST_CASE("a tick is within its bounds, and for arrivals at a rate") {
  const std::string rate = "load: {l: {executor: constant-arrival-rate, rate: 1/s, duration: 2s}}\n";
  const std::string users = "load: {l: {executor: constant-vus, vus: 1, duration: 2s}}\n";
  check_mistakes({
      {"too short", rate + "generator: {tick: 99us}", "generator.tick is from 100 us to 2 ms"},
      {"too long", rate + "generator: {tick: 2100us}", "generator.tick is from 100 us to 2 ms"},
      {"nothing", rate + "generator: {tick: 0ms}", "generator.tick is from 100 us to 2 ms"},
      {"no duration", rate + "generator: {tick: 1}", "expected a duration"},
      {"a closed loop", users + "generator: {tick: 1ms}", "would slow down load block 'l' (constant-vus)"},
      {"another spelling", rate + "generator: {tic: 1ms}", "did you mean 'tick'?"},
      {"a processor's number", rate + "generator: {thread_affinity: 1}", "true or false"},
  });
  for (const auto& [text, tick] : {std::pair{"", Nanoseconds{0}}, std::pair{"generator: {}", Nanoseconds{0}},
                                   std::pair{"generator: {tick: 100us}", Nanoseconds{100'000}},
                                   std::pair{"generator: {tick: 2ms}", Nanoseconds{2'000'000}}}) {
    const Compiled compiled = compile_text(with_defaults(rate + text));
    INFO(text << compiled.messages);
    REQUIRE(compiled.plan);
    CHECK(compiled.plan->tick() == tick);
  }
}

TEST_CASE("every mistake is reported in one pass") {
  const Compiled compiled = compile_text(R"(
data: {d: {file: no-such.csv}}
flows: {a: [{get: '/${x.y}'}, {get: /b, timeout: 0s}]}
load: {l: {executor: constant-vus, flows: {b: 50}}}
)");
  CHECK_FALSE(compiled.plan);
  CHECK(compiled.count == 6);
}

TEST_CASE("sections of the wrong shape are refused, not taken apart") {
  const Compiled compiled = compile_text("flows: {a: [{get: [1, 2]}]}\nload: {l: 5}");
  CHECK_FALSE(compiled.plan);
  CHECK(compiled.count == 2);
}

TEST_CASE("a URL becomes a plan, or a message") {
  UrlLoad load;
  load.url = "http://127.0.0.1:8080/x?y=1";
  load.rate = 50;
  load.duration = std::chrono::seconds(2);
  const auto plan = make_url_plan(load);
  REQUIRE(plan.ok());
  CHECK(plan->planned()[0].planned_iterations == 100);
  CHECK(plan->step_names() == std::vector<std::string>{"request"});

  const auto refused = [&](auto change) {
    UrlLoad bad = load;
    change(bad);
    return make_url_plan(bad).ok() == false;
  };
  CHECK(refused([](UrlLoad& bad) { bad.url = "127.0.0.1/x"; }));
  CHECK(refused([](UrlLoad& bad) { bad.vus = 1; }));
  CHECK(refused([](UrlLoad& bad) { bad.rate.reset(); }));
  CHECK(refused([](UrlLoad& bad) { bad.rate = 0; }));
  CHECK(refused([](UrlLoad& bad) { bad.duration = Nanoseconds{0}; }));
  CHECK(refused([](UrlLoad& bad) { bad.timeout = Nanoseconds{0}; }));
  CHECK(refused([](UrlLoad& bad) { bad.method = "GE T"; }));
  CHECK(refused([](UrlLoad& bad) { bad.headers = {{"X", "a\r\nEvil: 1"}}; }));
  CHECK(refused([](UrlLoad& bad) { bad.headers = {{"Content-Length", "1"}}; }));
  CHECK_FALSE(refused([](UrlLoad&) {}));
}

}  // namespace tidegate::loadgen
