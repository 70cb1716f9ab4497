#pragma once
// truth/NAME.ndjson.gz: the exports that the audit read, as compressed lines of JSON.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace tidegate::record {

/// Not thread-safe.
class TruthWriter {
 public:
  static Result<std::unique_ptr<TruthWriter>> create(const std::string& path);
  ~TruthWriter();
  Result<void> write_line(std::string_view json_line);
  Result<void> close();

 private:
  struct State;
  explicit TruthWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Calls visit per line until it returns false; a truncated file is an error after the whole lines were visited.
Result<void> read_truth(const std::string& path, const std::function<bool(std::string_view)>& visit);

}  // namespace tidegate::record
