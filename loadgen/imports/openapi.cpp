#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/http/characters.hpp"
#include "base/http/message.hpp"
#include "loadgen/imports/imports.hpp"
#include "loadgen/imports/yaml_build.hpp"

namespace tidegate::loadgen {
namespace {

using namespace imports;

constexpr int kDeepest = 12;
constexpr std::size_t kMostOperations = 100;  // weights are whole percents

/// YAML or JSON, as a JSON value.
Result<json::value> read_document(std::string_view text) {
  if (text.find_first_not_of(" \t\r\n") != std::string_view::npos && text[text.find_first_not_of(" \t\r\n")] == '{') {
    auto parsed = parse_json(text);
    if (!parsed) return usage_error("not JSON: " + parsed.error().message);
    return parsed;
  }
  Diagnostics diagnostics;
  const yaml::Node root = yaml::parse(text, "openapi", diagnostics);
  if (!diagnostics.empty()) return usage_error("not YAML: " + diagnostics.text());
  return to_json(root);
}

class OpenApi {
 public:
  explicit OpenApi(const json::value& root) : root_(root) {}
  Result<Imported> convert();

 private:
  const json::value* resolve(const json::value* value, int depth = 0) const;
  void convert_path(const std::string& path, const json::value& item);
  void convert_operation(const std::string& path, const char* method, const json::value& item,
                         const json::value& operation);
  std::string target_of(const std::string& path, const json::value& item, const json::value& operation,
                        yaml::Node& headers);
  yaml::Node example_of(const json::value* schema, int depth);
  yaml::Node object_of(const json::value& schema, int depth);
  std::string drawn(const json::value* parameter);
  void add_body(const json::value& operation, yaml::Node& step);
  void add_status(const json::value& operation, yaml::Node& step) const;
  bool is_secured(const json::value& operation) const;
  std::string base_url(std::string& prefix) const;
  std::string unique_name(const json::value& operation, const std::string& method, const std::string& path);

