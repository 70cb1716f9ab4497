// Templates, rows and requests: what is sent, byte by byte, and that it is the same whoever renders it.

#include <map>
#include <set>
#include <string>

#include "base/json.hpp"
#include "loadgen/arrivals.hpp"
#include "loadgen/engine.hpp"
#include "loadgen/runtime.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/loadgen/sections_text.hpp"

namespace tidegate::loadgen {
namespace {

/// A plan made ready as the engine does it, with something captured in set-up.
struct Prepared {
  explicit Prepared(const std::string& text, std::uint64_t seed = 1) {
    const Compiled compiled = compile_text(with_defaults(text), seed);
    INFO(compiled.messages);
    REQUIRE(compiled.plan);
    auto bound = bind_plan(compiled.plan->compiled(), "127.0.0.1:8080", {{"operator_token", "s3cret"}});
    REQUIRE(bound.ok());
    runtime = std::make_unique<Runtime>(*std::move(bound));
    for (std::size_t feeder = 0; feeder < runtime->setup.columns.size(); ++feeder) {
      for (std::size_t i = 0; i < runtime->setup.columns[feeder].size(); ++i) {
        runtime->setup.columns[feeder][i] = {"captured-" + std::to_string(i), false, true};
      }
    }
  }

  const CompiledPlan& plan() const { return runtime->plan; }
  RenderScope scope(std::uint64_t iteration, std::span<const Value> captures = {}, std::size_t block = 0) const {
    return {plan(), runtime->setup, &plan().blocks[block], iteration, {}, captures, std::nullopt};
  }
  /// The bytes of a step; "<none>" when a slot has no value.
  std::string bytes(std::uint64_t iteration, std::size_t step = 0, std::span<const Value> captures = {},
                    std::size_t block = 0) const {
    std::string body, out;
    const bool whole =
        render_request(scope(iteration, captures, block), plan().flows[0].steps[step].request, body, out);
    return whole ? out : "<none>";
  }
  std::string body(std::uint64_t iteration, std::span<const Value> captures = {}) const {
    const std::string all = bytes(iteration, 0, captures);
    return all.substr(all.find("\r\n\r\n") + 4);
  }

  std::unique_ptr<Runtime> runtime;
};

}  // namespace

TEST_CASE("a request without slots is one prepared buffer") {
  const Prepared prepared(
      "flows: {a: [{post: /x, headers: {X-A: b}, json: {n: 1, t: '1', on: true, l: [1, x], z: null}}]}");
  const std::string body = R"({"n":1,"t":"1","on":true,"l":[1,"x"],"z":null})";
  CHECK(prepared.bytes(5) ==
        "POST /x HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nX-A: b\r\nContent-Type: application/json\r\nContent-Length: " +
            std::to_string(body.size()) + "\r\n\r\n" + body);
  CHECK(prepared.plan().flows[0].steps[0].request.prepared == prepared.bytes(5));
}

TEST_CASE("framing follows the method") {
  struct Case {
    const char* what;
    const char* step;
    const char* bytes;
  };
  const Case rows[] = {
      {"GET has no body", "{get: /x}", "GET /x HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"},
      {"POST says that it has none", "{post: /x}",
       "POST /x HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Length: 0\r\n\r\n"},
      {"DELETE may have one", "{delete: /x, body: abc}",
       "DELETE /x HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Length: 3\r\n\r\nabc"},
      {"a Host of one's own", "{get: /x, headers: {host: shop}}", "GET /x HTTP/1.1\r\nhost: shop\r\n\r\n"},
      {"a content type of one's own", "{put: /x, json: {}, headers: {content-type: application/x+json}}",
       "PUT /x HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Type: application/x+json\r\nContent-Length: 2\r\n\r\n{}"},
      {"a dollar that is no slot", "{get: /x, headers: {x: 'a$b $${id} $'}}",
       "GET /x HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nx: a$b ${id} $\r\n\r\n"},
      {"a value of the stack", "{get: /x, headers: {Authorization: 'Bearer ${stack.operator_token}'}}",
       "GET /x HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAuthorization: Bearer s3cret\r\n\r\n"},
  };
  for (const Case& row : rows) {
    INFO(row.what);
    CHECK(Prepared(std::string("flows: {a: [") + row.step + "]}").bytes(0) == row.bytes);
  }
}

TEST_CASE("values cannot break out of where they stand") {
  const Prepared prepared(
      "flows: {a: [{get: /first, capture: {v: $.v}},"
      "            {post: '/p/${v}?q=${v}', headers: {X: 'a ${v} b'}, json: {whole: '${v}', part: 'x ${v} y'}},"
      "            {get: '${v}', name: follow}]}");
  const std::vector<Value> hostile = {{"/a b\r\nEvil: \"1\\\x01#%", false, true}};
  const std::string bytes = prepared.bytes(0, 1, hostile);
  CHECK(bytes.find("POST /p/%2Fa%20b%0D%0AEvil%3A%20%221%5C%01%23%25?q=%2Fa%20b%0D%0A") == 0);
  CHECK(bytes.find("\r\nX: a /a b  Evil: \"1\\ #% b\r\n") != std::string::npos);
  CHECK(bytes.find(
            R"({"whole":"/a b\u000d\u000aEvil: \"1\\\u0001#%","part":"x /a b\u000d\u000aEvil: \"1\\\u0001#% y"})") !=
        std::string::npos);
  CHECK(bytes.find("\r\nEvil") == std::string::npos);
  // A captured path is followed as it is; what no target may hold is encoded.
  CHECK(prepared.bytes(0, 2, hostile).find("GET /a%20b%0D%0AEvil:%20\"1\\%01%23% HTTP/1.1\r\n") == 0);
}

