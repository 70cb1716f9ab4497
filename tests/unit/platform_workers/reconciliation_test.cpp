#include <algorithm>
#include <fstream>
#include <set>

#include "base/file.hpp"
#include "base/random.hpp"
#include "platform/reconciliation/engine.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/platform_workers/support.hpp"

using namespace tidegate;
using namespace tidegate::platform;

namespace {

struct Line {
  std::string reference, amount, currency;
  std::int64_t at_ms = 0;
};

std::string ours_csv(const std::vector<Line>& lines) {
  std::string csv = "reference,amount,currency,at_ms,merchant\n";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Line& line = lines[i];
    csv += line.reference + "," + line.amount + "," + line.currency + "," + std::to_string(line.at_ms) + ",mer_" +
           std::to_string(i % 7) + "\n";
  }
  return csv;
}

std::string statement_csv(const std::vector<Line>& lines) {
  std::string csv = "sequence,reference,amount,currency,at_ms\n";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Line& line = lines[i];
    csv += std::to_string(i + 1) + "," + line.reference + "," + line.amount + "," + line.currency + "," +
           std::to_string(line.at_ms) + "\n";
  }
  return csv;
}

struct Desk {
  ScratchDirectory scratch;
  std::atomic<bool> stopping{false};

  Desk(const std::vector<Line>& ours, const std::vector<Line>& statement) {
    REQUIRE(write_file_atomically(scratch.file("ours.csv"), ours_csv(ours)).ok());
    REQUIRE(write_file_atomically(scratch.file("statement.csv"), statement_csv(statement)).ok());
  }
  ReconciliationSummary run() {
    ReconciliationRun run(scratch.path());
    auto summary = run.run(stopping);
    INFO((summary ? "" : summary.error().message));
    REQUIRE(summary.ok());
    return *summary;
  }
  /// Kind and reference of each difference.
  std::set<std::string> differences() const {
    std::set<std::string> found;
    for (int bucket = 0; bucket < 64; ++bucket) {
      std::ifstream file(scratch.file("differences/" + std::to_string(bucket)));
      for (std::string line; std::getline(file, line);) {
        found.insert(line.substr(0, line.find(',', line.find(',') + 1)));
      }
    }
    return found;
  }
};

constexpr std::int64_t kAt = 1'700'000'000'000;

}  // namespace

TEST_CASE("each kind of difference is told, and nothing else") {
  const std::vector<Line> ours = {
      {"same", "100", "EUR", kAt},  {"amount", "100", "EUR", kAt},     {"currency", "100", "EUR", kAt},
      {"edge", "100", "EUR", kAt},  {"late", "100", "EUR", kAt},       {"missing", "100", "EUR", kAt},
      {"twice", "100", "EUR", kAt}, {"ours-twice", "100", "EUR", kAt}, {"ours-twice", "100", "EUR", kAt}};
  const std::vector<Line> statement = {{"same", "100", "EUR", kAt + 1},
                                       {"amount", "101", "EUR", kAt},
                                       {"currency", "100", "USD", kAt},
                                       {"edge", "100", "EUR", kAt + kMatchWithinMs},
                                       {"late", "100", "EUR", kAt - kMatchWithinMs - 1},
                                       {"unexpected", "100", "EUR", kAt},
                                       {"twice", "100", "EUR", kAt},
                                       {"twice", "100", "EUR", kAt},
                                       {"ours-twice", "100", "EUR", kAt}};
  Desk desk(ours, statement);
  const ReconciliationSummary summary = desk.run();
  CHECK(desk.differences() == std::set<std::string>{"amount-mismatch,amount", "amount-mismatch,currency", "late,late",
                                                    "missing,missing", "unexpected,unexpected", "duplicate,twice",
                                                    "duplicate,ours-twice"});
  CHECK(summary.tally.of(Match::matched) == 4);
  CHECK(summary.tally.of(Match::duplicate) == 2);
}

