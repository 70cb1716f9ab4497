#include "platform/edge/settings.hpp"

#include <fmt/format.h>

#include <array>

#include "base/units.hpp"
#include "platform/service/json_body.hpp"

namespace tidegate::platform {
namespace {

constexpr std::size_t kMostRules = 100;

Result<void> read_text(const json::object& object, const char* name, std::string& target) {
  if (!object.contains(name)) return {};
  auto text = string_member(object, name);
  if (!text || text->empty() || text->size() > 200) return usage_error(fmt::format("{} is a text", name));
  target = std::move(*text);
  return {};
}

Result<void> read_duration(const json::object& object, const char* name, Nanoseconds low, Nanoseconds high,
                           Nanoseconds& target) {
  if (!object.contains(name)) return {};
  const auto text = string_member(object, name);
  const auto duration = text ? parse_duration(*text) : Result<Nanoseconds>(usage_error(""));
  if (!duration || *duration < low || *duration > high) {
    return usage_error(
        fmt::format("{} is a duration from {} to {}", name, format_duration(low), format_duration(high)));
  }
  target = *duration;
  return {};
}

Result<void> read_count(const json::object& object, const char* name, std::int64_t& target) {
  if (!object.contains(name)) return {};
  const auto number = integer_member(object, name);
  if (!number || *number < 1 || *number > 1'000'000) return usage_error(fmt::format("{} is 1 to 1000000", name));
  target = *number;
  return {};
}

Result<void> read_share(const json::object& object, const char* name, std::int64_t& target) {
  if (!object.contains(name)) return {};
  const auto share = integer_member(object, name);
  if (!share || *share < 0 || *share > 100) {
    return usage_error(fmt::format("{} is a whole number of per cent, 0 to 100", name));
  }
  target = *share;
  return {};
}

Result<void> read_canary(const json::object& object, EdgeSettings& settings) {
  constexpr std::array<std::string_view, 3> known{"upstream", "share", "shadow"};
  if (auto checked = check_members(object, known); !checked) return checked;
  if (auto read = read_text(object, "upstream", settings.canary.upstream); !read) return read;
  if (auto read = read_share(object, "share", settings.canary.share); !read) return read;
  if (auto read = read_share(object, "shadow", settings.canary.shadow); !read) return read;
  if (settings.canary.upstream.empty()) return usage_error("canary: upstream is missing");
  return {};
}

Result<void> read_rollback(const json::object& object, EdgeSettings& settings) {
  constexpr std::array<std::string_view, 5> known{"error_share", "slowest", "least_requests", "window",
                                                  "failed_probes"};
  Rollback& rollback = settings.rollback;
  if (auto checked = check_members(object, known); !checked) return checked;
  if (object.contains("error_share")) {
    const auto text = string_member(object, "error_share");
    const auto share = text ? parse_share(*text) : Result<double>(usage_error(""));
    if (!share || *share < 0.0001 || *share > 1) return usage_error("error_share is a share from 0.01% to 100%");
    rollback.error_share = *share;
  }
  using std::chrono::milliseconds;
  using std::chrono::minutes;
  if (auto read = read_duration(object, "slowest", milliseconds(1), minutes(1), rollback.slowest); !read) return read;
  if (auto read = read_duration(object, "window", milliseconds(100), minutes(10), rollback.window); !read) return read;
  if (auto read = read_count(object, "least_requests", rollback.least_requests); !read) return read;
  return read_count(object, "failed_probes", rollback.failed_probes);
}

Result<void> read_names(const json::object& object, const char* name, std::vector<std::string>& target) {
  const json::value* listed = object.if_contains(name);
  if (listed == nullptr) return {};
  if (!listed->is_array()) return usage_error(fmt::format("{} is a list of names", name));
  for (const json::value& item : listed->get_array()) {
    if (!item.is_string()) return usage_error(fmt::format("{} is a list of names", name));
    target.emplace_back(item.get_string());
  }
  return {};
}

Result<void> read_pairs(const json::object& object, const char* name, std::map<std::string, std::string>& target) {
  const json::value* pairs = object.if_contains(name);
  if (pairs == nullptr) return {};
  if (!pairs->is_object()) return usage_error(fmt::format("{} is an object of texts", name));
  for (const auto& [key, value] : pairs->get_object()) {
    if (!value.is_string()) return usage_error(fmt::format("{} is an object of texts", name));
    target[std::string(key)] = value.get_string();
  }
  return {};
}

Result<Transform> read_transform(const json::object& object) {
  constexpr std::array<std::string_view, 4> known{"path", "set_headers", "remove_headers", "rename_members"};
  Transform transform;
  if (auto checked = check_members(object, known); !checked) return checked.error();
  if (auto read = read_text(object, "path", transform.path); !read) return read.error();
  if (auto read = read_pairs(object, "set_headers", transform.set_headers); !read) return read.error();
  if (auto read = read_names(object, "remove_headers", transform.remove_headers); !read) return read.error();
  if (auto read = read_pairs(object, "rename_members", transform.rename_members); !read) return read.error();
  if (transform.path.empty() || transform.path.front() != '/') return usage_error("path begins with /");
  return transform;
}

Result<StranglerRule> read_strangler(const json::object& object) {
  constexpr std::array<std::string_view, 2> known{"path", "upstream"};
  StranglerRule rule;
  if (auto checked = check_members(object, known); !checked) return checked.error();
  if (auto read = read_text(object, "path", rule.path); !read) return read.error();
  if (auto read = read_text(object, "upstream", rule.upstream); !read) return read.error();
  if (rule.path.empty() || rule.path.front() != '/') return usage_error("path begins with /");
  if (rule.upstream.empty()) return usage_error("upstream is missing");
  return rule;
}

template <typename Item>
Result<void> read_list(const json::object& document, const char* name, Result<Item> (*read_item)(const json::object&),
                       std::vector<Item>& target) {
  const json::value* listed = document.if_contains(name);
  if (listed == nullptr) return {};
  if (!listed->is_array() || listed->get_array().size() > kMostRules) {
    return usage_error(fmt::format("{} is a list of at most {}", name, kMostRules));
  }
  for (const json::value& value : listed->get_array()) {
    if (!value.is_object()) return usage_error(fmt::format("{} is a list of objects", name));
    auto item = read_item(value.get_object());
    if (!item) return usage_error(fmt::format("{}: {}", name, item.error().message));
    target.push_back(std::move(*item));
  }
  return {};
}

Result<void> read_object(const json::object& document, const char* name,
                         Result<void> (*read)(const json::object&, EdgeSettings&), EdgeSettings& settings) {
  const json::value* value = document.if_contains(name);
  if (value == nullptr) return {};
  if (!value->is_object()) return usage_error(fmt::format("{} is an object", name));
  return read(value->get_object(), settings);
}

json::array names(const std::vector<std::string>& texts) {
  json::array list;
  for (const std::string& text : texts) list.emplace_back(text);
  return list;
}

json::object pairs(const std::map<std::string, std::string>& texts) {
  json::object object;
  for (const auto& [key, value] : texts) object[key] = value;
  return object;
}

std::string milliseconds_text(Nanoseconds duration) {
  return fmt::format("{}ms", std::chrono::floor<std::chrono::milliseconds>(duration).count());
}

}  // namespace

Result<EdgeSettings> EdgeSettings::from_json(const json::object& document) {
  constexpr std::array<std::string_view, 8> known{"stable",   "canary", "strangler",   "transforms",
                                                  "rollback", "hold",   "probe_every", "probe_path"};
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  EdgeSettings settings;
  if (auto checked = check_members(document, known); !checked) return checked.error();
  for (Result<void> read :
       {read_text(document, "stable", settings.stable), read_text(document, "probe_path", settings.probe_path),
        read_object(document, "canary", read_canary, settings),
        read_object(document, "rollback", read_rollback, settings),
        read_list(document, "strangler", read_strangler, settings.strangler),
        read_list(document, "transforms", read_transform, settings.transforms),
        read_duration(document, "hold", milliseconds(0), seconds(30), settings.hold),
        read_duration(document, "probe_every", milliseconds(10), seconds(60), settings.probe_every)}) {
    if (!read) return read.error();
  }
  if (settings.probe_path.front() != '/') return usage_error("probe_path begins with /");
  return settings;
}

json::object EdgeSettings::to_json() const {
  json::array strangled, transformed;
  for (const StranglerRule& rule : strangler) {
    strangled.push_back(json::object{{"path", rule.path}, {"upstream", rule.upstream}});
  }
  for (const Transform& transform : transforms) {
    transformed.push_back(json::object{{"path", transform.path},
                                       {"set_headers", pairs(transform.set_headers)},
                                       {"remove_headers", names(transform.remove_headers)},
                                       {"rename_members", pairs(transform.rename_members)}});
  }
  json::object document{{"stable", stable},
                        {"strangler", std::move(strangled)},
                        {"transforms", std::move(transformed)},
                        {"rollback", json::object{{"error_share", fmt::format("{:.4f}%", rollback.error_share * 100)},
                                                  {"slowest", milliseconds_text(rollback.slowest)},
                                                  {"least_requests", rollback.least_requests},
                                                  {"window", milliseconds_text(rollback.window)},
                                                  {"failed_probes", rollback.failed_probes}}},
                        {"hold", milliseconds_text(hold)},
                        {"probe_every", milliseconds_text(probe_every)},
                        {"probe_path", probe_path}};
  if (!canary.upstream.empty()) {
    document["canary"] =
        json::object{{"upstream", canary.upstream}, {"share", canary.share}, {"shadow", canary.shadow}};
  }
  return document;
}

}  // namespace tidegate::platform
