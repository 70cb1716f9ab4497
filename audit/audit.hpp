#pragma once
// Did the money survive? The system's own account, fetched through its public exports, is held against the operation
// history by an independent model. Method and checkers: docs/audit.md. Fetching: fetch.hpp. Unknown outcomes:
// resolve.hpp. Webhooks: webhook_sink.hpp. One payment's whole life: life.hpp.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "record/run.hpp"

namespace tidegate::audit {

struct CheckerInfo {
  std::string_view name;
  std::string_view doc;
};
/// In the order of the reference.
std::span<const CheckerInfo> checkers();
std::vector<std::string> checker_names();

struct CheckOptions {
  int threads = 2;
  /// Records of one name space that a part holds in memory; tests make it small.
  std::size_t records_per_part = 200'000;
};

/// Runs the named checkers on the history and the truth in the run directory. Pure: reads nothing else, and gives the
/// same whatever the number of threads. What cannot be decided (an export that is missing, broken or not declared, a
/// cut history, a clock that stepped) is "unknown" with the reason. Memory is bounded: records are partitioned on disk,
/// in nameless files of the run directory.
std::vector<record::AuditFinding> check(const record::RunDirectory& directory, const std::vector<std::string>& names,
                                        const CheckOptions& options = {});

}  // namespace tidegate::audit
