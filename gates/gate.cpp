#include "gates/gate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.hpp"
#include "gates/gate_kind.hpp"
#include "gates/kinds/recovery.hpp"
#include "gates/planned.hpp"
#include "gates/sections.hpp"

namespace tidegate::gates {
namespace {

// The shape was usually checked with the whole file; what is wrong with it is then already said.
bool has_shape(const yaml::Node& node, const schema::Type& type, const std::string& what, Diagnostics& diagnostics) {
  Diagnostics found;
  if (schema::check(node, type, what, found)) return true;
  const auto at = [](const Diagnostic& diagnostic, const Diagnostic& other) {
    return diagnostic.mark.line == other.mark.line && diagnostic.mark.column == other.mark.column;
  };
  for (const Diagnostic& one : found.list()) {
    const bool said = std::any_of(diagnostics.list().begin(), diagnostics.list().end(),
                                  [&](const Diagnostic& other) { return at(one, other); });
    if (!said) diagnostics.add(one.mark, one.message, one.suggestion);
  }
  return false;
}

std::vector<std::string> names_of(const std::vector<record::Window>& windows) {
  std::vector<std::string> names;
  for (const record::Window& window : windows) names.push_back(window.name);
  return names;
}

class EntryReader {
 public:
  EntryReader(const yaml::Node& name, const yaml::Node& body, const GateContext& context, Diagnostics& diagnostics)
      : body_(body), context_(context), reader_(name.text(), body, context, diagnostics) {
    entry_.name = name.text();
    entry_.mark = name.mark();
  }

  /// None when a mistake was reported.
  std::optional<GateEntry> read() {
    const GateKind* kind = kind_of_entry();
    const bool windows = read_windows(kind);
    if (kind == nullptr) return std::nullopt;
    entry_.kind = kind->name;
    entry_.gate = kind->read(*body_.find(kind->name), reader_);
    if (entry_.gate == nullptr || !windows) return std::nullopt;
    return entry_;
  }

 private:
  const GateKind* kind_of_entry() {
    const GateKind* found = nullptr;
    for (const GateKind& kind : gate_kinds()) {
      const yaml::Node* node = body_.find(kind.name);
      if (node == nullptr) continue;
      if (found != nullptr) {
        reader_.mistake(*node, fmt::format("has both {} and {}; write two gates", found->name, kind.name));
      } else {
        found = &kind;
      }
    }
    if (found == nullptr) reader_.mistake(body_, "needs one of " + kind_names());
    const yaml::Node* warn = body_.find("warn");
    if (found != nullptr && warn != nullptr && found->name != "expect") {
      reader_.mistake(*warn, fmt::format("warn belongs to an expect gate, not to {}", found->name));
    }
    return found;
  }

  static std::string kind_names() {
    std::string names;
    for (const GateKind& kind : gate_kinds()) names += (names.empty() ? "" : ", ") + std::string(kind.name);
    return names;
  }

  bool read_windows(const GateKind* kind) {
    const yaml::Node* during = body_.find("during");
    if (during == nullptr) {
      entry_.windows.push_back({});
      return true;
    }
    if (kind != nullptr && !kind->takes_windows) {
      reader_.mistake(*during, fmt::format("during does not apply to {}", kind->name));
      return false;
    }
    bool good = true;
    if (during->is_list()) {
      for (const yaml::Node& item : during->items()) good = read_window(item) && good;
    } else {
      good = read_window(*during);
    }
    if (!entry_.windows.empty() || !good) return good;
    reader_.mistake(*during, "during names no window; leave it out to judge all judged time");
    return false;
  }

