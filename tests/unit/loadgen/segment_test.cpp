// One plan, played whole, by several loops, and in segments: the same requests at the same intended times, record by
// record.

#include <algorithm>
#include <tuple>

#include "loadgen/arrivals.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/loadgen/played.hpp"
#include "tests/unit/loadgen/scripted_server.hpp"
#include "tests/unit/loadgen/sections_text.hpp"

namespace tidegate::loadgen {
namespace {

const char* const kSections =
    "data:\n"
    "  orders: {generate: {key: '${uuid()}', amount: '${int(100, 999)}'}, repeat: 20%, among: 30}\n"
    "  shops: {file: DIRECTORY/shops.csv, pick: random}\n"
    "flows:\n"
    "  pay: [{post: '/pay/${shops.name}', json: {key: '${orders.key}', amount: '${orders.amount}'},\n"
    "         operation: {kind: payment, key: '${orders.key}', amount: '${orders.amount}', currency: EUR}}]\n"
    "  look: [{get: '/look/${orders.key}', operation: {kind: look, key: '${orders.key}'}}]\n"
    "load:\n"
    "  open: {executor: constant-arrival-rate, flows: {pay: 70, look: 30}, arrivals: poisson, rate: 300/s, duration: "
    "400ms}\n"
    "  counted: {executor: shared-iterations, flows: {pay: 50, look: 50}, vus: 3, iterations: 40}\n"
    "  each: {executor: per-vu-iterations, flows: {look: 100}, vus: 4, iterations: 5}\n";

/// Everything of a request that the plan decides.
using Record = std::tuple<std::uint16_t, std::uint64_t, std::string, std::string, std::int64_t>;

std::vector<Record> records_of(const Played& played) {
  std::vector<Record> records;
  for (const record::Operation& operation : played.operations) {
    if (operation.event != record::OperationEvent::invoke) continue;
    records.emplace_back(operation.block, operation.iteration, operation.kind_text(), operation.key_text(),
                         operation.amount);
  }
  std::sort(records.begin(), records.end());
  return records;
}

using Sent = std::vector<std::pair<std::string, std::string>>;

void append(Sent& sent, const ScriptedServer& server) {
  const auto log = server.log();
  sent.insert(sent.end(), log.begin(), log.end());
}

void answer(Conversation& conversation) {
  conversation.answer(200, "{}");
}

}  // namespace

TEST_CASE("1, 2 and 7 loops and segments send the same requests, record by record") {
  std::vector<Record> whole;
  Sent whole_sent;
  for (const auto& [segments, loops] : {std::pair{1, 1}, {1, 2}, {1, 7}, {2, 1}, {2, 3}, {7, 1}, {7, 2}}) {
    INFO(segments << " segments of " << loops << " loops");
    std::vector<Record> records;
    Sent sent;
    double scheduled = 0;
    std::uint64_t planned = 0;
    for (int segment = 0; segment < segments; ++segment) {
      ScriptedServer server(answer);
      PlayOptions options;
      options.loops = loops;
      options.seed = 77;
      options.segment = {static_cast<std::uint32_t>(segment), static_cast<std::uint32_t>(segments)};
      const Played played = play(kSections, server.url(), options);
      CHECK(played.finished);
      const auto part = records_of(played);
      records.insert(records.end(), part.begin(), part.end());
      append(sent, server);
      scheduled += played.count("scheduled_iterations", {{"block", "open"}});
      planned += played.planned_iterations;
      for (const Record& each : part) {
        if (std::get<0>(each) != 2)
          CHECK(std::get<1>(each) % static_cast<std::uint64_t>(segments) == static_cast<std::uint64_t>(segment));
      }
    }
    std::sort(records.begin(), records.end());
    std::sort(sent.begin(), sent.end());
    CHECK(scheduled == static_cast<double>(planned));
    if (whole.empty()) {
      whole = records;
      whole_sent = sent;
      CHECK(whole.size() > 140);
    }
    CHECK(records == whole);
    CHECK(sent == whole_sent);
  }
}

TEST_CASE("the arrivals of all parts are those of the whole") {
  for (const Spacing spacing : {Spacing::even, Spacing::poisson}) {
    RateCurve curve;
    curve.append(std::chrono::seconds(3), 10, 200);
    curve.append(std::chrono::seconds(2), 200, 200);
    ArrivalSequence all(curve, spacing, 5, 6);
    std::vector<std::pair<std::uint64_t, Nanoseconds>> whole, parts;
    while (const auto arrival = all.next()) whole.emplace_back(arrival->index, arrival->time);
    for (std::uint64_t part = 0; part < 7; ++part) {
      ArrivalSequence own(curve, spacing, 5, 6);
      while (const auto arrival = own.next_of(part, 7)) parts.emplace_back(arrival->index, arrival->time);
    }
    std::sort(parts.begin(), parts.end());
    CHECK(parts == whole);
    CHECK(whole.size() > 600);
  }
}

TEST_CASE("a sequence goes on where its curve grows") {
  for (const Spacing spacing : {Spacing::even, Spacing::poisson}) {
    RateCurve whole;
    whole.append(std::chrono::seconds(1), 100, 100);
    whole.append(std::chrono::seconds(1), 0, 0);
    whole.append(std::chrono::seconds(2), 50, 50);
    RateCurve growing;
    ArrivalSequence expected(whole, spacing, 1, 2), found(growing, spacing, 1, 2);
    std::vector<std::pair<std::uint64_t, Nanoseconds>> want, have;
    while (const auto arrival = expected.next()) want.emplace_back(arrival->index, arrival->time);
    const auto drain = [&] {
      while (const auto arrival = found.next()) have.emplace_back(arrival->index, arrival->time);
      CHECK_FALSE(found.next());
    };
    drain();
    CHECK(have.empty());
    growing.append(std::chrono::seconds(1), 100, 100);
    drain();
    growing.append(std::chrono::seconds(1), 0, 0);
    drain();
    growing.append(std::chrono::seconds(2), 50, 50);
    drain();
    CHECK(have == want);
  }
}

TEST_CASE("segments are written i/n") {
  const auto good = parse_segment("2/7");
  REQUIRE(good.ok());
  CHECK(good->index == 2);
  CHECK(good->count == 7);
  for (const char* bad : {"", "1", "1/", "/2", "2/2", "3/2", "-1/2", "0/0", "1/10001", "a/b", "1/2/3", "0.5/2"}) {
    INFO(bad);
    CHECK_FALSE(parse_segment(bad).ok());
  }
}

}  // namespace tidegate::loadgen
