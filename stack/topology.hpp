#pragma once
// The topology file: what runs under test. Processes, how to start and restart them and when they are ready; links
// between them; stores; consumer groups; and where the harness finds the system's HTTP API, Kafka and exports.
// Format: docs/topology.md. Version 1.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostics.hpp"
#include "base/schema.hpp"
#include "base/time.hpp"
#include "base/yaml.hpp"

namespace tidegate::stack {

/// When a process counts as ready: GET `path` on `endpoint` answers 200.
struct Readiness {
  std::string endpoint = "http";
  std::string path = "/readyz";
  Nanoseconds within = std::chrono::seconds(10);
};

struct ProcessSpec {
  std::string name;
  /// Program and arguments. Slots: ${data} its own directory, ${ready_file} where it writes its endpoints as JSON,
  /// ${peers_file} where it finds the others' addresses, ${port} the port to bind (0 at first; the one it held, after),
  /// ${bin} where Tidegate's own programs are, ${profile}, ${secret.NAME}; the argument "${switches}" becomes one
  /// `--switch NAME=VALUE` per switch.
  std::vector<std::string> command;
  std::optional<std::string> hold_port;  ///< the endpoint whose port stays reserved across a restart
  Readiness ready;
  Nanoseconds stop_grace = std::chrono::seconds(5);
  bool idle_scheduling = false;  ///< cpu_scheduling: idle
  Mark mark;
};

enum class LinkProtocol : std::uint8_t { tcp, http };

/// "FROM->TO": FROM reaches TO's endpoint; a fault proxy can stand there. The harness is a FROM too.
struct LinkSpec {
  std::string name, from, to;
  std::string endpoint = "http";
  LinkProtocol protocol = LinkProtocol::http;  ///< unless said: http for the endpoint of that name, else tcp
};

struct StoreSpec {
  std::string name, process;
};

struct GroupSpec {
  std::string name, topic, process;
  int partitions = 1;
};

/// An export that the audit reads: pages of JSON.
struct ExportSpec {
  std::string name;      ///< payments, ledger, bank
  std::string endpoint;  ///< "gateway.http"
  std::string path;
};

struct SecretSpec {
  std::string name;
  std::optional<std::string> value;  ///< none: generated at each start
};

/// A departure that the system can be started with, as `${switches}` passes it on.
struct SwitchSpec {
  std::string name;
  std::string profiles;  ///< that have it on, separated by spaces
  std::string excludes;  ///< a switch that cannot be on together with it; empty: none
  bool scales = false;   ///< takes a scale from 0 to 1 instead of on
};

struct Topology {
  std::string name, description, file;
  std::vector<SecretSpec> secrets;
  std::vector<ProcessSpec> processes;  ///< in start order of the file; all start at once
  std::vector<LinkSpec> links;
  std::vector<StoreSpec> stores;
  std::vector<GroupSpec> groups;
  std::vector<ExportSpec> exports;
  std::vector<std::string> profiles{"modern", "legacy"};
  std::vector<SwitchSpec> switches;
  std::string base_url;       ///< endpoint of the HTTP API under test: "gateway.http"
  bool kafka_evicts = false;  ///< the broker drops old records silently, and outboxes make up for it
  std::string kafka;          ///< endpoint that holds bootstrap addresses; empty: none

  const ProcessSpec* process(std::string_view name) const;
  const LinkSpec* link(std::string_view name) const;
  const SwitchSpec* find_switch(std::string_view name) const;
};

schema::TypePointer topology_schema();
/// Every mistake goes to `diagnostics`; the topology is good only when none came.
Topology parse_topology(const yaml::Node& node, Diagnostics& diagnostics);
/// The file and what it extends (base/yaml_extends.hpp).
Topology load_topology(const std::string& path, Diagnostics& diagnostics);

}  // namespace tidegate::stack
