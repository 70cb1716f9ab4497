// Method: each fault is read on its own first (shape, target, kind, parameters, texts of times); then the times are
// resolved across faults, since `after:` follows another fault's end; then what needs all times is checked.

#include "chaos/plan.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/units.hpp"
#include "chaos/plan_schedule.hpp"
#include "chaos/sections.hpp"

namespace tidegate::chaos {
namespace {

/// Reads one entry of the section.
class FaultReader {
 public:
  FaultReader(const FaultContext& context, Diagnostics& diagnostics) : context_(context), diagnostics_(diagnostics) {}

  DraftFault read(const yaml::Node& key, const yaml::Node& node) {
    DraftFault draft;
    draft.spec.name = key.text();
    draft.spec.mark = key.mark();
    draft.node = node;
    const std::size_t before = diagnostics_.size();
    read_target(*node.find("target"), draft.spec);
    read_kind(*node.find("inject"), draft.spec);
    if (const auto* match = node.find("match")) read_match(*match, draft.spec);
    if (const auto* expect = node.find("expect")) read_expect(*expect, draft.spec);
    draft.usable = diagnostics_.size() == before;
    return draft;
  }

 private:
  void read_target(const yaml::Node& node, FaultSpec& spec) {
    if (node.entries().size() != 1) {
      diagnostics_.add(node.mark(), "a fault has exactly one target: a link, a process or a store");
      return;
    }
    const auto& [key, value] = node.entries().front();
    spec.target = value.text();
    if (key.text() == "link") {
      spec.target_kind = TargetKind::link;
      expect_name(value, context_.links, "link");
    } else if (key.text() == "process") {
      spec.target_kind = TargetKind::process;
      expect_name(value, context_.processes, "process");
    } else {
      spec.target_kind = TargetKind::store;
      expect_name(value, context_.stores, "store");
    }
  }

  void expect_name(const yaml::Node& node, const std::vector<std::string>& names, const std::string& what) {
    if (std::find(names.begin(), names.end(), node.text()) != names.end()) return;
    diagnostics_.add(node.mark(), "the topology has no " + what + " '" + node.text() + "'",
                     nearest_spelling(node.text(), names));
  }

  void read_kind(const yaml::Node& node, FaultSpec& spec) {
    if (node.entries().size() != 1) {
      diagnostics_.add(node.mark(), "a fault injects exactly one kind; write a second fault for another");
      return;
    }
    const auto& [key, parameters] = node.entries().front();
    const FaultKind* kind = find_fault_kind(key.text());
    TIDEGATE_ASSERT(kind != nullptr);  // the shape allows no other
    spec.kind = kind->name;
    spec.parameters = parameters;
    kind->check(parameters, diagnostics_);
    if (kind->other_processes) {
      for (const yaml::Node& name : kind->other_processes(parameters)) expect_name(name, context_.processes, "process");
    }
    if (spec.target_kind == TargetKind::link && kind->on_links() && !kind->make_link_fault && !spec.target.empty() &&
        !context_.http_links.contains(spec.target)) {
      diagnostics_.add(key.mark(), kind->name + " is a fault of HTTP messages, and link " + spec.target +
                                       " is not known to speak HTTP (protocol: http in the topology)");
    }
    if (spec.target_kind != kind->target && !spec.target.empty()) {
      diagnostics_.add(key.mark(), std::string(kind->name) + " is a fault of a " +
                                       std::string(to_string(kind->target)) + ", and the target is a " +
                                       std::string(to_string(spec.target_kind)));
    }
  }

  void read_match(const yaml::Node& node, FaultSpec& spec) {
    spec.match = parse_match(node, diagnostics_);
    if (spec.target_kind == TargetKind::link) return check_messages(node, spec);
    diagnostics_.add(node.mark(), "match chooses connections of a link, and the target is a " +
                                      std::string(to_string(spec.target_kind)));
  }

  /// Whether the link and the kind know the messages that the match speaks of.
  void check_messages(const yaml::Node& node, const FaultSpec& spec) {
    const FaultKind* kind = find_fault_kind(spec.kind);
    const bool speaks_of_messages = spec.match.per == Match::Per::message || spec.match.selects_messages();
    if (!speaks_of_messages || kind == nullptr || spec.target.empty()) return;
    if (!context_.http_links.contains(spec.target)) {
      diagnostics_.add(node.mark(),
                       "match chooses HTTP messages, and link " + spec.target + " is not known to speak HTTP");
    } else if (!kind->make_http_fault) {
      diagnostics_.add(node.mark(), "match chooses HTTP messages, and " + spec.kind + " looks at connections only");
    }
  }

  static void read_expect(const yaml::Node& node, FaultSpec& spec) {
    const yaml::Node* gate = node.find("gate");
    spec.expect = Expectation{gate->text(), schema::as_duration(*node.find("within")), gate->mark()};
  }

  const FaultContext& context_;
  Diagnostics& diagnostics_;
};

/// Whether the entry has the section's shape; what departs is reported unless the caller already did.
bool has_shape(const yaml::Node& node, const std::string& name, const FaultContext& context, Diagnostics& diagnostics) {
  Diagnostics departures;
  if (schema::check(node, *fault_schema(), "fault '" + name + "'", departures)) return true;
  if (context.shape_checked) return false;
  for (const Diagnostic& each : departures.list()) diagnostics.add(each.mark, each.message, each.suggestion);
  return false;
}

}  // namespace

const FaultKind& FaultSpec::fault_kind() const {
  const FaultKind* found = find_fault_kind(kind);
  TIDEGATE_ASSERT(found != nullptr);
  return *found;
}

std::vector<FaultSpec> parse_faults(const yaml::Node& faults, const FaultContext& context, Diagnostics& diagnostics) {
  if (faults.is_null()) return {};
  if (!faults.is_map()) {
    if (!context.shape_checked) diagnostics.add(faults.mark(), "faults: is a map of names to faults");
    return {};
  }
  std::vector<DraftFault> drafts;
  FaultReader reader(context, diagnostics);
  for (const auto& [key, node] : faults.entries()) {
    if (has_shape(node, key.text(), context, diagnostics)) {
      drafts.push_back(reader.read(key, node));
    } else {
      drafts.push_back(DraftFault{});  // its name stays known, so that `after:` is not blamed for it
      drafts.back().spec.name = key.text();
    }
  }
  schedule(drafts, context, diagnostics);
  std::vector<FaultSpec> specs;
  for (DraftFault& draft : drafts) {
    if (draft.usable) specs.push_back(std::move(draft.spec));
  }
  return specs;
}

std::set<std::string> links_needed(const std::vector<FaultSpec>& specs) {
  std::set<std::string> links;
  for (const FaultSpec& spec : specs) {
    if (spec.fault_kind().on_links()) links.insert(spec.target);
  }
  return links;
}

bool agent_needed(const std::vector<FaultSpec>& specs) {
  return std::any_of(specs.begin(), specs.end(),
                     [](const FaultSpec& spec) { return spec.fault_kind().held_by_agent(); });
}

}  // namespace tidegate::chaos
