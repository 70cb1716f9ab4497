#include "reports/many_runs.hpp"

#include <filesystem>

#include "record/operations.hpp"
#include "record/truth.hpp"
#include "reports/html.hpp"
#include "reports/payment_life.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/record/scratch_directory.hpp"
#include "tests/unit/reports/synthetic_run.hpp"

using namespace tidegate;
using namespace tidegate::reports;
using test::content_of;
using test::put_content;
using test::ScratchDirectory;

namespace {

json::object data_of(const std::string& path) {
  const std::string page = content_of(path);
  const std::string start = "id=\"tidegate-data\">";
  const std::size_t from = page.find(start) + start.size();
  auto data = parse_json(page.substr(from, page.find("</script", from) - from));
  REQUIRE(data.ok());
  return data->as_object();
}

/// Twelve nights; from the seventh on the acknowledgement takes twice as long.
void write_nights(const std::string& folder) {
  for (int night = 0; night < 12; ++night) {
    test::SyntheticRun run;
    run.failing = false;
    const auto directory = test::write_synthetic_run(folder + "/night-" + std::to_string(100 + night), run);
    record::RunInfo info = test::synthetic_info(run);
    info.started_at = "2026-11-" + std::to_string(10 + night) + "T02:00:00Z";
    REQUIRE(directory.write_info(info).ok());
    record::Verdict verdict = test::synthetic_verdict(run);
    verdict.gates.at(1).value = (night < 6 ? 0.2 : 0.4) + 0.001 * (night % 3);
    REQUIRE(directory.write_verdict(verdict).ok());
  }
}

}  // namespace

TEST_CASE("the history has each gate's trend and where it changed") {
  const ScratchDirectory scratch;
  std::filesystem::create_directory(scratch.file("nights"));
  write_nights(scratch.file("nights"));
  const auto directories = find_run_directories({scratch.file("nights")});
  REQUIRE(directories.ok());
  REQUIRE(directories->size() == 12);
  REQUIRE(write_history(*directories, scratch.file("history.html")).ok());
  const json::object data = data_of(scratch.file("history.html"));
  CHECK(data.at("kind") == "history");
  CHECK(data.at("runs").as_array().size() == 12);
  CHECK(data.at("runs").at(0).at("started_at") == "2026-11-10T02:00:00Z");
  const json::value& peak = data.at("trends").at(1);
  CHECK(peak.at("name") == "ack_p99");
  CHECK(peak.at("during") == "peak");
  CHECK(peak.at("points").as_array().size() == 12);
  REQUIRE(peak.at("changes").as_array().size() == 1);
  CHECK(peak.at("changes").at(0).at("at") == 6);
  CHECK(data.at("trends").at(0).at("changes").as_array().empty());
}

TEST_CASE("a history leaves out what cannot be read, and says so") {
  const ScratchDirectory scratch;
  test::write_synthetic_run(scratch.file("good"), {});
  const auto torn = test::write_synthetic_run(scratch.file("torn"), {});
  put_content(torn.verdict(), "{");
  const auto newer = test::write_synthetic_run(scratch.file("newer"), {});
  put_content(newer.run_json(), "{\"schema\":\"tidegate.run/9\"}");
  const std::vector<std::string> all = {scratch.file("good"), scratch.file("torn"), scratch.file("newer")};
  REQUIRE(write_history(all, scratch.file("history.html")).ok());
  const json::object data = data_of(scratch.file("history.html"));
  CHECK(data.at("runs").as_array().size() == 1);
  REQUIRE(data.at("notices").as_array().size() == 2);
  CHECK_THAT(json::serialize(data.at("notices")), Catch::Contains("torn") && Catch::Contains("newer tidegate"));
  CHECK_FALSE(write_history({scratch.file("torn")}, scratch.file("none.html")).ok());
  CHECK_FALSE(std::filesystem::exists(scratch.file("none.html")));
}

