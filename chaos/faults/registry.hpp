#pragma once
// One function per kind of fault, each defined in the kind's own file. Adding a kind adds a line here and in
// registry.cpp.

#include "chaos/fault.hpp"

namespace tidegate::chaos {

FaultKind bandwidth_fault();
FaultKind blackhole_fault();
FaultKind broker_down_fault();
FaultKind broker_errors_fault();
FaultKind broker_rtt_fault();
FaultKind cache_evict_fault();
FaultKind callback_flood_fault();
FaultKind canary_fault();
FaultKind close_after_fault();
FaultKind corrupt_fault();
FaultKind cpu_hog_fault();
FaultKind crash_loop_fault();
FaultKind cpu_limit_fault();
FaultKind deploy_fault();
FaultKind disk_full_fault();
FaultKind disk_hog_fault();
FaultKind fd_limit_fault();
FaultKind half_close_fault();
FaultKind herd_fault();
FaultKind hot_key_fault();
FaultKind http_answer_fault();
FaultKind http_delay_fault();
FaultKind http_duplicate_fault();
FaultKind http_headers_fault();
FaultKind http_lost_reply_fault();
FaultKind http_malformed_fault();
FaultKind http_truncate_fault();
FaultKind kill_fault();
FaultKind kill_workers_fault();
FaultKind latency_fault();
FaultKind malformed_fault();
FaultKind memory_hog_fault();
FaultKind partition_fault();
FaultKind refuse_fault();
FaultKind reset_fault();
FaultKind rolling_restart_fault();
FaultKind setting_fault();
FaultKind slice_fault();
FaultKind slow_accept_fault();
FaultKind slow_close_fault();
FaultKind slow_loris_fault();
FaultKind stop_fault();

}  // namespace tidegate::chaos
