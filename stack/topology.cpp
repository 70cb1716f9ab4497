#include "stack/topology.hpp"

#include <algorithm>
#include <set>

#include "base/yaml_extends.hpp"

namespace tidegate::stack {
namespace {

using schema::list_of;
using schema::map_of;
using schema::object;
using schema::optional;
using schema::required;

std::string text_at(const yaml::Node& node, std::string_view key, std::string fallback = {}) {
  const yaml::Node* found = node.find(key);
  return found != nullptr && found->is_scalar() ? found->text() : std::move(fallback);
}

class Parser {
 public:
  Parser(const yaml::Node& root, Diagnostics& diagnostics) : root_(root), diagnostics_(diagnostics) {}

  Topology parse() {
    if (!schema::check(root_, *topology_schema(), "the topology", diagnostics_)) return topology_;
    check_version();
    topology_.name = text_at(root_, "name");
    topology_.description = text_at(root_, "description");
    parse_secrets();
    parse_processes();
    parse_links();
    parse_stores();
    parse_groups();
    parse_exports();
    parse_switches();
    topology_.base_url = endpoint_at("base_url");
    parse_kafka();
    return topology_;
  }

 private:
  void check_version() {
    const yaml::Node* version = root_.find("tidegate_topology");
    if (version->text() != "1") {
      diagnostics_.add(version->mark(), "topology version " + version->text() + " is not known; this program reads 1");
    }
  }

  void parse_secrets() {
    each("secrets", [this](const std::string& name, const yaml::Node& node) {
      SecretSpec secret{name, std::nullopt};
      if (const yaml::Node* value = node.find("value")) secret.value = value->text();
      topology_.secrets.push_back(std::move(secret));
    });
  }

  void parse_processes() {
    each("processes", [this](const std::string& name, const yaml::Node& node) {
      ProcessSpec process;
      process.name = name;
      process.mark = node.mark();
      for (const yaml::Node& word : node.find("command")->items()) process.command.push_back(word.text());
      if (process.command.empty()) diagnostics_.add(node.mark(), "process '" + name + "' has an empty command");
      if (const yaml::Node* hold = node.find("hold_port")) process.hold_port = hold->text();
      if (const yaml::Node* grace = node.find("stop_grace")) process.stop_grace = schema::as_duration(*grace);
      process.idle_scheduling = text_at(node, "cpu_scheduling", "other") == "idle";
      if (const yaml::Node* ready = node.find("ready")) {
        process.ready.endpoint = text_at(*ready, "endpoint", process.ready.endpoint);
        process.ready.path = text_at(*ready, "path", process.ready.path);
        if (const yaml::Node* within = ready->find("within")) process.ready.within = schema::as_duration(*within);
      }
      topology_.processes.push_back(std::move(process));
    });
  }

  void parse_links() {
    each("links", [this](const std::string& name, const yaml::Node& node) {
      const auto arrow = name.find("->");
      if (arrow == std::string::npos) {
        diagnostics_.add(node.mark(), "link '" + name + "' is not written FROM->TO");
        return;
      }
      LinkSpec link{name, name.substr(0, arrow), name.substr(arrow + 2), text_at(node, "endpoint", "http"), {}};
      const std::string protocol = text_at(node, "protocol", link.endpoint == "http" ? "http" : "tcp");
      link.protocol = protocol == "http" ? LinkProtocol::http : LinkProtocol::tcp;
      if (link.from != "harness") require_process(link.from, node.mark(), "link '" + name + "'");
      require_process(link.to, node.mark(), "link '" + name + "'");
      topology_.links.push_back(std::move(link));
    });
  }

  void parse_stores() {
    each("stores", [this](const std::string& name, const yaml::Node& node) {
      topology_.stores.push_back({name, text_at(node, "process")});
      require_process(topology_.stores.back().process, node.mark(), "store '" + name + "'");
    });
  }

  void parse_groups() {
    each("groups", [this](const std::string& name, const yaml::Node& node) {
      GroupSpec group{name, text_at(node, "topic"), text_at(node, "process"), 1};
      if (const yaml::Node* partitions = node.find("partitions")) {
        group.partitions = static_cast<int>(schema::as_integer(*partitions));
      }
      if (!group.process.empty()) require_process(group.process, node.mark(), "group '" + name + "'");
      topology_.groups.push_back(std::move(group));
    });
  }

  void parse_exports() {
    each("exports", [this](const std::string& name, const yaml::Node& node) {
      topology_.exports.push_back({name, text_at(node, "endpoint"), text_at(node, "path")});
      check_endpoint(topology_.exports.back().endpoint, node.mark());
    });
  }

  void parse_switches() {
    if (const yaml::Node* profiles = root_.find("profiles")) {
      topology_.profiles.clear();
      for (const yaml::Node& profile : profiles->items()) topology_.profiles.push_back(profile.text());
    }
    each("switches", [this](const std::string& name, const yaml::Node& node) {
      const yaml::Node* scales = node.find("scales");
      topology_.switches.push_back({name, text_at(node, "profiles"), text_at(node, "excludes"),
                                    scales != nullptr && schema::as_boolean(*scales)});
    });
    for (const SwitchSpec& spec : topology_.switches) {
      if (spec.excludes.empty() || topology_.find_switch(spec.excludes) != nullptr) continue;
      diagnostics_.add(root_.find("switches")->find(spec.name)->mark(),
                       "switch '" + spec.name + "' excludes '" + spec.excludes + "', which the topology does not have");
    }
  }

  void parse_kafka() {
    const yaml::Node* kafka = root_.find("kafka");
    if (kafka == nullptr) return;
    topology_.kafka = text_at(*kafka, "endpoint");
    check_endpoint(topology_.kafka, kafka->mark());
    const yaml::Node* evicts = kafka->find("evicting");
    topology_.kafka_evicts = evicts != nullptr && schema::as_boolean(*evicts);
  }

