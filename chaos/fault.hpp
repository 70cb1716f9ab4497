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
#include "chaos/link_fault.hpp"
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
  /// Set for process faults; the parameters passed `check`; `control` outlives the fault.
  std::function<std::unique_ptr<RunningFault>(const yaml::Node& parameters, const std::string& process,
                                              ProcessControl& control)>
      make_process_fault;

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
