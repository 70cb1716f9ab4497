#include "runner/sections.hpp"

#include <filesystem>

#include "base/file.hpp"
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

}  // namespace

schema::TypePointer stack_schema() {
  return object({optional("topology", schema::text(), "Path of the topology file, from the scenario's folder."),
                 optional("profile", schema::choice({"modern", "legacy"}), "How the reference platform is built up."),
                 optional("switches", map_of(schema::text()), "Single departures from the profile."),
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
      for (const auto& [name, value] : switches->entries()) stack.switches[name.text()] = value.text();
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
