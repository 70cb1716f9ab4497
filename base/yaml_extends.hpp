#pragma once
// Files that extend others: `extends: FILE`, a path from the extending file's folder.

#include <filesystem>
#include <functional>
#include <string>

#include "base/yaml.hpp"

namespace tidegate::yaml {

/// Merges `over` into `base`: maps merge, lists replace, null removes.
void merge(Node& base, const Node& over);

/// Rewrites the paths that an extended file wrote in `from`, so that they hold in the folder `to`.
using RebasePaths = std::function<void(Node& base, const std::filesystem::path& from, const std::filesystem::path& to)>;

/// Reads a file and what it extends, up to eight deep, merged. Mistakes go to `diagnostics`; `what` names such a file
/// in them: "a topology is a map, beginning with 'tidegate_topology: 1'".
Node load_extended(const std::string& path, const std::string& what, const RebasePaths& rebase,
                   Diagnostics& diagnostics);

}  // namespace tidegate::yaml