  const json::value& root_;
  std::string prefix_;
  std::vector<std::pair<std::string, yaml::Node>> steps_;
  std::set<std::string> names_, notes_;
};

/// Follows `$ref` within the document.
const json::value* OpenApi::resolve(const json::value* value, int depth) const {
  const json::value* reference = value == nullptr ? nullptr : find(*value, "$ref");
  if (reference == nullptr || !reference->is_string()) return value;
  std::string_view path(reference->get_string());
  if (depth > kDeepest || !path.starts_with("#/")) return nullptr;
  const json::value* at = &root_;
  path.remove_prefix(2);
  while (at != nullptr && !path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    std::string key = http::percent_decode(path.substr(0, slash));
    for (const auto& [from, to] : {std::pair{"~1", "/"}, std::pair{"~0", "~"}}) {
      for (std::size_t found; (found = key.find(from)) != std::string::npos;) key.replace(found, 2, to);
    }
    at = find(*at, key);
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return resolve(at, depth + 1);
}

bool is_type(const json::value& schema, std::string_view wanted) {
  const json::value* type = find(schema, "type");
  if (type == nullptr) return false;
  if (type->is_string()) return std::string_view(type->get_string()) == wanted;
  if (!type->is_array()) return false;  // 3.1 has lists of types
  return std::any_of(type->get_array().begin(), type->get_array().end(), [&](const json::value& each) {
    return each.is_string() && std::string_view(each.get_string()) == wanted;
  });
}

std::int64_t bound(const json::value& schema, const char* key, std::int64_t otherwise) {
  const json::value* found = find(schema, key);
  if (found == nullptr || !found->is_number()) return otherwise;
  const double number = found->to_number<double>();
  return number > -1e15 && number < 1e15 ? static_cast<std::int64_t>(number) : otherwise;
}

/// A template that draws a value of a scalar schema.
std::string draw_scalar(const json::value& schema) {
  const std::string format = schema.is_object() ? text_of(schema.get_object(), "format") : std::string();
  if (is_type(schema, "integer") || is_type(schema, "number")) {
    const std::int64_t low = bound(schema, "minimum", 1);
    const std::int64_t high = std::max(bound(schema, "maximum", std::max<std::int64_t>(low, 0) + 1000), low);
    return fmt::format("${{{}({}, {})}}", is_type(schema, "integer") ? "int" : "float", low, high);
  }
  if (is_type(schema, "boolean")) return "${pick(true, false)}";
  if (format == "uuid") return "${uuid()}";
  if (format == "date-time") return "${now(iso)}";
  if (format == "date") return "2024-11-29";
  if (format == "email") return "${string(8)}@example.org";
  if (format == "uri" || format == "url") return "https://example.org/${string(8)}";
  const std::int64_t shortest = std::clamp<std::int64_t>(bound(schema, "minLength", 8), 1, 4096);
  const std::int64_t longest = std::clamp<std::int64_t>(bound(schema, "maxLength", 4096), 1, 4096);
  return fmt::format("${{string({})}}",
                     std::min(std::max<std::int64_t>(shortest, std::min<std::int64_t>(8, longest)), longest));
}

/// The first of enum, const, example, default that is there.
const json::value* given(const json::value& schema) {
  for (const char* key : {"example", "const", "default"}) {
    if (const json::value* found = find(schema, key)) return found;
  }
  for (const char* key : {"examples", "enum"}) {
    const json::value* list = find(schema, key);
    if (list != nullptr && list->is_array() && !list->get_array().empty()) return &list->get_array().front();
  }
  return nullptr;
}

yaml::Node OpenApi::object_of(const json::value& schema, int depth) {
  yaml::Node out = yaml::Node::map({});
  if (const json::value* properties = find(schema, "properties"); properties != nullptr && properties->is_object()) {
    for (const auto& [name, property] : properties->get_object()) {
      const json::value* shape = resolve(&property);
      const json::value* fixed = shape == nullptr ? nullptr : find(*shape, "readOnly");
      if (fixed != nullptr && fixed->is_bool() && fixed->get_bool()) continue;
      out.set(literal(name).text(), example_of(shape, depth + 1));
    }
  }
  if (const json::value* parts = find(schema, "allOf"); parts != nullptr && parts->is_array()) {
    for (const json::value& part : parts->get_array()) {
      const yaml::Node inner = example_of(resolve(&part), depth + 1);
      if (!inner.is_map()) continue;
      for (const auto& [key, value] : inner.entries()) out.set(key.text(), value);
    }
  }
  return out;
}

yaml::Node OpenApi::example_of(const json::value* schema, int depth) {
  if (schema == nullptr || !schema->is_object() || depth > kDeepest) return yaml::Node::map({});
  if (const json::value* value = given(*schema)) return from_json(*value);
  for (const char* key : {"oneOf", "anyOf"}) {
    const json::value* choices = find(*schema, key);
    if (choices != nullptr && choices->is_array() && !choices->get_array().empty()) {
      return example_of(resolve(&choices->get_array().front()), depth + 1);
    }
  }
  if (is_type(*schema, "array")) {
    std::vector<yaml::Node> items;
    items.push_back(example_of(resolve(find(*schema, "items")), depth + 1));
    return yaml::Node::list(std::move(items));
  }
  if (is_type(*schema, "object") || find(*schema, "properties") != nullptr || find(*schema, "allOf") != nullptr) {
    return object_of(*schema, depth);
  }
  const std::string text = draw_scalar(*schema);
  return yaml::Node::scalar(text, {}, true);
}

/// A parameter's value as it stands in a path, a query or a header.
std::string OpenApi::drawn(const json::value* parameter) {
  const json::value* schema = resolve(find(*parameter, "schema"));
  const json::value* value = given(*parameter);
  if (value == nullptr && schema != nullptr) value = given(*schema);
  if (value == nullptr) return schema == nullptr ? "1" : draw_scalar(*schema);
  const std::string text = value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
  return http::percent_encode(text);
}

std::string OpenApi::target_of(const std::string& path, const json::value& item, const json::value& operation,
                               yaml::Node& headers) {
  std::map<std::string, std::string> in_path;
  std::string query;
  for (const json::value* owner : {&item, &operation}) {
    const json::value* parameters = find(*owner, "parameters");
    if (parameters == nullptr || !parameters->is_array()) continue;
    for (const json::value& each : parameters->get_array()) {
      const json::value* parameter = resolve(&each);
      if (parameter == nullptr || !parameter->is_object()) continue;
      const std::string name = text_of(parameter->get_object(), "name"), place = text_of(parameter->get_object(), "in");
      const json::value* required = find(*parameter, "required");
      const bool needed = required != nullptr && required->is_bool() && required->get_bool();
      if (place == "path") in_path[name] = drawn(parameter);
      if (place == "query" && needed)
        query += (query.empty() ? "?" : "&") + http::percent_encode(name) + "=" + drawn(parameter);
      const bool token = !name.empty() && std::all_of(name.begin(), name.end(),
                                                      [](char c) { return http::is_in(http::token_bytes, c); });
      if (place == "header" && needed && token) headers.set(name, scalar(drawn(parameter)));
    }
  }
  std::string target = prefix_;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t close = path[at] == '{' ? path.find('}', at) : std::string::npos;
    if (close == std::string::npos) {
      target += http::is_target_byte(path[at]) && path[at] != '$' ? std::string(1, path[at])
                                                                  : http::percent_encode(path.substr(at, 1));
      ++at;
      continue;
    }
    const auto found = in_path.find(path.substr(at + 1, close - at - 1));
    target += found != in_path.end() ? found->second : "1";
    at = close + 1;
  }
  return target + query;
}

void OpenApi::add_body(const json::value& operation, yaml::Node& step) {
  const json::value* body = resolve(find(operation, "requestBody"));
  const json::value* content = body == nullptr ? nullptr : find(*body, "content");
  if (content == nullptr || !content->is_object()) return;
  for (const auto& [type, media] : content->get_object()) {
    const bool json_body = std::string_view(type).find("json") != std::string_view::npos;
    const bool form = std::string_view(type) == "application/x-www-form-urlencoded";
    if (!json_body && !form) continue;
    const json::value* value = find(media, "example");
    yaml::Node example = value != nullptr ? from_json(*value) : example_of(resolve(find(media, "schema")), 0);
    if (form) {
      if (!example.is_map()) continue;
      std::erase_if(example.entries(), [](const auto& entry) { return !entry.second.is_scalar(); });
    }
    step.set(form ? "form" : "json", std::move(example));
    return;
  }
  notes_.insert("Bodies other than JSON and forms were left out.");
}

void OpenApi::add_status(const json::value& operation, yaml::Node& step) const {
  const json::value* responses = find(operation, "responses");
  if (responses == nullptr || !responses->is_object()) return;
  for (const auto& [status, response] : responses->get_object()) {
    const std::string_view text(status);
    if (text.size() != 3 || text[0] != '2') continue;
    const bool exact = text[1] >= '0' && text[1] <= '9' && text[2] >= '0' && text[2] <= '9';
    step.set("expect", map({{"status", scalar(exact ? std::string(text) : "2xx")}}));
    return;
  }
}

bool OpenApi::is_secured(const json::value& operation) const {
  const json::value* security = find(operation, "security");
  if (security == nullptr) security = find(root_, "security");
  return security != nullptr && security->is_array() && !security->get_array().empty();
}

std::string OpenApi::unique_name(const json::value& operation, const std::string& method, const std::string& path) {
  std::string name = operation.is_object() ? text_of(operation.get_object(), "operationId") : std::string();
  if (name.empty()) name = method + "_" + path;
  for (char& c : name) {
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))) c = '_';
  }
  if (name.size() > 60) name.resize(60);
  std::string unique = name;
  for (int i = 2; !names_.insert(unique).second; ++i) unique = fmt::format("{}_{}", name, i);
  return unique;
}

