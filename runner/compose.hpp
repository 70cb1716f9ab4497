#pragma once
// From the files as written to one tree: `extends`, the chosen variant, variables, environment.

#include <string>
#include <vector>

#include "base/diagnostics.hpp"
#include "base/yaml.hpp"

namespace tidegate::runner {

/// Reads a file and what it extends, merged: maps merge, lists replace, null removes. Paths that an extended file wrote
/// are rewritten to hold from the extending file's folder.
yaml::Node read_composed(const std::string& path, Diagnostics& diagnostics);

/// Merges the variant's overrides into the tree and removes `variants`. An empty name takes the first one. Returns the
/// name that was taken; an unknown name is a diagnostic.
std::string apply_variant(yaml::Node& root, const std::string& name, Diagnostics& diagnostics);

/// Sets variables from KEY=VALUE; an unknown key is a diagnostic with the nearest name.
void apply_sets(yaml::Node& root, const std::vector<std::string>& sets, Diagnostics& diagnostics);

/// Replaces `${name}` by the variable wherever it stands, and removes `variables`. Other slots stay.
void substitute_variables(yaml::Node& root, Diagnostics& diagnostics);

/// Replaces `${env.NAME}`; a variable that is not set is a diagnostic.
void substitute_environment(yaml::Node& root, Diagnostics& diagnostics);

}  // namespace tidegate::runner
