#include "reports/run_events.hpp"

#include <fmt/format.h>

#include "base/units.hpp"
#include "reports/capacity_data.hpp"

namespace tidegate::reports {
namespace {

std::string field(const record::Event& event, std::string_view name) {
  return string_member(event.fields, name).value_or("");
}

std::string seconds_field(const record::Event& event) {
  return format_seconds(number_member(event.fields, "seconds").value_or(0));
}

EventText process_exit(const record::Event& event) {
  const bool asked = boolean_member(event.fields, "asked").value_or(false);
  if (asked) return {field(event, "process") + " ended as asked: " + field(event, "status")};
  return {field(event, "process") + " died: " + field(event, "status"), true};
}

EventText fault_event(const record::Event& event) {
  if (event.type == "fault_injected") {
    const std::string target = field(event, "target");
    return {"fault " + field(event, "fault") + " injected" + (target.empty() ? "" : " into " + target)};
  }
  if (event.type == "fault_healed") {
    return {fmt::format("fault {} healed after {} hits: {}", field(event, "fault"),
                        integer_member(event.fields, "hits").value_or(0), field(event, "reason"))};
  }
  if (event.type == "fault_failed") {
    return {"fault " + field(event, "fault") + " failed: " + field(event, "message"), true};
  }
  return {};
}

std::string rate_field(const record::Event& event, std::string_view name) {
  return format_rate(number_member(event.fields, name).value_or(0));
}

EventText capacity_event(const record::Event& event) {
  const std::string of = "capacity of " + field(event, "block") + ": ";
  if (event.type == "capacity_found") return {of + capacity_answer(event.fields)};
  return {of + rate_field(event, "rate") + " " + field(event, "outcome")};
}

EventText lag_event(const record::Event& event) {
  const std::string who = "group " + field(event, "group") + " on " + field(event, "topic");
  const auto partition = integer_member(event.fields, "partition").value_or(0);
  if (event.type == "lag_stopped") return {who + " stands still", true};
  if (event.type == "lag_resumed") return {who + " goes on"};
  if (event.type == "lag_stalled") return {fmt::format("{}: partition {} stands still", who, partition), true};
  if (event.type == "lag_rewound") return {fmt::format("{}: commits of partition {} went back", who, partition), true};
  if (event.type == "records_lost") return {fmt::format("{}: records of partition {} were lost", who, partition), true};
  return {};
}

}  // namespace

EventText describe(const record::Event& event) {
  const std::string& type = event.type;
  if (type == "run_started") return {"the run started"};
  if (type == "stack_ready") return {"the stack was ready after " + seconds_field(event)};
  if (type == "load_started") return {"load started"};
  if (type == "load_ended") return {"load ended"};
  if (type == "phase_started") return {"phase " + field(event, "phase") + " started"};
  if (type == "drain_started") return {"draining started"};
  if (type == "drain_ended") {
    if (boolean_member(event.fields, "drained").value_or(false)) return {"drained after " + seconds_field(event)};
    return {"did not drain within " + seconds_field(event), true};
  }
  if (type == "aborted") return {"load ended early: " + field(event, "message"), true};
  if (type == "teardown_failed") return {"tear-down failed: " + field(event, "message"), true};
  if (type == "output_failed")
    return {"output " + field(event, "output") + " failed: " + field(event, "message"), true};
  if (type == "run_ended") return {"the run ended"};
  if (type == "runbook_step") return {"runbook: " + field(event, "step")};
  if (type == "runbook_step_done")
    return {"runbook, done by hand after " + seconds_field(event) + ": " + field(event, "step")};
  if (type == "capacity_step" || type == "capacity_found") return capacity_event(event);
  if (type.starts_with("lag_") || type == "records_lost") return lag_event(event);
  if (type == "process_exited") return process_exit(event);
  if (type == "harness_error") return {"harness error: " + field(event, "message"), true};
  if (type == "probe_failed") return {"probe " + field(event, "probe") + " failed: " + field(event, "message"), true};
  if (type == "interrupted") {
    const auto number = integer_member(event.fields, "signal");
    return {"interrupted by " + (number ? fmt::format("signal {}", *number) : field(event, "signal")), true};
  }
  return fault_event(event);
}

}  // namespace tidegate::reports
