#pragma once
// The number that a SELECT gives on a PostgreSQL server. Source: libpq's asynchronous commands
// (https://www.postgresql.org/docs/15/libpq-async.html).

#include <memory>
#include <string_view>

#include "gates/probes/signal_source.hpp"

namespace tidegate::gates {

bool is_postgres(std::string_view from);

/// One connection, kept from reading to reading; a reading that passes its timeout gives it up, and the server, which
/// has the same limit, ends the query. Errors of kind usage: what the server refuses for good (a table, a role or a
/// database that does not exist, a right that is missing, a command that writes). Usage error at once for what is no
/// URL.
Result<std::unique_ptr<SignalSource>> make_postgres_source(const SignalSpec& spec);

}  // namespace tidegate::gates
