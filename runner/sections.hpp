#pragma once
// The sections of a scenario that belong to no other folder: header, stack, phases, drain.

#include "base/diagnostics.hpp"
#include "base/schema.hpp"
#include "base/yaml.hpp"
#include "record/run.hpp"
#include "runner/scenario.hpp"

namespace tidegate::runner {

schema::TypePointer stack_schema();
schema::TypePointer phases_schema();

StackSection parse_stack(const yaml::Node* node, const std::string& directory, const std::string& stack_option,
                         Diagnostics& diagnostics);
/// The profile and the switches must be among the topology's, and no two on that exclude each other. `node` is the
/// stack section.
void check_switches(const yaml::Node& node, const StackSection& stack, const stack::Topology& topology,
                    Diagnostics& diagnostics);
/// One after the other from second 0; lengths are whole seconds.
std::vector<record::Window> parse_phases(const yaml::Node* node, Diagnostics& diagnostics);

}  // namespace tidegate::runner
