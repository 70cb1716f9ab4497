#pragma once
// Pages over several run directories: their history, and some of them over each other.

#include <string>
#include <vector>

#include "base/result.hpp"

namespace tidegate::reports {

/// Run directories among the paths, and in the folders that hold some: sorted by path within a folder. An error when a
/// path is neither.
Result<std::vector<std::string>> find_run_directories(const std::vector<std::string>& paths);

/// One page: the verdicts and the trend of each gate over the runs, oldest first, with change points. Runs without a
/// readable verdict are named on the page and left out; an error when none is left, or the page cannot be written.
Result<void> write_history(const std::vector<std::string>& directories, const std::string& page);

/// One page: two to eight runs over each other; differences are against the first.
Result<void> write_comparison(const std::vector<std::string>& directories, const std::string& page);

}  // namespace tidegate::reports
