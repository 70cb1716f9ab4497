#pragma once
// How gates count their bad samples while the run goes on.

#include <memory>
#include <string>

#include "gates/abort_watch.hpp"
#include "gates/lag_signal.hpp"
#include "gates/selector.hpp"

namespace tidegate::gates {

/// Samples over a limit of time; failed ones are bad.
std::unique_ptr<AbortCounter> count_over(std::string_view metric, const Selector& selector, const Limit& limit);
/// Failed requests of all requests.
std::unique_ptr<AbortCounter> count_failed(const Selector& selector);
/// One-second slices of a group's lag outside a limit.
std::unique_ptr<AbortCounter> count_slices(const LagSignal& signal, const Limit& limit);

}  // namespace tidegate::gates
