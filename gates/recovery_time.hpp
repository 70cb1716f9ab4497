#pragma once
// When a signal came back, from its states second by second.

#include <cstdint>
#include <functional>
#include <optional>

#include "gates/reading.hpp"

namespace tidegate::gates {

/// The first second in [from, to) that starts a run of `hold` seconds of which `counts` says yes.
std::optional<std::int32_t> first_held_second(std::int32_t from, std::int32_t to, std::int32_t hold,
                                              const std::function<bool(std::int32_t)>& counts);

}  // namespace tidegate::gates
