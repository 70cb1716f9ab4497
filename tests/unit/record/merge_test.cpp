// Segments of one run as one: exact, whatever their order, and refused when they are not segments of one run.

#include "record/merge.hpp"

#include <algorithm>
#include <filesystem>

#include "record/events.hpp"
#include "record/operations.hpp"
#include "record/series.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/record/scratch_directory.hpp"

using namespace tidegate;
using namespace tidegate::record;
using tidegate::test::ScratchDirectory;

namespace {

SeriesKey key(std::string metric, SeriesKind kind, Tags tags = {}) {
  return {std::move(metric), std::move(tags), kind, "us"};
}

RunInfo info_of(int part) {
  RunInfo info;
  info.name = "fleet";
  info.seed = 7;
  info.scenario = "name: fleet\n";
  info.finished = true;
  info.phases = {{"peak", 0, 10, true}};
  PlannedLoad load;
  load.block = "users";
  load.planned_iterations = 100;
  load.rate = {{0, 10.0 * (part + 1)}, {1, 5}};
  info.load = {load};
  return info;
}

RunDirectory segment(const ScratchDirectory& scratch, int part) {
  auto directory = RunDirectory::create(scratch.file("segment-" + std::to_string(part)));
  REQUIRE(directory.ok());
  REQUIRE(directory->write_info(info_of(part)).ok());
  auto series = SeriesWriter::create(directory->series());
  REQUIRE(series.ok());
  const auto count = (*series)->intern(key("iterations", SeriesKind::counter, {{"block", "users"}}));
  const auto users = (*series)->intern(key("vus", SeriesKind::gauge));
  const auto cpu = (*series)->intern(key("generator_cpu", SeriesKind::gauge, {{"loop", "0"}}));
  const auto times = (*series)->intern(key("response_time", SeriesKind::histogram));
  (*series)->add(3, count, 10 + part);
  (*series)->set(3, users, 4);
  (*series)->set(3, cpu, 0.1 * (part + 1));
  for (int second = 0; second < 3 + part; ++second) {
    Histogram histogram;
    for (int i = 0; i < 20; ++i) histogram.record(static_cast<std::uint64_t>(1000 * (part + 1) + 37 * i));
    (*series)->merge(second, times, histogram);
  }
  REQUIRE((*series)->flush().ok());
  auto events = EventWriter::create(directory->events());
  REQUIRE(events.ok());
  REQUIRE((*events)->write(std::chrono::seconds(0), "load_started").ok());
  REQUIRE((*events)->write(std::chrono::seconds(4 + part), "fault_hits", {{"fault", "f"}, {"hits", part}}).ok());
  REQUIRE((*events)->write(std::chrono::seconds(10 + part), "run_ended").ok());
  REQUIRE(directory->write_findings({{"no_lost_acks", part == 1 ? "false" : "true", 50, part == 1 ? "lost 1" : "", {}}})
              .ok());
  return *directory;
}

std::string text_of(const RunDirectory& directory) {
  const auto series = read_series(directory.series());
  REQUIRE(series.ok());
  std::map<std::string, std::string> lines;
  for (const Series& one : series->series) {
    std::string& line = lines[one.key.text()];
    for (const auto& [second, value] : one.values) line += std::to_string(second) + "=" + std::to_string(value) + " ";
    for (const auto& [second, histogram] : one.histograms.decoded()) {
      line += std::to_string(second) + ":";
      histogram.encode(line);
    }
  }
  std::string text;
  for (const auto& [name, line] : lines) text += name + " " + line + "\n";
  const auto events = read_events(directory.events());
  for (const Event& event : events->events) {
    text += std::to_string(event.time.count()) + event.type + "\n";
  }
  const auto findings = directory.read_findings();
  for (const AuditFinding& finding : **findings) {
    text += finding.checker + finding.outcome + std::to_string(finding.checked) + finding.reason;
  }
  return text;
}

}  // namespace

