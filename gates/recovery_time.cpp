#include "gates/recovery_time.hpp"

namespace tidegate::gates {

std::optional<std::int32_t> first_held_second(std::int32_t from, std::int32_t to, std::int32_t hold,
                                              const std::function<bool(std::int32_t)>& counts) {
  std::int32_t start = from;  // of the current run
  for (std::int32_t at = from; start < to; ++at) {
    if (!counts(at)) {
      start = at + 1;
    } else if (at - start + 1 >= hold) {
      return start;
    }
  }
  return std::nullopt;
}

}  // namespace tidegate::gates
