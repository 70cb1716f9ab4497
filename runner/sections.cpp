#include "runner/sections.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/file.hpp"
#include "base/units.hpp"
#include "loadgen/transport_options.hpp"

namespace tidegate::runner {
namespace {

using schema::map_of;
using schema::object;
using schema::optional;
using schema::required;

// `--stack embedded` names a file of the shipped topologies: beside the sources in a checkout.
std::string shipped_topology(const std::string& name) {
  namespace fs = std::filesystem;
  for (const char* up : {"/../share/tidegate/topologies/", "/../../../compose/local/"}) {
    const fs::path path = fs::path(executable_directory() + up + name + ".yaml").lexically_normal();
    if (fs::exists(path)) return path.string();
  }
  return "compose/local/" + name + ".yaml";
}

/// As the processes take it.
std::string switch_value(const std::string& text) {
  if (text == "on") return "true";
  return text == "off" ? "false" : text;
}

bool is_scale(const std::string& text) {
  char* end = nullptr;
  const double scale = std::strtod(text.c_str(), &end);
  return !text.empty() && *end == '\0' && scale > 0 && scale <= 1;
}

bool lists(const std::string& words, const std::string& word) {
  return (" " + words + " ").find(" " + word + " ") != std::string::npos;
}

bool is_on(const StackSection& stack, const stack::SwitchSpec& spec) {
  const auto given = stack.switches.find(spec.name);
  return given == stack.switches.end() ? lists(spec.profiles, stack.profile) : given->second != "false";
}

void check_switch(const yaml::Node& name, const yaml::Node& value, const stack::Topology& topology,
                  Diagnostics& diagnostics) {
  const stack::SwitchSpec* known = topology.find_switch(name.text());
  if (known == nullptr) {
    std::vector<std::string> names;
    for (const stack::SwitchSpec& spec : topology.switches) names.push_back(spec.name);
    diagnostics.add(name.mark(), "topology '" + topology.name + "' has no switch '" + name.text() + "'",
                    nearest_spelling(name.text(), names));
    return;
  }
  const std::string given = switch_value(value.text());
  if (given == "true" || given == "false" || (known->scales && is_scale(given))) return;
  diagnostics.add(value.mark(), "switch '" + name.text() + "' is on or off" +
                                    (known->scales ? ", or a scale above 0 and at most 1" : "") + ", not '" +
                                    value.text() + "'");
}

}  // namespace

void check_switches(const yaml::Node& node, const StackSection& stack, const stack::Topology& topology,
                    Diagnostics& diagnostics) {
  if (const yaml::Node* profile = node.find("profile");
      profile != nullptr && std::ranges::find(topology.profiles, stack.profile) == topology.profiles.end()) {
    diagnostics.add(profile->mark(), "topology '" + topology.name + "' has no profile '" + stack.profile + "'",
                    nearest_spelling(stack.profile, topology.profiles));
  }
  if (const yaml::Node* switches = node.find("switches")) {
    for (const auto& [name, value] : switches->entries()) check_switch(name, value, topology, diagnostics);
  }
  for (const stack::SwitchSpec& spec : topology.switches) {
    const stack::SwitchSpec* other = topology.find_switch(spec.excludes);
    if (other == nullptr || !is_on(stack, spec) || !is_on(stack, *other)) continue;
    if (other->excludes == spec.name && other->name < spec.name) continue;  // told from the other side
    diagnostics.add(node.mark(), "switches '" + spec.name + "' and '" + other->name + "' exclude each other");
  }
}

schema::TypePointer stack_schema() {
  return object(
      {optional("topology", schema::text(), "Path of the topology file, from the scenario's folder."),
       optional("profile", schema::text(), "How the system is built up; the topology says which there are."),
       optional("switches", map_of(schema::text()), "Single departures from the profile: on, off, or a scale."),
       optional("base_url", schema::text(), "HTTP API of a system that runs already, instead of a topology."),
       optional("http", loadgen::transport_schema(), "How the HTTP API is spoken to."),
       optional("kafka", object({required("bootstrap", schema::text(), "host:port, comma-separated.")}),
                "Kafka of a system that runs already."),
       optional("groups",
                map_of(object({required("topic", schema::text(), "The topic it consumes."),
                               optional("partitions", schema::integer(1, 100000),
                                        "Partitions of the topic; asked of Kafka by default.")})),
                "Consumer groups of a system that runs already.")},
      "What runs under test.");
}

schema::TypePointer phases_schema() {
  return map_of(object({required("for", schema::duration(), "Length, in whole seconds."),
                        optional("judged", schema::boolean(), "false: no gate looks at it (warm-up).")}),
                "Named windows on the run clock, one after the other.");
}

StackSection parse_stack(const yaml::Node* node, const std::string& directory, const std::string& stack_option,
                         Diagnostics& diagnostics) {
  StackSection stack;
  if (node != nullptr) {
    if (const yaml::Node* profile = node->find("profile")) stack.profile = profile->text();
    if (const yaml::Node* switches = node->find("switches")) {
      for (const auto& [name, value] : switches->entries()) stack.switches[name.text()] = switch_value(value.text());
    }
    if (const yaml::Node* url = node->find("base_url")) stack.base_url = url->text();
    if (const yaml::Node* http = node->find("http")) {
      stack.transport = loadgen::parse_transport(*http, directory, diagnostics);
    }
    if (const yaml::Node* kafka = node->find("kafka")) stack.kafka_bootstrap = kafka->find("bootstrap")->text();
    if (const yaml::Node* topology = node->find("topology")) {
      if (!stack.base_url.empty()) diagnostics.add(topology->mark(), "a stack has a topology or a base_url, not both");
      stack.topology_path = (std::filesystem::path(directory) / topology->text()).lexically_normal().string();
    }
  }
  if (!stack_option.empty()) {
    stack.base_url.clear();
    stack.topology_path = stack_option.find('/') == std::string::npos && !stack_option.ends_with(".yaml")
                              ? shipped_topology(stack_option)
                              : stack_option;
  }
  if (stack.topology_path.empty() && stack.base_url.empty()) {
    diagnostics.add(node == nullptr ? Mark{} : node->mark(),
                    "the stack names no system: give 'topology: FILE' or 'base_url: URL'");
  }
  return stack;
}

std::vector<record::Window> parse_phases(const yaml::Node* node, Diagnostics& diagnostics) {
  std::vector<record::Window> phases;
  std::int32_t at = 0;
  if (node == nullptr) return phases;
  for (const auto& [name, phase] : node->entries()) {
    const Nanoseconds length = schema::as_duration(*phase.find("for"));
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(length);
    if (seconds != length || seconds.count() < 1) {
      diagnostics.add(phase.mark(), "phase '" + name.text() + "' lasts " + format_duration(length) +
                                        "; windows are whole seconds, at least 1s");
    }
    const yaml::Node* judged = phase.find("judged");
    const auto end = at + static_cast<std::int32_t>(seconds.count());
    phases.push_back({name.text(), at, end, judged == nullptr || schema::as_boolean(*judged)});
    at = end;
  }
  return phases;
}

}  // namespace tidegate::runner