TEST_CASE("segments merge to the same run in any order", "[merge][property]") {
  const ScratchDirectory scratch;
  std::vector<RunDirectory> parts = {segment(scratch, 0), segment(scratch, 1), segment(scratch, 2)};
  std::vector<int> order = {0, 1, 2};
  std::string want;
  do {
    const std::string out = scratch.file("merged-" + std::to_string(order[0]) + std::to_string(order[1]));
    auto merged = merge_runs({parts[static_cast<std::size_t>(order[0])], parts[static_cast<std::size_t>(order[1])],
                              parts[static_cast<std::size_t>(order[2])]},
                             out);
    REQUIRE(merged.ok());
    const std::string have = text_of(*merged);
    if (want.empty()) want = have;
    CHECK(have == want);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("histograms merge exactly, counters add up, plans add up, checkers are as bad as the worst", "[merge]") {
  const ScratchDirectory scratch;
  const std::vector<RunDirectory> parts = {segment(scratch, 0), segment(scratch, 1)};
  auto merged = merge_runs(parts, scratch.file("merged"));
  REQUIRE(merged.ok());
  const auto series = read_series(merged->series());
  Histogram all;
  for (const RunDirectory& part : parts) all.merge(read_series(part.series())->find("response_time")[0]->merged(0, 99));
  CHECK(series->find("response_time")[0]->merged(0, 99) == all);
  CHECK(series->find("iterations")[0]->values.at(3) == 21);
  CHECK(series->find("vus")[0]->values.at(3) == 8);
  CHECK(series->find("generator_cpu")[0]->values.at(3) == Approx(0.2));
  const auto info = merged->read_info();
  CHECK(info->load[0].planned_iterations == 200);
  CHECK(info->load[0].rate == std::vector<std::pair<std::int32_t, double>>{{0, 30}, {1, 10}});
  const auto findings = merged->read_findings();
  CHECK((**findings)[0].outcome == "false");
  CHECK((**findings)[0].checked == 100);
  const auto events = read_events(merged->events());
  CHECK_FALSE(events->cut_short);
  CHECK(events->events.back().type == "run_ended");
  CHECK(to_seconds(events->events.back().time) == 11);
}

TEST_CASE("what is no segment of the same run is refused", "[merge]") {
  const ScratchDirectory scratch;
  const RunDirectory first = segment(scratch, 0), second = segment(scratch, 1);
  const auto refused = [&](const std::vector<RunDirectory>& parts, const char* why) {
    static int count = 0;
    const std::string out = scratch.file("out-" + std::to_string(++count));
    const auto merged = merge_runs(parts, out);
    REQUIRE_FALSE(merged.ok());
    CHECK_THAT(merged.error().message, Catch::Contains(why));
    CHECK_FALSE(std::filesystem::exists(out));
  };
  refused({}, "nothing to merge");
  refused({first, first}, "given twice");
  RunInfo other = info_of(1);
  other.seed = 8;
  REQUIRE(second.write_info(other).ok());
  refused({first, second}, "seeds 7 and 8");
  other.scenario = "name: other\n";
  REQUIRE(second.write_info(other).ok());
  refused({first, second}, "different scenarios");
  REQUIRE(second.write_info(info_of(1)).ok());
  std::filesystem::resize_file(second.series(), std::filesystem::file_size(second.series()) - 3);
  refused({first, second}, "a part is incomplete");
}

TEST_CASE("operation histories merge whole, or not at all", "[merge]") {
  const ScratchDirectory scratch;
  const RunDirectory first = segment(scratch, 0), second = segment(scratch, 1), third = segment(scratch, 2);
  std::vector<std::string> keys;
  for (const RunDirectory* part : {&first, &third}) {
    auto writer = OperationWriter::create(part->operations());
    REQUIRE(writer.ok());
    std::vector<Operation> operations(9000);
    for (std::size_t i = 0; i < operations.size(); ++i) {
      keys.push_back(part->path().substr(part->path().size() - 1) + "-" + std::to_string(i));
      operations[i].set_key(keys.back());
    }
    REQUIRE((*writer)->write(operations).ok());
  }
  const auto merged = merge_runs({first, second, third}, scratch.file("merged"));
  REQUIRE(merged.ok());
  std::vector<std::string> have;
  CHECK_FALSE(
      *visit_operations(merged->operations(), [&](const Operation& one) { have.emplace_back(one.key_text()); }));
  CHECK(have == keys);
  CHECK_FALSE(std::filesystem::exists(merge_runs({second}, scratch.file("none"))->operations()));
  std::filesystem::resize_file(third.operations(), std::filesystem::file_size(third.operations()) - 3);
  const auto refused = merge_runs({first, third}, scratch.file("refused"));
  REQUIRE_FALSE(refused.ok());
  CHECK_THAT(refused.error().message, Catch::Contains("operations.tgo: cut short"));
  CHECK_FALSE(std::filesystem::exists(scratch.file("refused")));
}

TEST_CASE("a part that was cut short leaves the whole cut short", "[merge]") {
  const ScratchDirectory scratch;
  const RunDirectory first = segment(scratch, 0), second = segment(scratch, 1);
  auto events = EventWriter::create(second.events());  // a log without an end
  REQUIRE((*events)->write(std::chrono::seconds(0), "load_started").ok());
  events->reset();
  auto merged = merge_runs({first, second}, scratch.file("merged"));
  REQUIRE(merged.ok());
  CHECK(read_events(merged->events())->cut_short);
}
