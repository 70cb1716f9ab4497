#pragma once
// A Bloom filter: "surely not among them" without looking. Source: Bloom, "Space/time trade-offs in hash coding with
// allowable errors", CACM 13 (7), 1970; two hashes stand for k (Kirsch and Mitzenmacher, 2008).

#include <cstdint>
#include <string_view>
#include <vector>

namespace tidegate::platform {

class BloomFilter {
 public:
  /// About one false positive in a hundred once `expected` texts are in it.
  explicit BloomFilter(std::size_t expected);
  void add(std::string_view text);
  /// False: it was never added. True: it probably was.
  bool may_contain(std::string_view text) const noexcept;

 private:
  std::vector<std::uint64_t> words_;  // a power of two of them
  std::uint64_t mask_;
};

}  // namespace tidegate::platform
