#pragma once
// `match:` - which connections of its link, or which HTTP messages on it, a fault touches.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/schema.hpp"
#include "base/yaml.hpp"
#include "chaos/link_fault.hpp"

namespace tidegate::chaos {

/// All must agree: of those that method, path and headers select, every N-th, of those the share, of those the first N.
/// The defaults take all. Counted are messages where the fault looks at messages, else connections.
struct Match {
  enum class Per : std::uint8_t { unsaid, connection, message };
  double probability = 1;                   ///< of each one, 0 < probability <= 1; on connections spread evenly
  std::uint64_t every = 1;                  ///< connections 0, N, 2N, ... of the link; messages from the injection on
  std::optional<std::uint64_t> first = {};  ///< the first N that the others let through, from the injection on
  Per per = Per::unsaid;
  std::string method = {};  ///< of the request; empty: any
  std::string path = {};    ///< without its query; * stands for any characters; empty: any
  std::vector<std::pair<std::string, std::string>> headers = {};  ///< name and pattern

  bool operator==(const Match&) const = default;
  /// Whether it speaks of what only messages have.
  bool selects_messages() const { return !method.empty() || !path.empty() || !headers.empty(); }
  /// Whether it leaves anything out.
  bool narrows() const { return probability < 1 || every > 1 || first || selects_messages(); }
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
  Picker(Match match, FaultIdentity identity) : match_(std::move(match)), identity_(std::move(identity)) {}
  bool pick(std::uint64_t connection);
  const Match& match() const noexcept { return match_; }
  const FaultIdentity& identity() const noexcept { return identity_; }

 private:
  Match match_;
  FaultIdentity identity_;
  std::uint64_t taken_ = 0;
};

}  // namespace tidegate::chaos