void OpenApi::convert_operation(const std::string& path, const char* method, const json::value& item,
                                const json::value& operation) {
  yaml::Node step = yaml::Node::map({});
  yaml::Node headers = yaml::Node::map({});
  const std::string target = target_of(path, item, operation, headers);
  const std::string name = unique_name(operation, method, path);
  step.set(method, scalar(target));
  step.set("name", scalar(name));
  if (is_secured(operation)) {
    step.set("auth", map({{"bearer", scalar("${env.API_TOKEN}")}}));
    notes_.insert("Secured operations send the bearer token of the environment variable API_TOKEN.");
  }
  if (!headers.entries().empty()) step.set("headers", std::move(headers));
  add_body(operation, step);
  add_status(operation, step);
  steps_.emplace_back(name, std::move(step));
}

void OpenApi::convert_path(const std::string& path, const json::value& item) {
  if (!path.starts_with('/')) return;
  for (const char* method : {"get", "post", "put", "patch", "delete", "head", "options", "trace"}) {
    const json::value* operation = find(item, method);
    if (operation == nullptr || !operation->is_object()) continue;
    if (steps_.size() >= kMostOperations) {
      notes_.insert(fmt::format("Only the first {} operations were read.", kMostOperations));
      return;
    }
    convert_operation(path, method, item, *operation);
  }
}

