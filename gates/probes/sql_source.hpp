#pragma once
// The number that a SELECT gives: first row, first column. SQLite, opened read-only.

#include <memory>

#include "gates/probes/signal_source.hpp"

namespace tidegate::gates {

Result<std::unique_ptr<SignalSource>> make_sql_source(const SignalSpec& spec);

}  // namespace tidegate::gates