TEST_CASE("folders without runs, and paths that are not there, are mistakes") {
  const ScratchDirectory scratch;
  std::filesystem::create_directory(scratch.file("empty"));
  const auto empty = find_run_directories({scratch.file("empty")});
  REQUIRE_FALSE(empty.ok());
  CHECK_THAT(empty.error().message, Catch::Contains("neither a run directory nor a folder that holds some"));
  CHECK_FALSE(find_run_directories({scratch.file("not-there")}).ok());
}

TEST_CASE("a comparison holds two to eight runs") {
  const ScratchDirectory scratch;
  test::write_synthetic_run(scratch.file("base"), {});
  test::SyntheticRun passing;
  passing.failing = false;
  test::write_synthetic_run(scratch.file("next"), passing);
  const std::string page = scratch.file("compare.html");
  REQUIRE(write_comparison({scratch.file("base"), scratch.file("next") + "/"}, page).ok());
  const json::object data = data_of(page);
  CHECK(data.at("runs").as_array().size() == 2);
  CHECK(data.at("runs").at(0).at("label") == "base");
  CHECK(data.at("runs").at(1).at("data").at("verdict").at("verdict") == "PASS");
  CHECK_FALSE(write_comparison({scratch.file("base")}, page).ok());
  CHECK_FALSE(write_comparison(std::vector<std::string>(9, scratch.file("base")), page).ok());
  CHECK_FALSE(write_comparison({scratch.file("base"), scratch.file("gone")}, page).ok());
}

TEST_CASE("a counterexample opens the life of its payment, and of no other") {
  const ScratchDirectory scratch;
  const auto directory = test::write_synthetic_run(scratch.file("run"), {});
  {
    auto operations = record::OperationWriter::create(directory.operations());
    REQUIRE(operations.ok());
    std::vector<record::Operation> all;
    for (const char* key : {"key-0001", "key-0002"}) {
      for (const auto event : {record::OperationEvent::invoke, record::OperationEvent::unknown}) {
        record::Operation operation;
        operation.time = std::chrono::seconds(static_cast<int>(event) + 1);
        operation.event = event;
        operation.set_key(key);
        all.push_back(operation);
      }
    }
    REQUIRE((*operations)->write(all).ok());
    auto payments = record::TruthWriter::create(directory.truth("payments.ndjson.gz"));
    REQUIRE(payments.ok());
    REQUIRE((*payments)->write_line(R"({"id":"pay_00001","key":"key-0001","tenant":"shop-7"})").ok());
    REQUIRE((*payments)->write_line(R"({"id":"pay_00002","key":"key-0002","tenant":"shop-7"})").ok());
    REQUIRE((*payments)->close().ok());
    auto ledger = record::TruthWriter::create(directory.truth("ledger.ndjson.gz"));
    REQUIRE(ledger.ok());
    for (int i = 0; i < 200; ++i) {
      const std::string payment = i == 7 ? "pay_00001" : "pay_1" + std::to_string(1000 + i);
      REQUIRE((*ledger)->write_line("{\"payment\":\"" + payment + "\",\"account\":\"merchant-77\"}").ok());
    }
    REQUIRE((*ledger)->close().ok());
  }
  record::AuditFinding finding;
  finding.checker = "no_lost_acks";
  finding.counterexamples = {json::object{{"what", "lost"}, {"key", "key-0001"}, {"account", "merchant-77"}}};
  const json::array lives = payment_lives(directory, {finding}, 10);
  REQUIRE(lives.size() == 1);
  REQUIRE(lives[0].as_array().size() == 1);
  const json::value& life = lives[0].at(0);
  CHECK(life.at("operations").as_array().size() == 2);
  CHECK(life.at("operations").at(1).at("event") == "unknown");
  // By the key to the payment, by its id to the ledger; the account, which all lines share, identifies nothing.
  CHECK(life.at("exports").at("payments").as_array().size() == 1);
  REQUIRE(life.at("exports").at("ledger").as_array().size() == 1);
  CHECK(life.at("exports").at("ledger").at(0).at("payment") == "pay_00001");
  CHECK(payment_lives(directory, {}, 10).empty());
}
