#pragma once
// Everything that the page shows, as one JSON object: a fold over the run directory, also over one that still grows.

#include <memory>

#include "base/json.hpp"
#include "base/result.hpp"
#include "record/run.hpp"

namespace tidegate::reports {

/// Not thread-safe. The shape is declared for the page in reports/page/src/data.ts.
class PageSource {
 public:
  explicit PageSource(const record::RunDirectory& directory);
  ~PageSource();
  PageSource(const PageSource&) = delete;
  PageSource& operator=(const PageSource&) = delete;

  /// As of now. Files that are missing or damaged become entries of `notices`; only an unreadable run.json is an error.
  /// A later call looks only at what series.tgs has gained.
  Result<json::object> data();
  /// Seconds that one point of the page's charts stands for, as of the last data(): more often nothing new is seen.
  int resolution_s() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The data of a finished (or killed) run.
Result<json::object> page_data(const record::RunDirectory& directory);

}  // namespace tidegate::reports
