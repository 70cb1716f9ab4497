// Goal: whatever the text, reading YAML ends in a tree or in diagnostics; a tree read without diagnostics is written as
// text that reads back to an equal tree.
// Run: bin/yaml_fuzz -max_total_time=60 scenarios/
#include <cstdio>
#include <cstdlib>

#include "base/json.hpp"
#include "base/yaml.hpp"

namespace {

using tidegate::yaml::Node;

bool equal(const Node& a, const Node& b) {
  // A text without a plain form gains quotes; none may lose them.
  if (a.kind() != b.kind() || a.text() != b.text() || (a.quoted() && !b.quoted())) return false;
  if (a.items().size() != b.items().size() || a.entries().size() != b.entries().size()) return false;
  for (std::size_t i = 0; i < a.items().size(); ++i) {
    if (!equal(a.items()[i], b.items()[i])) return false;
  }
  for (std::size_t i = 0; i < a.entries().size(); ++i) {
    if (!equal(a.entries()[i].first, b.entries()[i].first)) return false;
    if (!equal(a.entries()[i].second, b.entries()[i].second)) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidegate;
  Diagnostics first, second;
  const Node node = yaml::parse({reinterpret_cast<const char*>(data), size}, "fuzz.yaml", first);
  (void)first.text();
  if (!first.empty()) return 0;
  const std::string text = yaml::emit(node);
  const Node again = yaml::parse(text, "emitted.yaml", second);
  if (!second.empty() || !equal(node, again) || to_json(node) != to_json(again)) {
    std::fprintf(stderr, "emitted:\n%s\n%s\n", text.c_str(), second.text().c_str());
    std::abort();
  }
  return 0;
}
