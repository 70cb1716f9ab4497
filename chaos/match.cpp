#include "chaos/match.hpp"

#include "base/random.hpp"

namespace tidegate::chaos {

schema::TypePointer match_schema() {
  return schema::object(
      {schema::optional("probability", schema::number(0, 1), "share of connections touched; default 1"),
       schema::optional("every", schema::integer(1, 1e15), "every N-th connection of the link; default 1"),
       schema::optional("first", schema::integer(1, 1e15), "only the first N connections; default all"),
       schema::optional("per", schema::choice({"connection"}), "what is chosen; on a TCP link always the connection")},
      "which connections of the link the fault touches; default all");
}

Match parse_match(const yaml::Node& node, Diagnostics& diagnostics) {
  Match match;
  if (const auto* probability = node.find("probability")) {
    match.probability = schema::as_number(*probability);
    if (match.probability <= 0) diagnostics.add(probability->mark(), "a probability of 0 touches nothing");
  }
  if (const auto* every = node.find("every")) match.every = static_cast<std::uint64_t>(schema::as_integer(*every));
  if (const auto* first = node.find("first")) match.first = static_cast<std::uint64_t>(schema::as_integer(*first));
  return match;
}

json::object to_json(const Match& match) {
  json::object out{{"probability", match.probability}, {"every", match.every}};
  if (match.first) out["first"] = *match.first;
  return out;
}

// A golden-ratio sequence from a drawn start: each connection has exactly this probability, and the picked ones are
// spread evenly, so that a link with few connections has its share too.
bool picks(const Match& match, const FaultIdentity& identity, std::uint64_t connection) {
  if (connection % match.every != 0) return false;
  if (match.probability >= 1) return true;
  constexpr std::uint64_t kGoldenRatio = 0x9e3779b97f4a7c15ULL;  // of 2^64
  const std::uint64_t start = Draws(identity.seed, stable_hash(identity.fault + "\n" + identity.target), 0).next();
  const std::uint64_t place = start + connection / match.every * kGoldenRatio;
  return static_cast<double>(place >> 11) * 0x1.0p-53 < match.probability;
}

bool Picker::pick(std::uint64_t connection) {
  if (match_.first && taken_ >= *match_.first) return false;
  if (!picks(match_, identity_, connection)) return false;
  ++taken_;
  return true;
}

}  // namespace tidegate::chaos
