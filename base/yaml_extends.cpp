#include "base/yaml_extends.hpp"

namespace tidegate::yaml {
namespace {

constexpr int kDeepestExtends = 8;

Node load_level(const std::string& path, int depth, const std::string& what, const RebasePaths& rebase,
                Diagnostics& diagnostics) {
  const std::size_t before = diagnostics.size();
  Node root = load(path, diagnostics);
  if (diagnostics.size() != before) return root;
  if (!root.is_map()) {
    diagnostics.add(root.mark(), what);
    return root;
  }
  const Node* extends = root.find("extends");
  if (extends == nullptr) return root;
  if (depth >= kDeepestExtends) {
    diagnostics.add(extends->mark(), "'extends' goes deeper than 8 files; is there a circle?");
    return root;
  }
  const std::filesystem::path here = std::filesystem::path(path).parent_path();
  const std::filesystem::path base_path = here / extends->text();
  Node base = load_level(base_path.string(), depth + 1, what, rebase, diagnostics);
  if (!base.is_map()) return root;
  if (rebase) rebase(base, base_path.parent_path(), here);
  root.erase("extends");
  merge(base, root);
  return base;
}

}  // namespace

void merge(Node& base, const Node& over) {
  for (const auto& [key, value] : over.entries()) {
    Node* existing = base.find(key.text());
    if (value.is_null()) {
      base.erase(key.text());
    } else if (existing != nullptr && existing->is_map() && value.is_map()) {
      merge(*existing, value);
    } else if (existing != nullptr) {
      *existing = value;
    } else {
      base.entries().emplace_back(key, value);
    }
  }
}

Node load_extended(const std::string& path, const std::string& what, const RebasePaths& rebase,
                   Diagnostics& diagnostics) {
  return load_level(path, 0, what, rebase, diagnostics);
}

}  // namespace tidegate::yaml
