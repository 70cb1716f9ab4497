#pragma once
// The user's mistakes, all of them at once, each with its place, what was expected and the nearest valid spelling.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace tidegate {

/// A place in a file that the user wrote. Lines and columns count from 1; 0 means unknown.
struct Mark {
  std::shared_ptr<const std::string> file;
  int line = 0;
  int column = 0;
  /// `scenario.yaml:12:5`, or `<command line>` without a file.
  std::string text() const;
};

struct Diagnostic {
  Mark mark;
  std::string message;
  std::string suggestion;    ///< nearest valid spelling, may be empty
  std::string text() const;  ///< `scenario.yaml:12:5: unknown key 'phasse'; did you mean 'phases'?`
};

/// Collects; not thread-safe.
class Diagnostics {
 public:
  void add(Mark mark, std::string message, std::string suggestion = {});
  bool empty() const { return list_.empty(); }
  std::size_t size() const { return list_.size(); }
  const std::vector<Diagnostic>& list() const { return list_; }
  /// Sorted by file, line and column, one a line.
  std::string text() const;
  /// All of them as one usage error.
  Error to_error() const;

 private:
  std::vector<Diagnostic> list_;
};

}  // namespace tidegate
