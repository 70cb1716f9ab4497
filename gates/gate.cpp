#include "gates/gate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.hpp"
#include "gates/gate_kind.hpp"
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
    if (entry_.gate == nullptr || !windows || !read_abort()) return std::nullopt;
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

  bool read_abort() {
    const yaml::Node* grace = body_.find("grace");
    const yaml::Node* node = body_.find("abort_on");
    if (node == nullptr || !schema::as_boolean(*node)) {
      if (grace == nullptr) return true;
      reader_.mistake(*grace, "grace belongs to abort_on: true");
      return false;
    }
    if (entry_.gate->abort_terms().counter == nullptr) {
      reader_.mistake(*node, "abort_on applies to percentiles, rate(http_req_failed), budgets and lag");
      return false;
    }
    for (const WindowReference& window : entry_.windows) {
      if (!window.of_fault()) continue;
      reader_.mistake(*node, fmt::format("abort_on looks at phases, and '{}' depends on a fault", window.text()));
      return false;
    }
    entry_.abort_grace = grace != nullptr ? schema::as_duration(*grace) : std::chrono::seconds(10);
    return true;
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
    if (node.text().find("..") != std::string::npos) return read_span(node);
    const auto window = window_reference(node.text());
    if (!window) {
      static const std::vector<std::string> kPrefixes = {"before", "during", "recovering", "after"};
      const std::string prefix = node.text().substr(0, node.text().find(':'));
      reader_.mistake(node,
                      fmt::format("unknown window '{}'; a window is a phase, before:, during:, recovering: or "
                                  "after: and a fault, or FROM..TO",
                                  node.text()),
                      nearest_spelling(prefix, kPrefixes));
      return false;
    }
    const bool known = window->of_fault() ? reader_.known(node, window->name, context_.faults, "fault")
                                          : reader_.known(node, window->name, names_of(context_.phases), "phase");
    return known && add_window(node, *window);
  }

  bool read_span(const yaml::Node& node) {
    auto window = custom_window(node.text(), context_.phases);
    if (window) return add_window(node, *window);
    reader_.mistake(node, window.error().message);
    return false;
  }

  bool add_window(const yaml::Node& node, const WindowReference& window) {
    if (std::find(entry_.windows.begin(), entry_.windows.end(), window) != entry_.windows.end()) {
      reader_.mistake(node, fmt::format("window '{}' is given twice", node.text()));
      return false;
    }
    entry_.windows.push_back(window);
    return true;
  }

  const yaml::Node& body_;
  const GateContext& context_;
  GateReader reader_;
  GateEntry entry_;
};

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
    check_against_plan(*entry, context, diagnostics);
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

std::vector<GateKindInfo> gate_kind_list() {
  std::vector<GateKindInfo> list;
  for (const GateKind& kind : gate_kinds()) list.push_back({std::string(kind.name), std::string(kind.doc)});
  return list;
}

}  // namespace tidegate::gates
