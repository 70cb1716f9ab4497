#include "runner/compose.hpp"

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>

#include "base/units.hpp"
#include "base/yaml_extends.hpp"

namespace tidegate::runner {
namespace {

std::string rebase(const std::string& path, const std::filesystem::path& from, const std::filesystem::path& to) {
  if (path.empty() || path.front() == '/') return path;
  const auto relative = (from / path).lexically_normal().lexically_relative(to.lexically_normal());
  return relative.empty() ? (from / path).string() : relative.string();
}

// The places of the language that hold paths: stack.topology and data.*.file.
void rebase_paths(yaml::Node& root, const std::filesystem::path& from, const std::filesystem::path& to) {
  if (yaml::Node* stack = root.find("stack"); stack != nullptr && stack->is_map()) {
    if (yaml::Node* topology = stack->find("topology"); topology != nullptr && topology->is_scalar()) {
      topology->set_text(rebase(topology->text(), from, to));
    }
  }
  yaml::Node* data = root.find("data");
  if (data == nullptr || !data->is_map()) return;
  for (auto& [name, feeder] : data->entries()) {
    if (!feeder.is_map()) continue;
    if (yaml::Node* file = feeder.find("file"); file != nullptr) file->set_text(rebase(file->text(), from, to));
  }
}

// Calls replace(name) for each ${name}; what returns nullptr stays as it is.
using Lookup = std::function<const std::string*(const std::string& name, const Mark& mark)>;

std::string replace_slots(const std::string& text, const Mark& mark, const Lookup& lookup) {
  std::string out;
  std::size_t at = 0;
  for (;;) {
    const auto open = text.find("${", at);
    if (open == std::string::npos) return out + text.substr(at);
    const auto close = text.find('}', open);
    if (close == std::string::npos) return out + text.substr(at);
    out += text.substr(at, open - at);
    const std::string* value = lookup(text.substr(open + 2, close - open - 2), mark);
    out += value != nullptr ? *value : text.substr(open, close + 1 - open);
    at = close + 1;
  }
}

void replace_everywhere(yaml::Node& node, const Lookup& lookup) {
  if (node.is_scalar() && node.text().find("${") != std::string::npos) {
    node.set_text(replace_slots(node.text(), node.mark(), lookup));
  }
  for (yaml::Node& item : node.items()) replace_everywhere(item, lookup);
  for (auto& [key, value] : node.entries()) replace_everywhere(value, lookup);
}

std::vector<std::string> keys_of(const yaml::Node& map) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : map.entries()) keys.push_back(key.text());
  return keys;
}

}  // namespace

yaml::Node read_composed(const std::string& path, Diagnostics& diagnostics) {
  return yaml::load_extended(path, "a scenario is a map of sections, beginning with 'tidegate: 1'", rebase_paths,
                             diagnostics);
}

std::string apply_variant(yaml::Node& root, const std::string& name, Diagnostics& diagnostics) {
  const yaml::Node* found = root.find("variants");
  if (found == nullptr || !found->is_map() || found->entries().empty()) {
    if (!name.empty()) diagnostics.add(root.mark(), "--variant " + name + ": the scenario has no variants");
    return name;
  }
  const yaml::Node variants = *found;
  root.erase("variants");
  const std::string chosen = name.empty() ? variants.entries().front().first.text() : name;
  const yaml::Node* variant = variants.find(chosen);
  if (variant == nullptr) {
    diagnostics.add(variants.mark(), "--variant " + chosen + ": there is no such variant",
                    nearest_spelling(chosen, keys_of(variants)));
    return chosen;
  }
  if (variant->is_map()) yaml::merge(root, *variant);
  return chosen;
}

void apply_sets(yaml::Node& root, const std::vector<std::string>& sets, Diagnostics& diagnostics) {
  yaml::Node* variables = root.find("variables");
  for (const std::string& set : sets) {
    const auto equals = set.find('=');
    if (equals == std::string::npos || equals == 0) {
      diagnostics.add({}, "--set " + set + ": expected KEY=VALUE");
      continue;
    }
    const std::string key = set.substr(0, equals);
    yaml::Node* variable = variables == nullptr ? nullptr : variables->find(key);
    if (variable == nullptr) {
      diagnostics.add({}, "--set " + set + ": the scenario has no variable '" + key + "'",
                      variables == nullptr ? std::string() : nearest_spelling(key, keys_of(*variables)));
      continue;
    }
    variable->set_text(set.substr(equals + 1));
  }
}

void substitute_variables(yaml::Node& root, Diagnostics& diagnostics) {
  std::map<std::string, std::string> values;
  if (const yaml::Node* variables = root.find("variables"); variables != nullptr && variables->is_map()) {
    for (const auto& [key, value] : variables->entries()) {
      if (!value.is_scalar()) {
        diagnostics.add(value.mark(), "variable '" + key.text() + "' must be a single value");
        continue;
      }
      const Lookup earlier = [&values](const std::string& name, const Mark&) -> const std::string* {
        const auto found = values.find(name);
        return found == values.end() ? nullptr : &found->second;
      };
      values[key.text()] = replace_slots(value.text(), value.mark(), earlier);
    }
  }
  root.erase("variables");
  replace_everywhere(root, [&values](const std::string& name, const Mark&) -> const std::string* {
    const auto found = values.find(name);
    return found == values.end() ? nullptr : &found->second;
  });
}

void substitute_environment(yaml::Node& root, Diagnostics& diagnostics) {
  std::map<std::string, std::string> values;
  replace_everywhere(root, [&](const std::string& name, const Mark& mark) -> const std::string* {
    if (!name.starts_with("env.")) return nullptr;
    const char* value = std::getenv(name.c_str() + 4);
    if (value == nullptr) {
      diagnostics.add(mark, "the environment variable " + name.substr(4) + " is not set");
      return nullptr;
    }
    return &(values[name] = value);
  });
}

}  // namespace tidegate::runner
