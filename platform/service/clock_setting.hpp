#pragma once
// GET and PUT /admin/clock: what this process's time of day is off by, {"offset_ms": 93600000}, for drills. Not stored:
// a restarted process has the machine's clock again.

namespace tidegate::platform {

class ServiceRuntime;

/// The routes, for the operator alone, and the metric wall_clock_jump_seconds, which sees the machine's jumps too.
void add_clock_setting(ServiceRuntime& runtime);

}  // namespace tidegate::platform
