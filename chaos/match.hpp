#pragma once
// `match:` - which connections of its link a fault touches.

#include <cstdint>
#include <optional>

#include "base/json.hpp"
#include "base/schema.hpp"
#include "base/yaml.hpp"
#include "chaos/link_fault.hpp"

namespace tidegate::chaos {

/// All must agree: every N-th connection, of those the share, of those the first N. The defaults take all.
struct Match {
  double probability = 1;              ///< of each connection, 0 < probability <= 1; spread evenly
  std::uint64_t every = 1;             ///< connections 0, N, 2N, ... of the link
  std::optional<std::uint64_t> first;  ///< the first N that the others let through, from the injection on

  bool operator==(const Match&) const = default;
};

schema::TypePointer match_schema();
/// The node conforms to match_schema().
Match parse_match(const yaml::Node& node, Diagnostics& diagnostics);
/// In the spelling that parse_match reads.
json::object to_json(const Match& match);

/// What `probability` and `every` say about a connection: a pure function of its arguments.
bool picks(const Match& match, const FaultIdentity& identity, std::uint64_t connection);

/// Adds `first`: ask once per connection, in the order of their numbers. Not thread-safe.
class Picker {
 public:
  Picker(Match match, FaultIdentity identity) : match_(match), identity_(std::move(identity)) {}
  bool pick(std::uint64_t connection);

 private:
  Match match_;
  FaultIdentity identity_;
  std::uint64_t taken_ = 0;
};

}  // namespace tidegate::chaos
