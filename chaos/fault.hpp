#pragma once
// The kinds of fault, by the name that users write under `inject:`. One file per kind in chaos/faults/ holds its
// parameters, its defaults, what it does and its entry here.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.hpp"
#include "base/schema.hpp"
#include "base/time.hpp"
#include "base/yaml.hpp"
#include "chaos/held_fault.hpp"
#include "chaos/http_fault.hpp"
#include "chaos/link_fault.hpp"
#include "chaos/match.hpp"
#include "chaos/operator_control.hpp"
#include "chaos/running_fault.hpp"

namespace tidegate::chaos {

enum class TargetKind : std::uint8_t { link, process, store };
/// "link", "process", "store": also the key under `target:`.
std::string_view to_string(TargetKind kind) noexcept;

struct FaultKind {
  std::string name;  ///< as written in YAML
  TargetKind target = TargetKind::link;
  std::string summary;             ///< one sentence: what it does
  std::string hit;                 ///< what counts as one hit
  std::string recovery;            ///< what happens at the heal
  schema::TypePointer parameters;  ///< an object; each field's doc ends with its default
  bool exclusive = false;          ///< two of this kind must not overlap on one target

  /// Adds what the schema cannot say (the parameters conform to it).
  std::function<void(const yaml::Node& parameters, Diagnostics&)> check;
  /// For a kind that ends by itself: how long that takes as planned; nothing when it never ends. Empty function: `for:`
  /// says how long.
  std::function<std::optional<Nanoseconds>(const yaml::Node& parameters)> own_duration;
  /// Set for link faults; the parameters passed `check`.
  std::function<std::shared_ptr<const LinkFault>(const yaml::Node& parameters, const FaultIdentity&)> make_link_fault;
  /// Set for faults that look at HTTP messages; a kind may have both, and then does to messages what `match` chooses.
  std::function<std::shared_ptr<const HttpFault>(const yaml::Node& parameters, const FaultIdentity&)> make_http_fault;
  /// Set for faults on a process that the agent holds; the parameters passed `check`.
  std::function<std::unique_ptr<HeldFault>(const yaml::Node& parameters, ProcessTarget target)> make_held_fault;
  /// Set for process faults that the harness carries out; the parameters passed `check`; `control` outlives the fault.
  std::function<std::unique_ptr<RunningFault>(const yaml::Node& parameters, const std::string& process,
                                              ProcessControl& control)>
      make_process_fault;

  /// Set for faults through a process's own operator API.
  std::function<std::unique_ptr<RunningFault>(const yaml::Node& parameters, const std::string& process,
                                              OperatorControl& control)>
      make_operator_fault;
  /// Set for faults in the traffic over a link; those need no proxy.
  std::function<std::unique_ptr<RunningFault>(const yaml::Node& parameters, const std::string& link,
                                              TrafficControl& control)>
      make_traffic_fault;
  /// Other processes that the parameters name; empty function: none.
  std::function<std::vector<yaml::Node>(const yaml::Node& parameters)> other_processes;

  /// A lease at the agent, so that it ends when the harness does.
  bool held_by_agent() const { return on_links() || make_held_fault; }
  bool on_links() const { return make_link_fault || make_http_fault; }
  /// Whether a fault of the kind with that match looks at messages, on a link that speaks HTTP.
  bool per_message(const Match& match) const {
    return make_http_fault && (!make_link_fault || (match.per != Match::Per::connection && match.narrows()));
  }
  bool ends_by_itself() const { return static_cast<bool>(own_duration); }
};

/// All kinds, in alphabetical order.
const std::vector<FaultKind>& fault_kinds();
/// nullptr when there is none of that name.
const FaultKind* find_fault_kind(std::string_view name);
/// Checks shape and values of one kind's parameters; whether they are good.
bool check_parameters(const FaultKind& kind, const yaml::Node& parameters, const std::string& what, Diagnostics&);
/// The table of docs/faults.md, as Markdown.
std::string fault_table();

}  // namespace tidegate::chaos
