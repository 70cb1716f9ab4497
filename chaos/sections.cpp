#include "chaos/sections.hpp"

#include "chaos/fault.hpp"
#include "chaos/match.hpp"

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

}  // namespace tidegate::chaos
