#pragma once
// Reading the truth: each export in pages, as of one point, into truth/NAME.ndjson.zst, and how each went into
// truth/exports.json. A broken export is recorded with its reason; only a run directory that cannot be written is an
// error.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "audit/mapping.hpp"
#include "audit/terms.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "record/run.hpp"

namespace tidegate::audit {

struct ExportSource {
  std::string url;
  std::string topic;                       ///< of applied-GROUP: what the group consumes
  std::shared_ptr<const Mapping> mapping;  ///< null: the export has the documented shape
};

/// Where the truth is read: export name to source, and the bearer token ("" for none).
struct System {
  std::map<std::string, ExportSource> exports;
  std::string token;
  Terms terms;
  bool webhooks = false;  ///< a sink has written truth/webhooks.ndjson.zst
  int page_size = 5000;
  Nanoseconds request_timeout = std::chrono::seconds(10);
};

struct FetchSummary {
  std::uint64_t records = 0;
  double seconds = 0;
  std::string broken;  ///< "bank: status 500; …"; empty when every export was read whole
};

/// Payments first and, when anything was committed meanwhile, once more last, so that a system which goes on raises no
/// false alarm. Blocking; ends within the limit.
Result<FetchSummary> fetch_truth(const record::RunDirectory& directory, const System& system, Nanoseconds limit);

/// What an export says is still open, asked again and again while a system drains: it starts at the first page that
/// held something open the last time, or where the time was over. Not thread-safe; blocking.
class OpenItems {
 public:
  enum class Kind : std::uint8_t {
    payments,    ///< those in a transient state, from `payments`
    deliveries,  ///< of webhooks, those that are pending, from `dead-letters` where it holds all deliveries
  };
  OpenItems(const System& system, Kind kind);

  struct Answer {
    std::uint64_t open = 0;
    std::string examples;  ///< "pay_7 (processing), …": the first few
    bool whole = true;     ///< false: it was not read to its end
    bool went_on = false;  ///< what is settled reaches further than before
  };
  /// An export that the system does not declare holds nothing open. Looks at `interrupted` at each page. Errors:
  /// nothing can be read within the limit, or an item is not what docs/audit.md says.
  Result<Answer> ask(Nanoseconds limit, const std::function<bool()>& interrupted);

 private:
  const System& system_;
  const Kind kind_;
  std::string settled_;  ///< cursor: all items up to it are in a state that lasts
};

}  // namespace tidegate::audit
