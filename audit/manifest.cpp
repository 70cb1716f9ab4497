#include "audit/manifest.hpp"

#include "base/file.hpp"
#include "base/json.hpp"

namespace tidegate::audit {
namespace {

constexpr std::string_view kSchema = "tidegate.exports/1";
constexpr std::string_view kApplied = "applied-";

std::string path_of(const record::RunDirectory& directory) {
  return directory.truth("exports.json");
}

json::array to_array(const std::vector<std::string>& texts) {
  json::array array;
  for (const std::string& text : texts) array.emplace_back(text);
  return array;
}

std::vector<std::string> from_array(const json::object& object, std::string_view key,
                                    std::vector<std::string> otherwise) {
  const json::value* found = object.if_contains(key);
  if (found == nullptr || !found->is_array()) return otherwise;
  std::vector<std::string> texts;
  for (const json::value& item : found->as_array()) {
    if (item.is_string()) texts.emplace_back(item.as_string());
  }
  return texts;
}

json::object to_object(const Terms& terms) {
  return {{"staleness_s", to_seconds(terms.staleness)},       {"retention_s", to_seconds(terms.retention)},
          {"match_within_s", to_seconds(terms.match_within)}, {"deliveries", terms.deliveries},
          {"webhook_events", to_array(terms.webhook_events)}, {"card_prefixes", to_array(terms.card_prefixes)}};
}

Terms terms_from(const json::object& object) {
  Terms terms;
  const auto seconds = [&](std::string_view key, Nanoseconds& out) {
    if (const auto value = number_member(object, key)) out = from_seconds(*value);
  };
  seconds("staleness_s", terms.staleness);
  seconds("retention_s", terms.retention);
  seconds("match_within_s", terms.match_within);
  if (const auto value = integer_member(object, "deliveries")) terms.deliveries = static_cast<int>(*value);
  terms.webhook_events = from_array(object, "webhook_events", terms.webhook_events);
  terms.card_prefixes = from_array(object, "card_prefixes", terms.card_prefixes);
  return terms;
}

}  // namespace

std::string applied_export(const std::string& group) {
  return std::string(kApplied) + group;
}

std::optional<std::string> group_of_export(const std::string& name) {
  if (!name.starts_with(kApplied)) return std::nullopt;
  return name.substr(kApplied.size());
}

Result<void> Manifest::write(const record::RunDirectory& directory) const {
  json::object list;
  for (const auto& [name, entry] : exports) {
    list[name] = json::object{{"records", entry.records}, {"pages", entry.pages}, {"seconds", entry.seconds},
                              {"as_of", entry.as_of},     {"error", entry.error}, {"topic", entry.topic}};
  }
  const json::object root{{"schema", kSchema},
                          {"unchanged", unchanged},
                          {"doubt", doubt},
                          {"terms", to_object(terms)},
                          {"exports", std::move(list)}};
  return write_file_atomically(path_of(directory), pretty_json(root) + "\n");
}

Result<Manifest> Manifest::read(const record::RunDirectory& directory) {
  const std::string path = path_of(directory);
  const auto text = read_file(path);
  if (!text) return machine_error("no exports were fetched in this run: " + text.error().message);
  const auto value = parse_json(*text);
  if (!value || !value->is_object()) return protocol_error(path + ": not a JSON object");
  const json::object& root = value->as_object();
  if (string_member(root, "schema") != std::optional<std::string>(kSchema)) {
    return protocol_error(path + ": not of the schema " + std::string(kSchema));
  }
  Manifest manifest;
  manifest.unchanged = boolean_member(root, "unchanged").value_or(false);
  manifest.doubt = string_member(root, "doubt").value_or("");
  if (const json::value* terms = root.if_contains("terms"); terms != nullptr && terms->is_object()) {
    manifest.terms = terms_from(terms->as_object());
  }
  const json::value* list = root.if_contains("exports");
  if (list == nullptr || !list->is_object()) return protocol_error(path + ": no list of exports");
  for (const auto& [name, item] : list->as_object()) {
    if (!item.is_object()) return protocol_error(path + ": '" + std::string(name) + "' is not an object");
    const json::object& object = item.as_object();
    ExportEntry& entry = manifest.exports[std::string(name)];
    entry.records = static_cast<std::uint64_t>(integer_member(object, "records").value_or(0));
    entry.pages = static_cast<std::uint64_t>(integer_member(object, "pages").value_or(0));
    entry.seconds = number_member(object, "seconds").value_or(0);
    entry.as_of = string_member(object, "as_of").value_or("");
    entry.error = string_member(object, "error").value_or("");
    entry.topic = string_member(object, "topic").value_or("");
  }
  return manifest;
}

}  // namespace tidegate::audit