TEST_CASE("slots keep their type in JSON") {
  struct Case {
    const char* what;
    const char* value;
    const char* body;
  };
  const Case rows[] = {
      {"a function that gives a number", "${int(7, 7)}", R"({"v":7})"},
      {"the same inside a text", "x${int(7, 7)}", R"({"v":"x7"})"},
      {"numbers to pick from", "${pick(5)}", R"({"v":5})"},
      {"texts to pick from", "${pick(EUR)}", R"({"v":"EUR"})"},
      {"a quoted number is a text", "${pick('5')}", R"({"v":"5"})"},
      {"a generated number", "${d.n}", R"({"v":42})"},
      {"a generated text that looks like one", "${d.t}", R"({"v":"42"})"},
      {"a cell of a file is a text", "${shops.name}", nullptr},
  };
  for (const Case& row : rows) {
    INFO(row.what);
    const Prepared prepared(
        "data: {shops: {file: DIRECTORY/shops.csv}, d: {generate: {n: '${int(42, 42)}', t: '42'}}}\n"
        "flows: {a: [{post: /x, json: {v: \"" +
        std::string(row.value) + "\"}}]}");
    if (row.body != nullptr) {
      CHECK(prepared.body(3) == row.body);
    } else {
      CHECK(parse_json(prepared.body(3))->at("v").is_string());
    }
  }
  const Prepared captured("flows: {a: [{get: /x, capture: {v: $.v}}, {post: /y, json: {v: '${v}'}}]}");
  CHECK(captured.bytes(0, 1, std::vector<Value>{{"12.50", true, true}}).ends_with(R"({"v":12.50})"));
  CHECK(captured.bytes(0, 1, std::vector<Value>{{"12.50", false, true}}).ends_with(R"({"v":"12.50"})"));
}