  std::string endpoint_at(std::string_view key) {
    const yaml::Node* node = root_.find(key);
    if (node == nullptr) return {};
    check_endpoint(node->text(), node->mark());
    return node->text();
  }

  void check_endpoint(const std::string& endpoint, const Mark& mark) {
    const auto dot = endpoint.rfind('.');
    if (dot == std::string::npos) {
      diagnostics_.add(mark, "endpoint '" + endpoint + "' is not written PROCESS.ENDPOINT");
      return;
    }
    require_process(endpoint.substr(0, dot), mark, "endpoint '" + endpoint + "'");
  }

  void require_process(const std::string& name, const Mark& mark, const std::string& where) {
    if (topology_.process(name) != nullptr) return;
    std::vector<std::string> names;
    for (const ProcessSpec& process : topology_.processes) names.push_back(process.name);
    diagnostics_.add(mark, where + " names the process '" + name + "', which the topology does not have",
                     nearest_spelling(name, names));
  }

  template <typename Visit>
  void each(std::string_view key, Visit visit) {
    const yaml::Node* section = root_.find(key);
    if (section == nullptr) return;
    for (const auto& [name, node] : section->entries()) visit(name.text(), node);
  }

  const yaml::Node& root_;
  Diagnostics& diagnostics_;
  Topology topology_;
};

}  // namespace

const ProcessSpec* Topology::process(std::string_view wanted) const {
  const auto found = std::ranges::find(processes, wanted, &ProcessSpec::name);
  return found == processes.end() ? nullptr : &*found;
}

const LinkSpec* Topology::link(std::string_view wanted) const {
  const auto found = std::ranges::find(links, wanted, &LinkSpec::name);
  return found == links.end() ? nullptr : &*found;
}

const SwitchSpec* Topology::find_switch(std::string_view wanted) const {
  const auto found = std::ranges::find(switches, wanted, &SwitchSpec::name);
  return found == switches.end() ? nullptr : &*found;
}

schema::TypePointer topology_schema() {
  static const schema::TypePointer shape = object(
      {required("tidegate_topology", schema::integer(1, 1e9), "The format's version: 1."),
       optional("extends", schema::text(), "A file to start from: maps merge, lists replace, null removes."),
       required("name", schema::text(), "Short name, shown in reports."),
       optional("description", schema::text(), "What this stack is."),
       optional("secrets",
                map_of(object({optional("value", schema::text(), "A fixed value; without it one is generated.")})),
                "Values handed to processes as ${secret.NAME} and to the scenario as ${stack.NAME}."),
       required("processes",
                map_of(object({
                    required("command", list_of(schema::templated()), "Program and arguments."),
                    optional("hold_port", schema::text(), "Endpoint whose port is kept across a restart."),
                    optional("stop_grace", schema::duration(), "Time between SIGTERM and SIGKILL."),
                    optional("cpu_scheduling", schema::choice({"other", "idle"}),
                             "idle: it gets only processor time that no other program wants (SCHED_IDLE)."),
                    optional("ready",
                             object({optional("endpoint", schema::text(), "Which of its endpoints answers."),
                                     optional("path", schema::text(), "Path that answers 200 when ready."),
                                     optional("within", schema::duration(), "Longest start.")}),
                             "When it counts as ready."),
                })),
                "What to start."),
       optional("links",
                map_of(object({optional("endpoint", schema::text(), "Endpoint of TO that is reached."),
                               optional("protocol", schema::choice({"http", "tcp"}),
                                        "What it speaks; http for the endpoint of that name, else tcp.")})),
                "FROM->TO; a fault may name one."),
       optional("stores", map_of(object({required("process", schema::text(), "Its owner.")})), "Durable stores."),
       optional("groups",
                map_of(object({required("topic", schema::text(), "The topic it consumes."),
                               optional("partitions", schema::integer(1, 100000), "Partitions of the topic."),
                               optional("process", schema::text(), "The process that consumes.")})),
                "Consumer groups whose lag is measured."),
       optional("exports",
                map_of(object({required("endpoint", schema::text(), "PROCESS.ENDPOINT."),
                               required("path", schema::text(), "Path of the export.")})),
                "What the audit reads."),
       optional("profiles", list_of(schema::text()), "What ${profile} may be; modern and legacy by default."),
       optional("switches",
                map_of(object({optional("what", schema::text(), "What it changes."),
                               optional("profiles", schema::text(), "Profiles that have it on."),
                               optional("excludes", schema::text(), "A switch that cannot be on together with it."),
                               optional("scales", schema::boolean(), "It takes a scale from 0 to 1 instead of on.")})),
                "Departures that ${switches} passes on; a scenario may name no others."),
       optional("base_url", schema::text(), "Endpoint of the HTTP API under test."),
       optional("kafka",
                object({required("endpoint", schema::text(), "Endpoint that holds the bootstrap addresses."),
                        optional("evicting", schema::boolean(), "The broker drops old records silently.")}),
                "Where consumer lag is measured.")},
      "Topology file, version 1");
  return shape;
}

Topology parse_topology(const yaml::Node& node, Diagnostics& diagnostics) {
  return Parser(node, diagnostics).parse();
}

Topology load_topology(const std::string& path, Diagnostics& diagnostics) {
  const std::size_t before = diagnostics.size();
  const yaml::Node node = yaml::load_extended(
      path, "a topology is a map of sections, beginning with 'tidegate_topology: 1'", {}, diagnostics);
  if (diagnostics.size() != before) return {};
  Topology topology = parse_topology(node, diagnostics);
  topology.file = path;
  return topology;
}

}  // namespace tidegate::stack
