#pragma once
// The one place where the workers' legacy departures are chosen.

#include "platform/service/options.hpp"
#include "platform/worker/departures.hpp"

namespace tidegate::platform {

/// What the options' profile and switches ask for (platform/service/switches.hpp).
Departures compose_workers(const ServiceOptions& options);

/// Switch `float32_money`: a total in single precision, 24 bits of it. Source: PayNest, whose settlement differed after
/// 180,000 rows; double precision does not reproduce that.
bool add_in_float32(std::int64_t& total, std::int64_t amount);
/// Switch `round_per_row`: each row is rounded to the whole unit of a currency with two decimals first.
bool add_rounded(std::int64_t& total, std::int64_t amount);

}  // namespace tidegate::platform
