// page_fixtures FOLDER: the run directories and reports that the page's tests look at.

#include <filesystem>
#include <iostream>

#include "base/assert.hpp"
#include "base/file.hpp"
#include "record/events.hpp"
#include "record/operations.hpp"
#include "record/series.hpp"
#include "record/truth.hpp"
#include "reports/html.hpp"
#include "tests/unit/reports/synthetic_run.hpp"

using namespace tidegate;

namespace {

/// What the two counterexamples of a failing run lead to.
void write_lives(const record::RunDirectory& directory) {
  auto operations = record::OperationWriter::create(directory.operations());
  auto payments = record::TruthWriter::create(directory.truth("payments.ndjson.gz"));
  TIDEGATE_ASSERT(operations.ok() && payments.ok());
  for (int i = 1; i <= 2; ++i) {
    const std::string key = "3f1c0b7e-9d11-4f5e-8a0" + std::to_string(i);
    record::Operation operation;
    operation.set_kind("payment");
    operation.set_key(key);
    operation.set_currency("EUR");
    operation.amount = 12500;
    operation.time = std::chrono::milliseconds(14'200 + i);
    std::vector<record::Operation> both(2, operation);
    both[1].time += std::chrono::milliseconds(900);
    both[1].event = record::OperationEvent::ok;
    both[1].status = 202;
    TIDEGATE_ASSERT((*operations)->write(both).ok());
    const std::string line =
        "{\"id\":\"pay_00001" + std::to_string(i) + "\",\"key\":\"" + key + "\",\"status\":\"captured\"}";
    TIDEGATE_ASSERT((*payments)->write_line(line).ok());
  }
  TIDEGATE_ASSERT((*payments)->close().ok());
}

void write_hostile(const record::RunDirectory& directory, const test::SyntheticRun& run) {
  record::Verdict verdict = test::synthetic_verdict(run);
  verdict.title = verdict.reasons.at(0) = verdict.gates.at(0).name = verdict.gates.at(0).during = run.step;
  verdict.gates.at(1).reason = verdict.audit.at(1).checker = run.step;
  verdict.faults.at(0).name = verdict.faults.at(0).target = verdict.lag.at(0).group = run.step;
  verdict.audit.at(1).counterexamples = {json::object{{run.step, run.step}}};
  TIDEGATE_ASSERT(directory.write_verdict(verdict).ok());
  record::RunInfo info = test::synthetic_info(run);
  info.title = info.description = info.variant = info.command = info.phases.at(0).name = run.step;
  TIDEGATE_ASSERT(directory.write_info(info).ok());
}

void write_nights(const std::string& folder) {
  std::filesystem::create_directories(folder);
  for (int night = 0; night < 14; ++night) {
    test::SyntheticRun run;
    run.failing = false;
    const auto directory = test::write_synthetic_run(folder + "/night-" + std::to_string(100 + night), run);
    record::RunInfo info = test::synthetic_info(run);
    info.started_at = "2026-11-" + std::to_string(10 + night) + "T02:00:00Z";
    TIDEGATE_ASSERT(directory.write_info(info).ok());
    record::Verdict verdict = test::synthetic_verdict(run);
    const double level = night < 8 ? 0.21 : 0.33;
    auto& gate = verdict.gates.at(1);
    gate.value = level + 0.004 * (night % 4);
    gate.interval = {*gate.value - 0.01, *gate.value + 0.012};
    TIDEGATE_ASSERT(directory.write_verdict(verdict).ok());
  }
}

void write_empty(const std::string& path) {
  const auto directory = record::RunDirectory::create(path);
  TIDEGATE_ASSERT(directory.ok());
  record::RunInfo info;
  info.name = "empty";
  TIDEGATE_ASSERT(directory->write_info(info).ok());
  TIDEGATE_ASSERT(record::SeriesWriter::create(directory->series()).ok());
  TIDEGATE_ASSERT(record::EventWriter::create(directory->events()).ok());
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: page_fixtures FOLDER\n";
    return 104;
  }
  const std::string root = arguments[1];
  std::filesystem::create_directories(root);
  test::SyntheticRun pass, fail, killed, hour, hostile;
  pass.failing = false;
  killed.finished = false;
  hour.seconds = 3600;
  hour.more_steps = 97;  // 200 series in all
  hostile.step = "</script><script>alert(1)</script>\x1b[2J\xe2\x80\xae<img src=x onerror=alert(2)>" +
                 std::string(200, 'x') + "<b>&amp;</b>";
  for (const auto& [name, run] :
       {std::pair("pass", pass), {"fail", fail}, {"killed", killed}, {"hour", hour}, {"hostile", hostile}}) {
    const auto directory = test::write_synthetic_run(root + "/" + name, run);
    if (std::string_view(name) == "fail") write_lives(directory);
    if (std::string_view(name) == "hostile") write_hostile(directory, run);
  }
  write_empty(root + "/empty");
  for (const char* name : {"pass", "fail", "killed", "hour", "hostile", "empty"}) {
    const auto directory = record::RunDirectory::open(root + "/" + name);
    TIDEGATE_ASSERT(directory.ok());
    const auto written = reports::write_html(*directory);
    if (!written) {
      std::cerr << written.error().message << "\n";
      return 1;
    }
  }
  const auto newer = test::write_synthetic_run(root + "/newer", {});
  TIDEGATE_ASSERT(write_file_atomically(newer.run_json(), "{\"schema\":\"tidegate.run/9\"}").ok());
  write_nights(root + "/nights");
  return 0;
}