TEST_CASE("rendering again gives the same bytes; another iteration, block or seed gives others") {
  const std::string text =
      "data: {orders: {generate: {key: '${uuid()}', amount: '${int(1, 1000000)}'}}}\n"
      "flows: {a: [{post: '/x/${uuid()}', headers: {K: '${orders.key}'}, json: {amount: '${orders.amount}', r: "
      "'${int(1, 1000000)}'}}]}\n"
      "load: {one: {executor: constant-vus, vus: 1, duration: 1s}, two: {executor: constant-vus, vus: 1, duration: "
      "1s}}";
  const Prepared prepared(text), again(text), seeded(text, 2);
  CHECK(prepared.bytes(7) == again.bytes(7));
  CHECK(prepared.bytes(7) != prepared.bytes(8));
  CHECK(prepared.bytes(7) != prepared.bytes(7, 0, {}, 1));
  CHECK(prepared.bytes(7) != seeded.bytes(7));
  // The key in the header is the row's, and two functions of one kind do not draw the same.
  const std::string bytes = prepared.bytes(7);
  const std::string key = bytes.substr(bytes.find("K: ") + 3, 36);
  CHECK(key.size() == 36);
  CHECK(key[14] == '4');
  CHECK(bytes.find("/x/" + key) == std::string::npos);
}

TEST_CASE("generated rows repeat as often as they should, and whole") {
  const Prepared prepared(
      "data:\n"
      "  shops: {file: DIRECTORY/shops.csv}\n"
      "  orders: {generate: {key: '${uuid()}', amount: '${int(1, 1000000000)}', shop: '${shops.name}'}, repeat: 20%, "
      "among: 50}\n"
      "flows: {a: [{post: /x, json: {key: '${orders.key}', amount: '${orders.amount}', shop: '${orders.shop}'}}]}");
  const Feeder& orders = prepared.plan().feeders[1];
  std::map<std::string, std::pair<std::uint64_t, std::string>> rows;  // key to first iteration and whole body
  int repeats = 0;
  constexpr std::uint64_t kRows = 5000;
  for (std::uint64_t i = 0; i < kRows; ++i) {
    const Row row = row_of(prepared.plan(), orders, prepared.plan().blocks[0], i);
    const std::string body = prepared.body(i);
    const std::string key = parse_json(body)->at("key").as_string().c_str();
    const auto [known, added] = rows.try_emplace(key, i, body);
    REQUIRE(added == !row.repeat);
    REQUIRE(body == known->second.second);  // amount and shop come along
    if (!added) {
      ++repeats;
      REQUIRE(row.index == known->second.first);
    }
  }
  CHECK(std::abs(repeats - 1000) < 114);  // four standard deviations
  CHECK_FALSE(row_of(prepared.plan(), orders, prepared.plan().blocks[0], 0).repeat);
}

TEST_CASE("a repeat reaches no further back than it may") {
  const Prepared prepared(
      "data: {d: {generate: {k: '${uuid()}'}, repeat: 50%, among: 1}}\nflows: {a: [{get: '/${d.k}'}]}");
  for (std::uint64_t i = 1; i < 200; ++i) {
    const Row row = row_of(prepared.plan(), prepared.plan().feeders[0], prepared.plan().blocks[0], i);
    // One back at a time, through repeats of repeats.
    const Row before = row_of(prepared.plan(), prepared.plan().feeders[0], prepared.plan().blocks[0], i - 1);
    CHECK(row.index == (row.repeat ? before.index : i));
  }
}

TEST_CASE("a generated cell that is asked for twice is the same from memory, wherever it stands") {
  const Prepared prepared(
      "data: {o: {generate: {key: '${uuid()}', amount: '${int(1, 900)}', text: 'a \"b\" ${int(1, 9)}', once: '${int(1, "
      "9)}'}}}\n"
      "flows: {pay: [{post: '/${o.key}/${o.text}', headers: {Idempotency-Key: '${o.key}'},\n"
      "  json: {amount: '${o.amount}', same: '${o.amount}', text: '${o.text}', in_a_text: 'x ${o.text} ${o.once}'}}]}");
  const CompiledPlan& plan = prepared.plan();
  CHECK(plan.kept_cells == 3);
  CHECK_FALSE(plan.feeders[0].kept[3].has_value());
  KeptCells kept;
  for (std::uint64_t iteration = 0; iteration < 20; ++iteration) {
    const RenderScope plain = prepared.scope(iteration);
    RenderScope keeping = prepared.scope(iteration);
    keeping.kept = &kept;
    kept.reset(plan.kept_cells);
    RenderedRequest first, second, third;
    REQUIRE(render_parts(plain, plan.flows[0].steps[0].request, first));
    REQUIRE(render_parts(keeping, plan.flows[0].steps[0].request, second));
    REQUIRE(render_parts(keeping, plan.flows[0].steps[0].request, third));
    for (const RenderedRequest* other : {&second, &third}) {
      CHECK(other->target == first.target);
      CHECK(other->headers == first.headers);
      CHECK(other->body == first.body);
    }
  }
}

