#pragma once
// After load: resolve what stayed unknown, wait until the system has drained, fetch its own account of what happened,
// and hold it against the operation history. Method and checkers: docs/audit.md.

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/http/message.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "record/run.hpp"

namespace tidegate::audit {

/// Where the truth is read: export name (payments, ledger, bank) to URL, and the operator's bearer token.
struct System {
  std::map<std::string, std::string> exports;
  std::string token;
};

struct RenderedRequest {
  std::string method, target, body;
  http::Headers headers;
};
/// Renders an operation's request once more; given by the runner, answered by loadgen.
using Render = std::function<Result<RenderedRequest>(std::uint16_t block, std::uint64_t iteration, std::uint16_t step)>;

struct ResolveOptions {
  std::string base_url;  ///< http://127.0.0.1:40001
  Render render;
  RunClock clock;
  Nanoseconds limit = std::chrono::seconds(30);  ///< for all of them together
  Nanoseconds request_timeout = std::chrono::seconds(2);
  int at_once = 32;  ///< requests in flight
  std::function<bool()> interrupted;
};

struct Resolution {
  std::uint64_t unknown = 0;  ///< keys whose outcome was open
  std::uint64_t resolved_ok = 0, resolved_fail = 0, open = 0;
  double longest_s = 0;  ///< from the unknown outcome to its resolution
};

/// Sends the same key and body again for every key that has an unknown attempt and no ok; appends resolved_ok or
/// resolved_fail to operations.tgo. Blocking; ends within the limit. What stays open is counted, not an error.
Result<Resolution> resolve_unknowns(const record::RunDirectory& directory, const ResolveOptions& options);

/// How many payments are in a transient state (processing, *_pending), from the payments export.
Result<std::uint64_t> count_open_payments(const System& system, Nanoseconds limit);

/// Reads all exports, in pages, as of one point, into truth/NAME.ndjson.gz.
Result<void> fetch_truth(const record::RunDirectory& directory, const System& system, Nanoseconds limit);

struct CheckerInfo {
  std::string_view name;
  std::string_view doc;
};
std::span<const CheckerInfo> checkers();

/// Runs the named checkers on the history and the truth in the run directory. Pure: reads nothing else. What cannot be
/// decided (missing or broken truth, a cut history) is "unknown" with the reason.
std::vector<record::AuditFinding> check(const record::RunDirectory& directory, const std::vector<std::string>& names);

}  // namespace tidegate::audit
