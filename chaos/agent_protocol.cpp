#include "chaos/agent_protocol.hpp"

#include <charconv>
#include <chrono>

#include "chaos/fault.hpp"

namespace tidegate::chaos {
namespace {

std::int64_t milliseconds(Nanoseconds time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

schema::TypePointer lease_schema() {
  constexpr double kDay = 86'400'000;
  return schema::object({schema::required("id", schema::text()), schema::optional("link", schema::text()),
                         schema::optional("process", schema::text()), schema::optional("pid", schema::integer(1, 1e9)),
                         schema::optional("started", schema::text()), schema::required("kind", schema::text()),
                         schema::optional("parameters", schema::any()), schema::optional("match", match_schema()),
                         schema::optional("seed", schema::text()), schema::optional("for_ms", schema::integer(0, kDay)),
                         schema::optional("grace_ms", schema::integer(0, kDay)),
                         schema::optional("heartbeat", schema::boolean()), schema::optional("by", schema::text())});
}

std::uint64_t parse_whole(const yaml::Node& node, const std::string& name, Diagnostics& diagnostics) {
  const std::string& text = node.text();
  std::uint64_t seed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (error != std::errc() || end != text.data() + text.size()) {
    diagnostics.add(node.mark(), "'" + name + "' is no whole number of 64 bits: '" + text + "'");
  }
  return seed;
}

void read_kind(const yaml::Node& node, LeaseRequest& request, Diagnostics& diagnostics) {
  request.kind = node.find("kind")->text();
  request.parameters = yaml::Node::map({});
  if (const auto* parameters = node.find("parameters")) request.parameters = *parameters;
  const FaultKind* kind = find_fault_kind(request.kind);
  if (kind == nullptr || !kind->held_by_agent()) {
    std::vector<std::string> names;
    for (const FaultKind& each : fault_kinds()) {
      if (each.held_by_agent()) names.push_back(each.name);
    }
    diagnostics.add(node.find("kind")->mark(), "an agent holds no fault '" + request.kind + "'",
                    nearest_spelling(request.kind, names));
    return;
  }
  if (kind->on_links() && request.link.empty()) {
    diagnostics.add(node.mark(), request.kind + " is a fault of a link, and the lease names none");
  } else if (!kind->on_links() && request.pid == 0) {
    diagnostics.add(node.mark(), request.kind + " is a fault of a process, and the lease names no 'pid'");
  }
  check_parameters(*kind, request.parameters, request.kind, diagnostics);
}

std::string text_of(const json::object& object, std::string_view key) {
  return string_member(object, key).value_or(std::string());
}

std::uint64_t count_of(const json::object& object, std::string_view key) {
  return static_cast<std::uint64_t>(integer_member(object, key).value_or(0));
}

template <typename T, typename Parse>
Result<std::vector<T>> list_of(const json::object& object, std::string_view key, Parse parse) {
  std::vector<T> out;
  const json::value* list = object.if_contains(key);
  if (list == nullptr || !list->is_array())
    return protocol_error("the agent's answer has no list of " + std::string(key));
  for (const json::value& each : list->get_array()) {
    auto parsed = parse(each);
    if (!parsed) return parsed.error();
    out.push_back(*std::move(parsed));
  }
  return out;
}

}  // namespace

json::object to_json(const LinkRequest& request) {
  return {{"name", request.name}, {"listen", request.listen}, {"http", request.http}, {"upstream", request.upstream}};
}

Result<LinkRequest> link_request_from_json(const json::value& value) {
  static const auto shape =
      schema::object({schema::required("name", schema::text()), schema::optional("listen", schema::text()),
                      schema::optional("http", schema::boolean()), schema::optional("upstream", schema::text())});
  Diagnostics diagnostics;
  const yaml::Node node = yaml::parse(json::serialize(value), "request", diagnostics);
  if (!diagnostics.empty() || !schema::check(node, *shape, "the link", diagnostics)) return diagnostics.to_error();
  LinkRequest request;
  if (!value.is_object() || !string_member(value.get_object(), "name")) return usage_error("'name' is a text");
  request.name = node.find("name")->text();
  if (const auto* listen = node.find("listen")) request.listen = listen->text();
  if (const auto* http = node.find("http")) request.http = schema::as_boolean(*http);
  if (const auto* upstream = node.find("upstream")) request.upstream = upstream->text();
  return request;
}

json::object to_json(const LeaseRequest& request) {
  json::object out{{"id", request.id},
                   {"kind", request.kind},
                   {"parameters", tidegate::to_json(request.parameters)},
                   {"match", to_json(request.match)},
                   {"seed", std::to_string(request.seed)},
                   {"for_ms", milliseconds(request.duration)},
                   {"grace_ms", milliseconds(request.grace)},
                   {"heartbeat", request.needs_heartbeat}};
  if (!request.link.empty()) out["link"] = request.link;
  if (!request.process.empty()) out["process"] = request.process;
  if (request.pid != 0) out["pid"] = request.pid;
  if (!request.by.empty()) out["by"] = request.by;
  if (request.started != 0) out["started"] = std::to_string(request.started);
  return out;
}

Result<LeaseRequest> lease_from_json(const json::value& value) {
  // JSON is YAML: the parameters meet the same schema as in a scenario.
  Diagnostics diagnostics;
  const yaml::Node node = yaml::parse(json::serialize(value), "request", diagnostics);
  if (!diagnostics.empty() || !schema::check(node, *lease_schema(), "the lease", diagnostics)) {
    return diagnostics.to_error();
  }
  LeaseRequest request;
  request.id = node.find("id")->text();
  if (const auto* link = node.find("link")) request.link = link->text();
  if (const auto* process = node.find("process")) request.process = process->text();
  if (const auto* pid = node.find("pid")) request.pid = static_cast<int>(schema::as_integer(*pid));
  if (const auto* started = node.find("started")) request.started = parse_whole(*started, "started", diagnostics);
  read_kind(node, request, diagnostics);
  if (const auto* match = node.find("match")) request.match = parse_match(*match, diagnostics);
  if (const auto* seed = node.find("seed")) request.seed = parse_whole(*seed, "seed", diagnostics);
  if (const auto* lasts = node.find("for_ms")) {
    request.duration = std::chrono::milliseconds(schema::as_integer(*lasts));
  }
  if (const auto* grace = node.find("grace_ms")) request.grace = std::chrono::milliseconds(schema::as_integer(*grace));
  if (const auto* by = node.find("by")) request.by = by->text();
  request.needs_heartbeat = false;
  if (const auto* heartbeat = node.find("heartbeat")) request.needs_heartbeat = schema::as_boolean(*heartbeat);
  if (request.id.empty()) diagnostics.add(node.find("id")->mark(), "'id' is empty");
  if (!diagnostics.empty()) return diagnostics.to_error();
  return request;
}

json::object to_json(const FaultReport& report) {
  return {{"id", report.id},
          {"link", report.link},
          {"kind", report.kind},
          {"process", report.process},
          {"by", report.by},
          {"active", report.active},
          {"healed_by", report.healed_by},
          {"hits", report.hits},
          {"hits_last_second", report.hits_last_second},
          {"active_s", report.active_s}};
}

Result<FaultReport> report_from_json(const json::value& value) {
  if (!value.is_object() || !string_member(value.get_object(), "id")) {
    return protocol_error("the agent's answer is no fault report");
  }
  const json::object& object = value.get_object();
  FaultReport report;
  report.id = text_of(object, "id");
  report.link = text_of(object, "link");
  report.kind = text_of(object, "kind");
  report.process = text_of(object, "process");
  report.by = text_of(object, "by");
  report.active = boolean_member(object, "active").value_or(false);
  report.healed_by = text_of(object, "healed_by");
  report.hits = count_of(object, "hits");
  report.hits_last_second = count_of(object, "hits_last_second");
  report.active_s = number_member(object, "active_s").value_or(0);
  return report;
}

// Numbers of 64 bits go as texts, since not every reader of JSON keeps all of their digits.
json::object to_json(const TouchPage& page) {
  json::array touches;
  for (const Touch& touch : page.touches) {
    touches.push_back(json::array{std::to_string(touch.message), std::to_string(touch.at.count())});
  }
  return {{"touches", std::move(touches)}, {"next", page.next}, {"beyond", page.beyond}};
}

Result<TouchPage> touch_page_from_json(const json::value& value) {
  const json::value* touches = value.is_object() ? value.get_object().if_contains("touches") : nullptr;
  if (touches == nullptr || !touches->is_array()) return protocol_error("the agent's answer is no page of touches");
  TouchPage page;
  page.next = count_of(value.get_object(), "next");
  page.beyond = count_of(value.get_object(), "beyond");
  for (const json::value& each : touches->get_array()) {
    const json::array* pair = each.if_array();
    if (pair == nullptr || pair->size() != 2 || !(*pair)[0].is_string() || !(*pair)[1].is_string()) {
      return protocol_error("the agent's answer is no page of touches");
    }
    const auto number = [&](std::size_t i) { return std::strtoull((*pair)[i].get_string().c_str(), nullptr, 10); };
    page.touches.push_back({number(0), Nanoseconds{static_cast<std::int64_t>(number(1))}});
  }
  return page;
}

json::object to_json(const LinkReport& report) {
  return {{"name", report.name},         {"address", report.address},
          {"upstream", report.upstream}, {"connections", report.connections},
          {"accepted", report.accepted}, {"refused", report.refused},
          {"bytes_up", report.bytes_up}, {"bytes_down", report.bytes_down},
          {"http", report.http},         {"enabled", report.enabled}};
}

Result<LinkReport> link_from_json(const json::value& value) {
  if (!value.is_object() || !string_member(value.get_object(), "address")) {
    return protocol_error("the agent's answer is no link report");
  }
  const json::object& object = value.get_object();
  LinkReport report;
  report.name = text_of(object, "name");
  report.address = text_of(object, "address");
  report.upstream = text_of(object, "upstream");
  report.connections = count_of(object, "connections");
  report.accepted = count_of(object, "accepted");
  report.refused = count_of(object, "refused");
  report.bytes_up = count_of(object, "bytes_up");
  report.bytes_down = count_of(object, "bytes_down");
  report.http = boolean_member(object, "http").value_or(false);
  report.enabled = boolean_member(object, "enabled").value_or(true);
  return report;
}

json::object to_json(const AgentStatus& status) {
  json::array links, faults;
  for (const LinkReport& link : status.links) links.push_back(to_json(link));
  for (const FaultReport& fault : status.faults) faults.push_back(to_json(fault));
  return {{"pid", status.pid}, {"limit", status.limit}, {"links", std::move(links)}, {"faults", std::move(faults)}};
}

Result<AgentStatus> status_from_json(const json::value& value) {
  if (!value.is_object()) return protocol_error("the agent's answer is no status");
  const json::object& object = value.get_object();
  AgentStatus status;
  status.pid = static_cast<int>(integer_member(object, "pid").value_or(0));
  status.limit = count_of(object, "limit");
  auto links = list_of<LinkReport>(object, "links", link_from_json);
  if (!links) return links.error();
  auto faults = list_of<FaultReport>(object, "faults", report_from_json);
  if (!faults) return faults.error();
  status.links = *std::move(links);
  status.faults = *std::move(faults);
  return status;
}

}  // namespace tidegate::chaos
