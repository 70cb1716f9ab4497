#pragma once
// Playing one step that sends: a request with its attempts and redirects, or a poll.

#include "loadgen/task.hpp"
#include "loadgen/vu.hpp"

namespace tidegate::loadgen {

/// `due` is the intended start, `started` the clock, just read.
Task<StepEnd> play_request(Vu* vu, std::uint32_t index, Nanoseconds due, Nanoseconds started);
Task<StepEnd> play_poll(Vu* vu, std::uint32_t index);

}  // namespace tidegate::loadgen
