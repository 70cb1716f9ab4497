#pragma once
// A synthetic run as a run directory, for tests of what reads directories.

#include <string>

#include "record/run.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/synthetic_run.hpp"

namespace tidegate::testing {

/// Writes all of it; `gates` becomes the scenario's section.
inline record::RunDirectory written(const SyntheticRun& run, const std::string& path, const std::string& gates) {
  auto directory = record::RunDirectory::create(path);
  REQUIRE(directory.ok());
  record::RunInfo info = run.info;
  info.scenario = "name: synthetic\nload: {shoppers: {rate: 100/s}}\n" + gates;
  info.extra["poll_metrics"] = json::array{"payment_settled"};
  REQUIRE(directory->write_info(info).ok());
  auto writer = record::SeriesWriter::create(directory->series());
  REQUIRE(writer.ok());
  const record::SeriesSet set = run.series();
  for (std::int32_t second = 0; second < run.end() + 10; ++second) {
    for (const record::Series& series : set.series) {
      const record::SeriesId id = (*writer)->intern(series.key);
      if (const Histogram histogram = series.histograms.at(second); !histogram.empty()) {
        (*writer)->merge(second, id, histogram);
      }
      const auto value = series.values.find(second);
      if (value == series.values.end()) continue;
      if (series.key.kind == record::SeriesKind::counter) {
        (*writer)->add(second, id, value->second);
      } else {
        (*writer)->set(second, id, value->second);
      }
    }
    REQUIRE((*writer)->flush().ok());
  }
  auto events = record::EventWriter::create(directory->events());
  REQUIRE(events.ok());
  for (const record::Event& event : run.events.events) {
    REQUIRE((*events)->write(event.time, event.type, event.fields).ok());
  }
  if (run.findings) REQUIRE(directory->write_findings(*run.findings).ok());
  return *directory;
}

}  // namespace tidegate::testing
