#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <set>

#include "base/http/characters.hpp"
#include "base/http/message.hpp"
#include "loadgen/imports/imports.hpp"
#include "loadgen/imports/yaml_build.hpp"

namespace tidegate::loadgen {
namespace {

using namespace imports;

constexpr std::size_t kMostEntries = 2000;
constexpr double kShortestPause = 0.1;  // seconds

/// What the engine decides, or what belongs to the browser and not to the request.
bool is_dropped(std::string_view name) {
  static constexpr std::string_view kNames[] = {"host",   "content-length",  "connection", "transfer-encoding",
                                                "cookie", "accept-encoding", "expect",     "content-type",
                                                "te",     "keep-alive",      "upgrade",    "proxy-connection"};
  if (name.empty() || name.front() == ':' || (name.size() > 4 && http::same_name(name.substr(0, 4), "sec-")))
    return true;
  return std::any_of(std::begin(kNames), std::end(kNames),
                     [&](std::string_view dropped) { return http::same_name(name, dropped); });
}

bool is_token(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return http::is_in(http::token_bytes, c); });
}

struct Entry {
  std::string method, origin, target, type, body;
  http::Headers headers;
  const json::value* post = nullptr;
  int status = 0;
  double started = 0, took = 0;  // seconds
  bool cookies = false;
};

/// Seconds of the day from `2024-11-29T10:00:01.500Z`; dates hardly matter for pauses.
std::optional<double> seconds_of(const std::string& text) {
  int hour = 0, minute = 0;
  double second = 0;
  const std::size_t at = text.find('T');
  if (at == std::string::npos || std::sscanf(text.c_str() + at, "T%2d:%2d:%9lf", &hour, &minute, &second) != 3) {
    return std::nullopt;
  }
  return hour * 3600 + minute * 60 + second;
}

double number_of(const json::value* value) {
  if (value == nullptr || !value->is_number()) return 0;
  const double number = value->to_number<double>();
  return number >= 0 && number < 1e9 ? number : 0;
}

std::optional<Entry> read_entry(const json::value& value) {
  const json::value* request = find(value, "request");
  if (request == nullptr || !request->is_object()) return std::nullopt;
  Entry entry;
  entry.method = text_of(request->get_object(), "method");
  const auto url = http::parse_url(text_of(request->get_object(), "url"));
  if (!url || !is_token(entry.method) || entry.method == "CONNECT") return std::nullopt;
  entry.origin = url->scheme + "://" + url->host + ":" + url->port;
  entry.target = url->target;
  if (const json::value* headers = find(*request, "headers"); headers != nullptr && headers->is_array()) {
    for (const json::value& header : headers->get_array()) {
      if (!header.is_object()) continue;
      std::string name = text_of(header.get_object(), "name"), text = text_of(header.get_object(), "value");
      entry.cookies = entry.cookies || http::same_name(name, "Cookie");
      if (http::same_name(name, "Content-Type")) entry.type = text;
      const bool plain = std::none_of(text.begin(), text.end(), http::is_control);
      if (!is_dropped(name) && is_token(name) && plain) entry.headers.emplace_back(std::move(name), std::move(text));
    }
  }
  entry.post = find(*request, "postData");
  if (const json::value* response = find(value, "response")) {
    entry.status = static_cast<int>(number_of(find(*response, "status")));
  }
  entry.took = number_of(find(value, "time")) / 1000;
  entry.started = seconds_of(text_of(value.get_object(), "startedDateTime")).value_or(0);
  return entry;
}

yaml::Node headers_of(const Entry& entry, std::set<std::string>& notes) {
  yaml::Node headers = yaml::Node::map({});
  for (const auto& [name, value] : entry.headers) {
    if (http::same_name(name, "Authorization")) {
      notes.insert("Authorization was not copied: set the environment variable AUTHORIZATION to its value.");
      headers.set(name, scalar("${env.AUTHORIZATION}"));
    } else {
      headers.set(name, literal(value));
    }
  }
  return headers;
}

