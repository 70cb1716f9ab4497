#pragma once
// Recordings and API descriptions turned into scenarios: a start for a person to go on from.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/yaml.hpp"

namespace tidegate::loadgen {

/// A whole scenario, valid as it stands.
struct Imported {
  yaml::Node scenario;
  std::vector<std::string> notes;  ///< what was left out, and what to look at
};

/// HTTP Archive 1.2, as browsers save it: one flow with the requests to the origin that occurs most, their pauses, and
/// the statuses that came. Cookies become the virtual user's; Authorization becomes ${env.AUTHORIZATION}.
Result<Imported> import_har(std::string_view text);
/// OpenAPI 3, JSON or YAML: a flow for each operation, with parameters and bodies from examples or drawn by schema.
Result<Imported> import_openapi(std::string_view text);

/// The scenario as a file, with the notes as comments on top.
std::string imported_text(const Imported& imported, const std::string& source);

}  // namespace tidegate::loadgen
