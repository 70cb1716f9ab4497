#pragma once
// truth/NAME.ndjson.zst: the exports that the audit read, as compressed lines of JSON (one zstd frame).

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
  /// The text must hold no line break.
  Result<void> write_line(std::string_view json_line);
  Result<void> close();

 private:
  struct State;
  explicit TruthWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Bytes behind a visited line that may be read (not: that mean anything): what simdjson wants.
inline constexpr std::size_t kLinePadding = 64;

/// Calls visit per line until it returns false; a truncated file is an error after the whole lines were visited. The
/// line is a view into the reader's buffer, valid during the call, with kLinePadding readable bytes behind it.
Result<void> read_truth(const std::string& path, const std::function<bool(std::string_view)>& visit);

}  // namespace tidegate::record