TEST_CASE("planted mismatches among 200,000 rows are found exactly, and the sums are exact") {
  std::vector<Line> ours, statement;
  std::set<std::string> planted;
  std::map<std::string, std::int64_t> nets;
  Draws draws(7, 7, 7);
  for (int i = 0; i < 200'000; ++i) {
    // Thirds of a cent's worth of float32 would be lost after some 80,000 of these.
    const std::int64_t amount = draws.between(1, 16'777'217);
    const Line line{"pay_" + std::to_string(i) + "-a1", std::to_string(amount), i % 3 == 0 ? "EUR" : "INR", kAt + i};
    ours.push_back(line);
    Line told = line;
    const std::string merchant = "mer_" + std::to_string(i % 7) + "," + line.currency;
    switch (i % 10'007) {
      case 1:
        told.amount = std::to_string(amount + 1);
        planted.insert("amount-mismatch," + line.reference);
        break;
      case 2:
        planted.insert("missing," + line.reference);
        continue;
      case 3:
        statement.push_back(told);
        planted.insert("duplicate," + line.reference);
        nets[merchant] += amount;
        break;
      case 4:
        told.reference = "bank_" + std::to_string(i);
        planted.insert("missing," + line.reference);
        planted.insert("unexpected," + told.reference);
        break;
      case 5:
        told.at_ms += 2 * kMatchWithinMs;
        planted.insert("late," + line.reference);
        nets[merchant] += amount;
        break;
      default:
        nets[merchant] += amount;
    }
    statement.push_back(told);
  }
  std::reverse(statement.begin(), statement.end());
  Desk desk(ours, statement);
  const ReconciliationSummary summary = desk.run();
  CHECK(planted.size() == 120);
  CHECK(desk.differences() == planted);
  std::map<std::string, std::int64_t> found;
  for (const auto& [name, net] : summary.tally.nets) found[name.first + "," + name.second] = net.amount;
  CHECK(found == nets);
  CHECK(read_file(desk.scratch.file("report.zip"))->substr(0, 4) == "PK\x03\x04");
}

TEST_CASE("lines that are no rows are listed and stop nothing") {
  Desk desk({{"same", "100", "EUR", kAt}}, {{"same", "100", "EUR", kAt}});
  std::ofstream(desk.scratch.file("statement.csv"), std::ios::app)
      << "2,fraction,1.5,EUR,1\n3,exponent,1e3,EUR,1\n4,big,99999999999999999999,EUR,1\n5,euro,1,EURO,1\n"
         "6,no-time,1,EUR,\n7,,1,EUR,1\n8,more,1,EUR,1,x\nnonsense\n\n9,windows,1,EUR,1\r\n10,no-feed,1,EUR,1";
  const ReconciliationSummary summary = desk.run();
  CHECK(summary.malformed_statement == 8);
  CHECK(summary.malformed_ours == 0);
  CHECK(summary.tally.of(Match::matched) == 1);
  CHECK(desk.differences() == std::set<std::string>{"unexpected,windows", "unexpected,no-feed"});
}

TEST_CASE("a run that is cut off anywhere goes on and ends as an uninterrupted one") {
  std::vector<Line> lines;
  for (int i = 0; i < 5'000; ++i) lines.push_back({"r" + std::to_string(i), std::to_string(i + 1), "EUR", kAt});
  std::vector<Line> told(lines.begin() + 100, lines.end());
  Desk whole(lines, told);
  const json::object expected = whole.run().to_json();
  for (int cut = 0; cut < 70; cut += 6) {
    Desk desk(lines, told);
    int steps = 0;
    ReconciliationRun first(desk.scratch.path());
    first.on_progress([&](std::string_view, std::int64_t, std::int64_t) { desk.stopping = ++steps > cut; });
    auto ended = first.run(desk.stopping);
    // What a kill leaves beside the checkpoint: half a record at a bucket's end.
    if (!ended) std::ofstream(desk.scratch.file("buckets/statement-3"), std::ios::app) << "half";
    const bool statement_was_done =
        read_file(desk.scratch.file("ingest-statement.json")).ok() &&
        read_file(desk.scratch.file("ingest-statement.json"))->find("\"finished\":true") != std::string::npos;
    desk.stopping = false;
    INFO("cut after " << cut << " steps, " << statement_was_done);
    CHECK(desk.run().to_json() == expected);
  }
}

TEST_CASE("an input that is not there is an error, not an empty result") {
  ScratchDirectory scratch;
  std::atomic<bool> stopping{false};
  CHECK_FALSE(ReconciliationRun(scratch.path()).run(stopping).ok());
}
