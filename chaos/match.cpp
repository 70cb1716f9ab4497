#include "chaos/match.hpp"

#include "base/random.hpp"

namespace tidegate::chaos {

schema::TypePointer match_schema() {
  return schema::object(
      {schema::optional("probability", schema::number(0, 1), "share of connections or messages touched; default 1"),
       schema::optional("every", schema::integer(1, 1e15), "every N-th connection or message; default 1"),
       schema::optional("first", schema::integer(1, 1e15), "only the first N connections or messages; default all"),
       schema::optional("per", schema::choice({"connection", "message"}),
                        "what is chosen; default the message where the link speaks HTTP and the fault can, else the "
                        "connection"),
       schema::optional("method", schema::text(), "HTTP: of the request; default any"),
       schema::optional("path", schema::text(),
                        "HTTP: of the request, without its query, * for any characters; default any"),
       schema::optional("header", schema::map_of(schema::text()),
                        "HTTP: names to patterns that the request must have")},
      "which connections or messages of the link the fault touches; default all");
}

Match parse_match(const yaml::Node& node, Diagnostics& diagnostics) {
  Match match;
  if (const auto* probability = node.find("probability")) {
    match.probability = schema::as_number(*probability);
    if (match.probability <= 0) diagnostics.add(probability->mark(), "a probability of 0 touches nothing");
  }
  if (const auto* every = node.find("every")) match.every = static_cast<std::uint64_t>(schema::as_integer(*every));
  if (const auto* first = node.find("first")) match.first = static_cast<std::uint64_t>(schema::as_integer(*first));
  if (const auto* per = node.find("per")) {
    match.per = per->text() == "message" ? Match::Per::message : Match::Per::connection;
  }
  if (const auto* method = node.find("method")) match.method = method->text();
  if (const auto* path = node.find("path")) match.path = path->text();
  if (const auto* headers = node.find("header")) {
    for (const auto& [name, pattern] : headers->entries()) match.headers.emplace_back(name.text(), pattern.text());
  }
  if (match.per == Match::Per::connection && match.selects_messages()) {
    diagnostics.add(node.find("per")->mark(), "method, path and header choose messages, and per: says connection");
  }
  if (!match.path.empty() && match.path.front() != '/' && match.path.front() != '*') {
    diagnostics.add(node.find("path")->mark(), "a path begins with / or *");
  }
  return match;
}

json::object to_json(const Match& match) {
  json::object out{{"probability", match.probability}, {"every", match.every}};
  if (match.first) out["first"] = *match.first;
  if (match.per != Match::Per::unsaid) out["per"] = match.per == Match::Per::message ? "message" : "connection";
  if (!match.method.empty()) out["method"] = match.method;
  if (!match.path.empty()) out["path"] = match.path;
  if (!match.headers.empty()) {
    json::object headers;
    for (const auto& [name, pattern] : match.headers) headers[name] = pattern;
    out["header"] = std::move(headers);
  }
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
