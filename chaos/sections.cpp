#include "chaos/sections.hpp"

#include "chaos/fault.hpp"
#include "chaos/match.hpp"
#include "chaos/plan.hpp"

namespace tidegate::chaos {
namespace {

schema::TypePointer target_schema() {
  return schema::object({schema::optional("link", schema::text(), "FROM->TO, as the topology names it"),
                         schema::optional("process", schema::text(), "a process of the topology"),
                         schema::optional("store", schema::text(), "a store of the topology")},
                        "what the fault hits: exactly one of them");
}

schema::TypePointer inject_schema() {
  std::vector<schema::Field> kinds;
  for (const FaultKind& kind : fault_kinds())
    kinds.push_back(schema::optional(kind.name, kind.parameters, kind.summary));
  return schema::object(std::move(kinds), "the kind of fault and its parameters: exactly one");
}

schema::TypePointer expect_schema() {
  return schema::object({schema::required("gate", schema::text(), "the gate that must notice"),
                         schema::required("within", schema::duration(), "how long after the injection at the latest")},
                        "which gate must notice the fault, and when");
}

}  // namespace

schema::TypePointer fault_schema() {
  return schema::object(
      {schema::optional("at", schema::text(), "PHASE, PHASE + 20%, PHASE + 5s, or a time on the run clock such as 12s"),
       schema::optional("after", schema::text(), "another fault, from whose end on, or FAULT + 5s"),
       schema::optional("for", schema::text(), "a duration, or a share of the phase in at:"),
       schema::optional("jitter", schema::duration(), "moves the beginning by up to so much, drawn from the seed"),
       schema::optional("repeat",
                        schema::object({schema::required("times", schema::integer(2, 1000), "how often in all"),
                                        schema::required("every", schema::duration(), "from beginning to beginning")}),
                        "again and again; the later ones are called NAME#2, NAME#3, ..."),
       schema::required("target", target_schema(), "what it hits"),
       schema::required("inject", inject_schema(), "what it does"),
       schema::optional("match", match_schema(), "which connections it touches; default all"),
       schema::optional("expect", expect_schema(), "which gate must notice it")},
      "one planned fault");
}

schema::TypePointer faults_schema() {
  static const schema::TypePointer type = schema::map_of(fault_schema(), "planned faults, by name");
  return type;
}

schema::TypePointer limits_schema() {
  static const schema::TypePointer type = schema::object(
      {schema::optional("faults_at_once", schema::integer(1, 1000), "how many faults may be on together"),
       schema::optional("links_at_once", schema::share(), "share of the topology's links that may be hit together"),
       schema::optional("processes_at_once", schema::share(), "share of its processes that may be hit together")},
      "the blast radius: a plan beyond it is refused");
  return type;
}

BlastRadius parse_limits(const yaml::Node& node) {
  BlastRadius limits;
  if (const auto* faults = node.find("faults_at_once")) {
    limits.faults_at_once = static_cast<std::uint64_t>(schema::as_integer(*faults));
  }
  if (const auto* links = node.find("links_at_once")) limits.links_at_once = schema::as_share(*links);
  if (const auto* processes = node.find("processes_at_once")) limits.processes_at_once = schema::as_share(*processes);
  return limits;
}

}  // namespace tidegate::chaos
