#pragma once
// What a failover review asks of each fault: what customers saw before it, while it was in, until the system had
// recovered, and afterwards. Exact: the histograms of each window's seconds are merged, not their percentiles.

#include "base/json.hpp"
#include "record/run.hpp"
#include "record/series_index.hpp"
#include "record/verdict.hpp"

namespace tidegate::reports {

/// Per fault of the verdict that was injected, in order:
/// {"fault", "windows": [{"name", "from", "to"}], "rows": [{"label", "unit", "values": [one per window, null: no
/// data]}]}. Windows are whole seconds of judged time: `during` outward, the others inward, and none reaches into
/// another fault.
json::array reviews_to_json(const record::RunInfo& info, const record::SeriesIndex& index,
                            const record::Verdict& verdict);

}  // namespace tidegate::reports
