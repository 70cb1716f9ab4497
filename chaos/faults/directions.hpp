#pragma once
// The parameter `direction`, which several link faults share.

#include <string>

#include "base/schema.hpp"
#include "chaos/link_fault.hpp"

namespace tidegate::chaos {

inline schema::Field direction_field(const std::string& default_choice) {
  return schema::optional("direction", schema::choice({"both", "upstream", "downstream"}),
                          "both, upstream (client to server) or downstream; default " + default_choice);
}

/// The parameters conform to a schema that has the field.
inline Directions parse_directions(const yaml::Node& parameters, Directions otherwise) {
  const yaml::Node* node = parameters.find("direction");
  if (node == nullptr) return otherwise;
  if (node->text() == "upstream") return Directions::upstream;
  return node->text() == "downstream" ? Directions::downstream : Directions::both;
}

}  // namespace tidegate::chaos
