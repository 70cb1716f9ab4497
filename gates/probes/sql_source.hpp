#pragma once
// The number that a SELECT gives: first row, first column. SQLite, opened read-only, or PostgreSQL in read-only
// sessions.

#include <memory>
#include <string_view>

#include "gates/probes/signal_source.hpp"

namespace tidegate::gates {

/// Whether `from` names a database of a kind that SQL probes read: sqlite:PATH, or postgresql://…
bool is_database(std::string_view from);

Result<std::unique_ptr<SignalSource>> make_sql_source(const SignalSpec& spec);

}  // namespace tidegate::gates
