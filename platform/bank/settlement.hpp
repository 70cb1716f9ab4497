#pragma once
// The settlement statement as providers send it: late, with rows missing, doubled or wrong, as the knobs say.

#include "platform/bank/behaviour.hpp"
#include "platform/service/runtime.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

/// Adds `GET /v1/settlement-statement?after=N&limit=M`: text/csv with a header line
/// `sequence,reference,amount,currency,at_ms` and a row per approved charge; the header Next-After has the cursor of
/// the next page, none on the last one.
void add_settlement_statement(ServiceRuntime& runtime, Connection& reader, const Behaviours& behaviours);

}  // namespace tidegate::platform
