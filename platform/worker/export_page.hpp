#pragma once
// Exports of rows with a growing `sequence`: pages up to one point, in commit order, for the operator.

#include <functional>
#include <string>

#include "platform/service/pages.hpp"
#include "platform/service/problem.hpp"
#include "platform/worker/role_database.hpp"

namespace tidegate::platform {

/// The highest sequence that is committed.
using LastSequence = std::function<Result<std::int64_t>(Connection&)>;
/// Items with after < sequence <= as_of, ascending, at most `limit`; sets `last` to the last one's.
using ReadItems = std::function<Result<json::array>(Connection&, std::int64_t after, std::int64_t as_of,
                                                    std::int64_t limit, std::int64_t& last)>;

/// Adds `GET path` for the operator's token.
void add_export(ServiceRuntime& runtime, Connection& reader, const std::string& path, LastSequence last,
                ReadItems read);
/// max(sequence) of a table.
Result<std::int64_t> last_sequence_of(Connection& reader, std::string_view query);

}  // namespace tidegate::platform
