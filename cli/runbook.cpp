#include "cli/runbook.hpp"

#include <algorithm>
#include <memory>
#include <sstream>

#include "base/units.hpp"

namespace tidegate::cli {
namespace {

constexpr std::string_view kHeading = "## ";
constexpr std::string_view kMarker = "<!-- when:";

/// "<!-- when: FAULT injected -->"
void read_marker(const std::string& line, const Mark& mark, const std::vector<std::string>& faults, RunbookStep& step,
                 Diagnostics& diagnostics) {
  std::istringstream words(line.substr(kMarker.size()));
  std::string end, more;
  words >> step.fault >> step.moment >> end;
  if (end != "-->" || words >> more || (step.moment != "injected" && step.moment != "healed")) {
    diagnostics.add(mark, "a step is due when: FAULT injected, or FAULT healed");
  } else if (std::find(faults.begin(), faults.end(), step.fault) == faults.end()) {
    diagnostics.add(mark, "the drill has no fault '" + step.fault + "'", nearest_spelling(step.fault, faults));
  }
}

void trim(std::string& text) {
  text.erase(0, text.find_first_not_of('\n'));
  text.erase(text.find_last_not_of('\n') + 1);
}

}  // namespace

std::vector<RunbookStep> parse_runbook(const std::string& text, const std::string& file,
                                       const std::vector<std::string>& faults, Diagnostics& diagnostics) {
  std::vector<RunbookStep> steps;
  const auto name = std::make_shared<const std::string>(file);
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    const Mark mark{name, number, 1};
    if (line.starts_with(kHeading)) {
      steps.push_back({line.substr(kHeading.size()), {}, {}, {}});
    } else if (line.starts_with(kMarker)) {
      if (steps.empty()) {
        diagnostics.add(mark, "this marker stands under no step (## heading)");
      } else {
        read_marker(line, mark, faults, steps.back(), diagnostics);
      }
    } else if (!steps.empty()) {
      steps.back().text += line + "\n";
    }
  }
  if (steps.empty()) diagnostics.add({name, 1, 1}, "a runbook has steps: headings that begin with ##");
  for (RunbookStep& step : steps) trim(step.text);
  return steps;
}

}  // namespace tidegate::cli