TEST_CASE("blocks share a feeder with those that read it, not with all of the load") {
  const Prepared prepared(
      "data: {d: {file: DIRECTORY/shops.csv, pick: unique}, made: {generate: {of: '${d.name}'}}}\n"
      "flows: {reads: [{get: '/${d.name}'}], not: [{get: /}], through_another: [{get: '/${made.of}'}]}\n"
      "load: {a: {executor: constant-arrival-rate, rate: 1000/s, duration: 1s, flows: {not: 100}},\n"
      "  b: {executor: constant-vus, vus: 1, duration: 1s, flows: {reads: 100}},\n"
      "  c: {executor: constant-vus, vus: 1, duration: 1s, flows: {not: 50, through_another: 50}}}");
  const auto& blocks = prepared.plan().blocks;
  const Feeder& feeder = prepared.plan().feeders[0];
  CHECK(feeder.readers == 2);
  CHECK(row_of(prepared.plan(), feeder, blocks[1], 0).index == 0);
  CHECK(row_of(prepared.plan(), feeder, blocks[2], 0).index == 1);
  CHECK(row_of(prepared.plan(), feeder, blocks[1], 1).index == 2);
  CHECK(row_of(prepared.plan(), feeder, blocks[2], 1).dry);  // 3 rows
}

TEST_CASE("rows of files follow from the iteration") {
  const auto rows_of = [](const std::string& pick, std::size_t block, std::uint64_t count) {
    const Prepared prepared("data: {d: {file: DIRECTORY/shops.csv, pick: " + pick +
                            "}}\nflows: {a: [{get: '/${d.name}'}]}\n"
                            "load: {one: {executor: constant-vus, vus: 1, duration: 1s}, two: {executor: constant-vus, "
                            "vus: 1, duration: 1s}}");
    std::vector<Row> rows;
    for (std::uint64_t i = 0; i < count; ++i) {
      rows.push_back(row_of(prepared.plan(), prepared.plan().feeders[0], prepared.plan().blocks[block], i));
    }
    return rows;
  };
  const auto sequential = rows_of("sequential", 0, 6);
  for (std::uint64_t i = 0; i < 6; ++i) CHECK(sequential[i].index == i * 2 % 3);
  const auto other_block = rows_of("sequential", 1, 3);
  CHECK(other_block[0].index == 1);
  const auto unique = rows_of("unique", 0, 4);  // rows 0 and 2 are this block's
  CHECK(unique[1].index == 2);
  CHECK_FALSE(unique[1].dry);
  CHECK(unique[2].dry);
  std::set<std::uint64_t> seen;
  for (const Row& row : rows_of("random", 0, 100)) {
    REQUIRE(row.index < 3);
    seen.insert(row.index);
  }
  CHECK(seen.size() == 3);
}

TEST_CASE("a dry feeder, an unmade capture and an unknown time have no value") {
  const Prepared dry(
      "data: {d: {file: DIRECTORY/shops.csv, pick: unique}}\nflows: {a: [{get: '/${d.name}'}]}\n"
      "load: {l: {executor: constant-vus, vus: 1, duration: 1s}}");
  CHECK(dry.bytes(2) != "<none>");
  CHECK(dry.bytes(3) == "<none>");
  const Prepared captured("flows: {a: [{get: /a, capture: {id: $.id}}, {get: '/${id}'}]}");
  CHECK(captured.bytes(0, 1) == "<none>");
  CHECK(captured.bytes(0, 1, std::vector<Value>{{"p1", false, true}}) != "<none>");
  CHECK(captured.bytes(0, 1, std::vector<Value>{{"p1", false, false}}) == "<none>");
  const Prepared timed("flows: {a: [{get: '/${now()}'}]}");
  CHECK(timed.bytes(0) == "<none>");
}