void add_body(const Entry& entry, yaml::Node& step) {
  if (entry.post == nullptr || !entry.post->is_object()) return;
  const json::object& post = entry.post->get_object();
  const std::string text = text_of(post, "text"), type = text_of(post, "mimeType");
  const json::value* parameters = post.if_contains("params");
  if (type.starts_with("application/x-www-form-urlencoded") && parameters != nullptr && parameters->is_array() &&
      !parameters->get_array().empty()) {
    yaml::Node form = yaml::Node::map({});
    for (const json::value& parameter : parameters->get_array()) {
      if (!parameter.is_object()) continue;
      const std::string name = text_of(parameter.get_object(), "name");
      if (!name.empty())
        form.set(literal(name).text(), literal(http::percent_decode(text_of(parameter.get_object(), "value"))));
    }
    step.set("form", std::move(form));
    return;
  }
  if (text.empty()) return;
  if (type.find("json") != std::string::npos) {
    if (auto value = parse_json(text); value && (value->is_object() || value->is_array())) {
      step.set("json", from_json(*value));
      return;
    }
  }
  step.set("body", literal(text));
  if (std::none_of(type.begin(), type.end(), http::is_control) && !type.empty()) {
    yaml::Node* headers = step.find("headers");
    if (headers == nullptr) {
      step.set("headers", yaml::Node::map({}));
      headers = step.find("headers");
    }
    headers->set("Content-Type", literal(type));
  }
}

yaml::Node step_of(const Entry& entry, const std::string& name, std::set<std::string>& notes) {
  static const std::set<std::string> kKeys = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"};
  yaml::Node step = yaml::Node::map({});
  if (kKeys.contains(entry.method)) {
    std::string key = entry.method;
    std::transform(key.begin(), key.end(), key.begin(), [](char c) { return static_cast<char>(c | 0x20); });
    step.set(key, literal(entry.target));
  } else {
    step.set("request", literal(entry.target));
    step.set("method", scalar(entry.method));
  }
  step.set("name", literal(name));
  yaml::Node headers = headers_of(entry, notes);
  if (!headers.entries().empty()) step.set("headers", std::move(headers));
  add_body(entry, step);
  if (entry.status >= 100 && entry.status <= 599) {
    step.set("expect", map({{"status", scalar(std::to_string(entry.status))}}));
  }
  return step;
}

/// Letters, digits and slashes of the path: a tag has no query in it.
std::string name_of(const Entry& entry, std::map<std::string, int>& used) {
  std::string name = entry.method + " " + entry.target.substr(0, entry.target.find('?'));
  for (std::size_t at; (at = name.find("${")) != std::string::npos;) name.erase(at, 2);
  if (name.size() > 80) name.resize(80);
  const int times = ++used[name];
  return times == 1 ? name : fmt::format("{} #{}", name, times);
}

}  // namespace

Result<Imported> import_har(std::string_view text) {
  auto root = parse_json(text);
  if (!root) return usage_error("not JSON: " + root.error().message);
  const json::value* log = find(*root, "log");
  const json::value* entries = log == nullptr ? nullptr : find(*log, "entries");
  if (entries == nullptr || !entries->is_array()) return usage_error("not an HTTP Archive: it has no log.entries");
  std::vector<Entry> kept;
  std::map<std::string, std::size_t> origins;
  for (const json::value& value : entries->get_array()) {
    if (!value.is_object() || kept.size() >= kMostEntries) continue;
    if (auto entry = read_entry(value)) {
      ++origins[entry->origin];
      kept.push_back(*std::move(entry));
    }
  }
  if (kept.empty()) return usage_error("the archive holds no request over http or https");
  const std::string origin = std::max_element(origins.begin(), origins.end(), [](const auto& a, const auto& b) {
                               return a.second < b.second;
                             })->first;
  const std::size_t others = static_cast<std::size_t>(
      std::count_if(kept.begin(), kept.end(), [&](const Entry& entry) { return entry.origin != origin; }));
  std::erase_if(kept, [&](const Entry& entry) { return entry.origin != origin; });
  std::set<std::string> notes;
  std::map<std::string, int> used;
  std::vector<yaml::Node> steps;
  bool cookies = false;
  double free_since = kept.front().started;
  for (const Entry& entry : kept) {
    const double pause = entry.started - free_since;
    if (pause >= kShortestPause && pause < 3600) {
      steps.push_back(map({{"think", scalar(fmt::format("{}ms", static_cast<long>(pause * 1000 + 0.5)))}}));
    }
    free_since = std::max(free_since, entry.started + entry.took);
    cookies = cookies || entry.cookies;
    steps.push_back(step_of(entry, name_of(entry, used), notes));
  }
  Imported out;
  Entries flows, shares;
  flows.emplace_back(scalar("recorded"), yaml::Node::list(std::move(steps)));
  shares.emplace_back(scalar("recorded"), scalar("100"));
  out.scenario = frame("recorded", origin, std::move(flows), std::move(shares), cookies);
  out.notes.assign(notes.begin(), notes.end());
  if (others > 0) out.notes.push_back(fmt::format("{} requests to other origins were left out.", others));
  if (entries->get_array().size() > kMostEntries)
    out.notes.push_back(fmt::format("Only the first {} requests were read.", kMostEntries));
  return out;
}

}  // namespace tidegate::loadgen