std::string OpenApi::base_url(std::string& prefix) const {
  const json::value* servers = find(root_, "servers");
  if (servers != nullptr && servers->is_array()) {
    for (const json::value& server : servers->get_array()) {
      if (!server.is_object()) continue;
      const std::string text = text_of(server.get_object(), "url");
      const auto url = http::parse_url(text);
      const std::string path = url ? url->target : text.starts_with('/') ? text : std::string();
      const bool plain =
          std::all_of(path.begin(), path.end(), http::is_target_byte) && path.find("${") == std::string::npos;
      if (plain) prefix = path == "/" ? "" : path.substr(0, path.find('?'));
      if (prefix.ends_with('/')) prefix.pop_back();
      if (url) return url->scheme + "://" + url->host + ":" + url->port;
    }
  }
  return "http://127.0.0.1:8080";
}

Result<Imported> OpenApi::convert() {
  const json::value* version = find(root_, "openapi");
  if (version == nullptr || !version->is_string() || !std::string_view(version->get_string()).starts_with("3")) {
    return usage_error("not an OpenAPI 3 description: it does not say `openapi: 3...`");
  }
  const json::value* paths = find(root_, "paths");
  const std::string base = base_url(prefix_);
  if (paths != nullptr && paths->is_object()) {
    for (const auto& [path, item] : paths->get_object()) {
      if (const json::value* resolved = resolve(&item)) convert_path(std::string(path), *resolved);
    }
  }
  if (steps_.empty()) return usage_error("the description holds no operation");
  Imported out;
  Entries flows, shares;
  const int count = static_cast<int>(steps_.size());
  for (int i = 0; i < count; ++i) {
    auto& [name, step] = steps_[static_cast<std::size_t>(i)];
    flows.emplace_back(scalar(name), yaml::Node::list({std::move(step)}));
    shares.emplace_back(scalar(name), scalar(std::to_string(100 / count + (i < 100 % count ? 1 : 0))));
  }
  out.scenario = frame("api", base, std::move(flows), std::move(shares), false);
  out.notes.assign(notes_.begin(), notes_.end());
  out.notes.push_back(
      "Operations are played side by side, each by itself: chain those that need each other's answers.");
  return out;
}

}  // namespace

Result<Imported> import_openapi(std::string_view text) {
  auto root = read_document(text);
  if (!root) return root.error();
  return OpenApi(*root).convert();
}

}  // namespace tidegate::loadgen
