#pragma once
// Ranks by Zipf's law: rank k is drawn with a weight of 1 / k^exponent.
// Source: Hörmann, Derflinger, "Rejection-inversion to generate variates from monotone discrete distributions" (1996).

#include <cstdint>

#include "base/random.hpp"

namespace tidegate::loadgen {

/// One of [0, count), 0 the most likely. `exponent` above 0, `count` above 0. Some 1.1 draws on average.
std::uint64_t zipf(Draws& draws, std::uint64_t count, double exponent);

}  // namespace tidegate::loadgen
