#pragma once
// Sets of whole seconds of the run clock: what a window resolves to.

#include <cstdint>
#include <vector>

namespace tidegate::gates {

/// [from, to)
struct Span {
  std::int32_t from = 0;
  std::int32_t to = 0;
  bool operator==(const Span&) const = default;
};

/// Sorted, disjoint, non-empty spans; a value type.
class SecondSet {
 public:
  SecondSet() = default;
  SecondSet(std::int32_t from, std::int32_t to) { add(from, to); }

  /// Adds [from, to); nothing when it is empty.
  void add(std::int32_t from, std::int32_t to);
  void add(const SecondSet& other);
  SecondSet intersected(const SecondSet& other) const;
  SecondSet without(const SecondSet& other) const;
  /// The seconds below `end`.
  SecondSet before(std::int32_t end) const;

  bool empty() const { return spans_.empty(); }
  bool contains(std::int32_t second) const;
  std::int64_t length() const;
  /// The first second, and one past the last; 0 when empty.
  std::int32_t first() const { return empty() ? 0 : spans_.front().from; }
  std::int32_t end() const { return empty() ? 0 : spans_.back().to; }
  const std::vector<Span>& spans() const { return spans_; }
  bool operator==(const SecondSet&) const = default;

 private:
  std::vector<Span> spans_;
};

}  // namespace tidegate::gates
