#include "loadgen/imports/yaml_build.hpp"

#include "loadgen/imports/imports.hpp"

namespace tidegate::loadgen {
namespace imports {

yaml::Node literal(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("${")) out += '$';
    out += text[i];
  }
  return yaml::Node::scalar(std::move(out), {}, true);
}

yaml::Node scalar(std::string text) {
  return yaml::Node::scalar(std::move(text));
}

yaml::Node map(std::initializer_list<std::pair<const char*, yaml::Node>> entries) {
  Entries out;
  for (const auto& [key, value] : entries) out.emplace_back(scalar(key), value);
  return yaml::Node::map(std::move(out));
}

yaml::Node from_json(const json::value& value) {
  switch (value.kind()) {
    case json::kind::string:
      return literal(std::string_view(value.get_string()));
    case json::kind::array: {
      std::vector<yaml::Node> items;
      for (const json::value& item : value.get_array()) items.push_back(from_json(item));
      return yaml::Node::list(std::move(items));
    }
    case json::kind::object: {
      Entries entries;
      for (const auto& [key, member] : value.get_object()) entries.emplace_back(literal(key), from_json(member));
      return yaml::Node::map(std::move(entries));
    }
    default:
      return scalar(json::serialize(value));
  }
}

yaml::Node frame(const std::string& name, const std::string& base_url, Entries flows, Entries shares, bool cookies) {
  yaml::Node load = map({{"executor", scalar("constant-arrival-rate")},
                         {"rate", scalar("${rate}")},
                         {"flows", yaml::Node::map(std::move(shares))}});
  if (cookies) load.set("cookies", scalar("iteration"));
  return map({{"tidegate", scalar("1")},
              {"name", scalar(name)},
              {"stack", map({{"base_url", scalar(base_url)}})},
              {"variables", map({{"rate", scalar("5/s")}, {"length", scalar("30s")}})},
              {"flows", yaml::Node::map(std::move(flows))},
              {"phases", map({{"steady", map({{"for", scalar("${length}")}})}})},
              {"load", map({{"users", std::move(load)}})},
              {"gates", map({{"fast", map({{"expect", scalar("p90(response_time) < 1s")}})}})}});
}

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* found = object.if_contains(key);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

const json::value* find(const json::value& value, std::string_view key) {
  return value.is_object() ? value.get_object().if_contains(key) : nullptr;
}

}  // namespace imports

std::string imported_text(const Imported& imported, const std::string& source) {
  std::string out =
      "# Made from " + source + ". Check it with `tidegate validate`, see what it would send with `tidegate plan`.\n";
  for (const std::string& note : imported.notes) out += "# - " + note + "\n";
  return out + yaml::emit(imported.scenario);
}

}  // namespace tidegate::loadgen