  bool read_window(const yaml::Node& node) {
    const auto window = window_reference(node.text());
    if (!window) {
      static const std::vector<std::string> kPrefixes = {"before", "during", "recovering", "after"};
      const std::string prefix = node.text().substr(0, node.text().find(':'));
      reader_.mistake(node, fmt::format("unknown window '{}'; a window is a phase, or before:, during:, recovering: or "
                                        "after: and a fault",
                                        node.text()),
                      nearest_spelling(prefix, kPrefixes));
      return false;
    }
    const bool known = window->of_fault()
                           ? reader_.known(node, window->name, context_.faults, "fault")
                           : reader_.known(node, window->name, names_of(context_.phases), "phase");
    if (!known) return false;
    if (std::find(entry_.windows.begin(), entry_.windows.end(), *window) != entry_.windows.end()) {
      reader_.mistake(node, fmt::format("window '{}' is given twice", node.text()));
      return false;
    }
    entry_.windows.push_back(*window);
    return true;
  }

  const yaml::Node& body_;
  const GateContext& context_;
  GateReader reader_;
  GateEntry entry_;
};

std::string where(const GateEntry& entry, const WindowReference& window) {
  return fmt::format("gate '{}'{}", entry.name, window.kind == WindowReference::Kind::all ? "" : " " + window.phrase());
}

// A poll gives no request samples, so that its steps do not count where requests do.
std::vector<record::PlannedLoad> load_for(const SampleNeed& need, const GateContext& context) {
  std::vector<record::PlannedLoad> load = context.load;
  if (record::find_metric(need.metric) == nullptr) return load;
  for (record::PlannedLoad& block : load) {
    for (auto& [flow, steps] : block.steps) {
      std::erase_if(steps, [&](const std::string& step) {
        return std::find(context.poll_metrics.begin(), context.poll_metrics.end(), step) != context.poll_metrics.end();
      });
    }
  }
  return load;
}

// A judgement that the plan already shows to be impossible is a mistake, found before anything starts.
void check_planned(const GateEntry& entry, const GateContext& context, Diagnostics& diagnostics) {
  const SampleNeed need = entry.gate->need();
  for (const WindowReference& window : entry.windows) {
    const auto seconds = planned_seconds(window, context);
    if (!seconds) continue;
    const auto mistake = [&](const std::string& message) {
      diagnostics.add(entry.mark, where(entry, window) + " " + message);
    };
    const GateKind* kind = find_gate_kind(entry.kind);
    if (kind->takes_windows && seconds->empty()) {
      mistake("has no judged second");
      continue;
    }
    if (need.metric.empty()) continue;
    const auto samples = planned_samples(need.metric, need.selector, load_for(need, context), *seconds);
    if (!samples) continue;
    if (*samples == 0) {
      mistake("has no planned load");
    } else if (*samples < need.needed) {
      mistake(fmt::format("will have about {} and needs {}: lengthen the window, raise the rate, or relax the gate",
                          counted(*samples, "sample"), format_count(need.needed)));
    }
  }
}

void check_recovery(const GateEntry& entry, const GateContext& context, Diagnostics& diagnostics) {
  const RecoveryGate* recovery = entry.gate->as_recovery();
  if (recovery == nullptr || !context.drain_within || context.phases.empty()) return;
  const Nanoseconds end = std::chrono::seconds(context.phases.back().end) + *context.drain_within;
  for (const record::Window& fault : context.planned_faults) {
    if (fault.name != recovery->fault()) continue;
    if (std::chrono::seconds(fault.end) + recovery->within() > end) {
      diagnostics.add(entry.mark, fmt::format("gate '{}' waits beyond the end of the drain", entry.name));
    }
  }
}

ValidityLimits read_limits(const yaml::Node* node) {
  ValidityLimits limits;
  if (node == nullptr) return limits;
  const auto share = [&](std::string_view key, double& target) {
    if (const yaml::Node* value = node->find(key)) target = schema::as_share(*value);
  };
  share("late_or_unsent", limits.late_or_unsent);
  share("generator_cpu", limits.generator_cpu);
  share("run_queue_wait", limits.run_queue_wait);
  if (const yaml::Node* value = node->find("probe_silence")) limits.probe_silence = schema::as_duration(*value);
  return limits;
}

// `named`: every gate that the file names, those with mistakes included.
void check_expectations(const GateSet& set, const std::vector<std::string>& named, Diagnostics& diagnostics) {
  for (const FaultExpectation& expectation : set.expectations) {
    const GateEntry* entry = set.find(expectation.gate);
    const std::string who = fmt::format("fault '{}' expects", expectation.fault);
    if (std::find(named.begin(), named.end(), expectation.gate) == named.end()) {
      diagnostics.add(expectation.mark, fmt::format("{} an unknown gate '{}'", who, expectation.gate),
                      nearest_spelling(expectation.gate, named));
    } else if (entry != nullptr && !entry->gate->has_seconds()) {
      diagnostics.add(expectation.mark,
                      fmt::format("{} gate '{}' to notice it, but {} gates do not look at single seconds", who,
                                  expectation.gate, entry->kind));
    }
  }
}

}  // namespace

const GateEntry* GateSet::find(std::string_view name) const {
  for (const GateEntry& entry : entries) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

GateSet parse_gates(const yaml::Node& gates, const yaml::Node* validity, const GateContext& context,
                    Diagnostics& diagnostics) {
  GateSet set;
  set.faults = context.faults;
  set.expectations = context.expectations;
  if (validity != nullptr && has_shape(*validity, *validity_schema(), "validity", diagnostics)) {
    set.limits = read_limits(validity);
  }
  const schema::TypePointer shape = gates_schema();
  if (!gates.is_map()) {
    has_shape(gates, *shape, "gates", diagnostics);
    return set;
  }
  std::vector<std::string> named;
  for (const auto& [name, body] : gates.entries()) {
    named.push_back(name.text());
    if (!has_shape(body, *shape->element, fmt::format("gate '{}'", name.text()), diagnostics)) continue;
    auto entry = EntryReader(name, body, context, diagnostics).read();
    if (!entry) continue;
    check_planned(*entry, context, diagnostics);
    check_recovery(*entry, context, diagnostics);
    set.entries.push_back(std::move(*entry));
  }
  check_expectations(set, named, diagnostics);
  return set;
}

std::vector<FaultExpectation> fault_expectations(const yaml::Node& faults) {
  std::vector<FaultExpectation> result;
  for (const auto& [name, body] : faults.entries()) {
    const yaml::Node* expect = body.find("expect");
    const yaml::Node* gate = expect != nullptr ? expect->find("gate") : nullptr;
    const yaml::Node* within = expect != nullptr ? expect->find("within") : nullptr;
    if (gate == nullptr || within == nullptr) continue;
    const auto limit = parse_duration(within->text());
    if (limit) result.push_back({name.text(), gate->text(), *limit, gate->mark()});
  }
  return result;
}

std::vector<PlannedGate> plan_gates(const GateSet& gates, const GateContext& context) {
  std::vector<PlannedGate> plan;
  for (const GateEntry& entry : gates.entries) {
    const SampleNeed need = entry.gate->need();
    for (const WindowReference& window : entry.windows) {
      PlannedGate planned{entry.name, entry.kind, window.text(), need.text, std::nullopt, need.needed};
      const auto seconds = planned_seconds(window, context);
      if (seconds && !need.metric.empty()) {
        planned.samples = planned_samples(need.metric, need.selector, load_for(need, context), *seconds);
      } else if (seconds && entry.kind == "lag") {
        planned.samples = static_cast<std::uint64_t>(seconds->length());
      }
      plan.push_back(std::move(planned));
    }
  }
  return plan;
}

std::vector<GateKindInfo> gate_kind_list() {
  std::vector<GateKindInfo> list;
  for (const GateKind& kind : gate_kinds()) list.push_back({std::string(kind.name), std::string(kind.doc)});
  return list;
}

}  // namespace tidegate::gates
