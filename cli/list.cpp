#include <fmt/format.h>

#include <iostream>

#include "audit/audit.hpp"
#include "chaos/fault.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "gates/gate.hpp"
#include "loadgen/functions.hpp"
#include "record/metrics.hpp"

namespace tidegate::cli {
namespace {

void row(std::string_view name, std::string_view kind, std::string_view doc) {
  std::cout << fmt::format("{:<26} {:<12} {}\n", name, kind, doc);
}

std::string_view kind_name(record::SeriesKind kind) {
  switch (kind) {
    case record::SeriesKind::counter:
      return "counter";
    case record::SeriesKind::gauge:
      return "gauge";
    case record::SeriesKind::histogram:
      return "histogram";
  }
  return "";
}

void list(const std::string& what) {
  if (what == "metrics") {
    for (const record::MetricInfo& metric : record::metric_catalogue()) {
      row(metric.name, kind_name(metric.kind), metric.doc);
    }
  } else if (what == "faults") {
    for (const chaos::FaultKind& kind : chaos::fault_kinds()) row(kind.name, to_string(kind.target), kind.summary);
  } else if (what == "checkers") {
    for (const audit::CheckerInfo& checker : audit::checkers()) row(checker.name, "", checker.doc);
  } else if (what == "functions") {
    for (const loadgen::FunctionInfo& function : loadgen::functions()) row(function.usage, "", function.doc);
  } else {
    for (const gates::GateKindInfo& kind : gates::gate_kind_list()) row(kind.name, "", kind.doc);
  }
}

}  // namespace

void add_list(CLI::App& app, int& exit_code) {
  auto what = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("list", "List faults, metrics, functions, checkers or gates");
  command->add_option("WHAT", *what, "faults, metrics, functions, checkers or gates")
      ->required()
      ->check(CLI::IsMember({"faults", "metrics", "functions", "checkers", "gates"}));
  command->callback([what, &exit_code] {
    list(*what);
    exit_code = 0;
  });
}

}  // namespace tidegate::cli
