#pragma once
// The operation history for other tools, with the faults in the same order on the same clock: JSON lines, or the EDN
// histories that Jepsen's checkers (Knossos, Elle) read: {:index 0, :time 12345, :type :invoke, :process 3, :f
// :payment, :value {…}}, with faults as operations of the process :nemesis.

#include <functional>
#include <string_view>

#include "base/result.hpp"
#include "record/run.hpp"

namespace tidegate::audit {

enum class HistoryFormat { ndjson, edn };

/// Writes through `out`, in the order of time; blocking. Returns whether the history was cut short.
Result<bool> export_history(const record::RunDirectory& directory, HistoryFormat format,
                            const std::function<void(std::string_view)>& out);

}  // namespace tidegate::audit