TEST_CASE("missing values of stack and environment are named when the engine is made") {
  const auto error_of = [](const std::string& slot) {
    const Compiled compiled = compile_text(with_defaults("flows: {a: [{get: '/x', headers: {X: '" + slot + "'}}]}"));
    REQUIRE(compiled.plan);
    const auto bound = bind_plan(compiled.plan->compiled(), "h", {});
    return bound.ok() ? std::string() : bound.error().message;
  };
  CHECK(error_of("${stack.operator_token}") == "the stack has no value named 'operator_token'");
  CHECK(error_of("${env.TIDEGATE_NO_SUCH_VARIABLE}") ==
        "the environment has no variable named 'TIDEGATE_NO_SUCH_VARIABLE'");
  CHECK(error_of("${env.PATH}").empty());
}

TEST_CASE("an operation step can be rendered once more, or says why not") {
  const Compiled compiled = compile_text(with_defaults(
      "data: {orders: {generate: {key: '${uuid()}'}}}\n"
      "flows: {a: [{post: /pay, name: pay, headers: {K: '${orders.key}'}, json: {k: '${orders.key}'}, capture: {id: "
      "$.id}},"
      "            {post: '/refund/${id}', name: refund}, {post: '/at/${now()}', name: timed}, {think: 1s}]}"));
  REQUIRE(compiled.plan);
  EngineOptions options;
  options.base_url = "http://127.0.0.1:1";
  auto engine = Engine::create(*compiled.plan, options);
  REQUIRE(engine.ok());
  const auto first = (*engine)->render(0, 5, 0), second = (*engine)->render(0, 5, 0);
  REQUIRE(first.ok());
  CHECK(first->method == "POST");
  CHECK(first->target == "/pay");
  CHECK(first->content_type == "application/json");
  REQUIRE(first->headers.size() == 1);
  CHECK(first->body == R"({"k":")" + first->headers[0].second + R"("})");
  CHECK(first->body == second->body);
  CHECK((*engine)->render(0, 5, 1).error().message.find("'refund' cannot be sent again") != std::string::npos);
  CHECK_FALSE((*engine)->render(0, 5, 2).ok());
  CHECK_FALSE((*engine)->render(0, 5, 3).ok());
  CHECK_FALSE((*engine)->render(0, 5, 9).ok());
  CHECK_FALSE((*engine)->render(1, 5, 0).ok());
}

TEST_CASE("any number of loops sends the same requests at the same times") {
  const Prepared prepared(
      "data: {orders: {generate: {key: '${uuid()}'}, repeat: 10%, among: 20}}\n"
      "flows: {a: [{post: '/x/${int(1, 9)}', json: {k: '${orders.key}'}}]}\n"
      "load: {l: {executor: ramping-arrival-rate, arrivals: poisson, start_rate: 10/s, stages: [{over: 2s, to: "
      "300/s}]}}");
  const Block& block = prepared.plan().blocks[0];
  const auto played_by = [&](std::uint64_t loops) {
    std::map<std::uint64_t, std::pair<std::int64_t, std::string>> records;
    for (std::uint64_t k = 0; k < loops; ++k) {
      ArrivalSequence arrivals(block.curve, block.spacing, prepared.plan().seed, block.stream);
      while (const auto arrival = arrivals.next_of(k, loops)) {
        const bool added =
            records.try_emplace(arrival->index, arrival->time.count(), prepared.bytes(arrival->index)).second;
        REQUIRE(added);
      }
    }
    return records;
  };
  const auto one = played_by(1);
  CHECK(one.size() > 200);
  CHECK(played_by(2) == one);
  CHECK(played_by(7) == one);
}

}  // namespace tidegate::loadgen
