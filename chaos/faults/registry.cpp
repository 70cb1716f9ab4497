#include "chaos/faults/registry.hpp"

#include <fmt/format.h>

#include "base/assert.hpp"

namespace tidegate::chaos {

std::string_view to_string(TargetKind kind) noexcept {
  switch (kind) {
    case TargetKind::link:
      return "link";
    case TargetKind::process:
      return "process";
    case TargetKind::store:
      return "store";
  }
  return "";
}

std::string_view to_string(Direction direction) noexcept {
  return direction == Direction::upstream ? "upstream" : "downstream";
}

FaultDraws::FaultDraws(const FaultIdentity& identity, std::string_view kind)
    : seed_(identity.seed), stream_(stable_hash(std::string(kind) + "\n" + identity.fault + "\n" + identity.target)) {}

Draws FaultDraws::at(std::uint64_t connection, Direction direction, std::uint64_t index) const noexcept {
  constexpr std::uint64_t kGoldenRatio = 0x9e3779b97f4a7c15ULL;
  const std::uint64_t side = connection * 2 + (direction == Direction::upstream ? 0 : 1);
  return Draws(seed_, stream_ + side * kGoldenRatio, index);
}

const std::vector<FaultKind>& fault_kinds() {
  static const std::vector<FaultKind> kinds{bandwidth_fault(),
                                            blackhole_fault(),
                                            broker_down_fault(),
                                            broker_errors_fault(),
                                            broker_rtt_fault(),
                                            cache_evict_fault(),
                                            callback_flood_fault(),
                                            canary_fault(),
                                            close_after_fault(),
                                            corrupt_fault(),
                                            cpu_hog_fault(),
                                            cpu_limit_fault(),
                                            crash_loop_fault(),
                                            deploy_fault(),
                                            disk_full_fault(),
                                            disk_hog_fault(),
                                            fd_limit_fault(),
                                            half_close_fault(),
                                            herd_fault(),
                                            hot_key_fault(),
                                            http_answer_fault(),
                                            http_delay_fault(),
                                            http_duplicate_fault(),
                                            http_headers_fault(),
                                            http_lost_reply_fault(),
                                            http_malformed_fault(),
                                            http_truncate_fault(),
                                            kill_fault(),
                                            kill_workers_fault(),
                                            latency_fault(),
                                            malformed_fault(),
                                            memory_hog_fault(),
                                            partition_fault(),
                                            refuse_fault(),
                                            reset_fault(),
                                            rolling_restart_fault(),
                                            setting_fault(),
                                            slice_fault(),
                                            slow_accept_fault(),
                                            slow_close_fault(),
                                            slow_loris_fault(),
                                            stop_fault()};
  return kinds;
}

const FaultKind* find_fault_kind(std::string_view name) {
  for (const FaultKind& kind : fault_kinds()) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

bool check_parameters(const FaultKind& kind, const yaml::Node& parameters, const std::string& what,
                      Diagnostics& diagnostics) {
  if (!schema::check(parameters, *kind.parameters, what, diagnostics)) return false;
  const std::size_t before = diagnostics.size();
  kind.check(parameters, diagnostics);
  return diagnostics.size() == before;
}

std::string fault_table() {
  std::string table =
      "| fault | target | does | parameters | a hit is | heal |\n"
      "|---|---|---|---|---|---|\n";
  for (const FaultKind& kind : fault_kinds()) {
    std::string parameters;
    for (const schema::Field& field : kind.parameters->fields) {
      parameters += fmt::format("{}`{}`: {}", parameters.empty() ? "" : "<br>", field.name, field.doc);
    }
    table += fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", kind.name, to_string(kind.target), kind.summary,
                         parameters, kind.hit, kind.recovery);
  }
  return table;
}

}  // namespace tidegate::chaos
