#pragma once
// The records of one part in the order of a name, walked name by name beside others of their kind.

#include <algorithm>
#include <span>
#include <vector>

#include "audit/partitions.hpp"

namespace tidegate::audit {

/// `order` says by what records are sorted; `name_of` which name a record belongs to, in that order.
template <typename Record, typename NameOf>
class SortedPart {
 public:
  template <typename Order>
  static Result<SortedPart> load(const Partitions<Record>& partitions, std::size_t part, NameOf name_of,
                                 const Order& order) {
    auto records = partitions.take(part);
    if (!records) return records.error();
    std::ranges::stable_sort(*records, order);
    return SortedPart(std::move(*records), name_of);
  }

  bool at_end() const { return at_ == records_.size(); }
  /// The next name; not at the end.
  auto name() const { return name_of_(records_[at_]); }
  /// The records of `name` when they are next, else none.
  template <typename Name>
  std::span<const Record> take(const Name& name) {
    const std::size_t first = at_;
    while (!at_end() && name_of_(records_[at_]) == name) ++at_;
    return std::span<const Record>(records_).subspan(first, at_ - first);
  }

 private:
  SortedPart(std::vector<Record> records, NameOf name_of) : records_(std::move(records)), name_of_(name_of) {}
  std::vector<Record> records_;
  NameOf name_of_;
  std::size_t at_ = 0;
};

/// The smallest name that is next in any of the parts; the caller knows that one is not at its end.
template <typename First, typename... Rest>
auto least_name(const First& first, const Rest&... rest) {
  using Name = decltype(first.name());
  Name least{};
  bool any = false;
  const auto look = [&](const auto& part) {
    if (part.at_end() || (any && !(part.name() < least))) return;
    least = part.name();
    any = true;
  };
  look(first);
  (look(rest), ...);
  return least;
}

template <typename... Parts>
bool all_at_end(const Parts&... parts) {
  return (parts.at_end() && ...);
}

}  // namespace tidegate::audit
