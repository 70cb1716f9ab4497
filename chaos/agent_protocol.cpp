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
  return schema::object({schema::required("id", schema::text()), schema::required("link", schema::text()),
                         schema::required("kind", schema::text()), schema::optional("parameters", schema::any()),
                         schema::optional("match", match_schema()), schema::optional("seed", schema::text()),
                         schema::optional("for_ms", schema::integer(0, kDay)),
                         schema::optional("grace_ms", schema::integer(0, kDay)),
                         schema::optional("heartbeat", schema::boolean())});
}

std::uint64_t parse_seed(const yaml::Node& node, Diagnostics& diagnostics) {
  const std::string& text = node.text();
  std::uint64_t seed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (error != std::errc() || end != text.data() + text.size()) {
    diagnostics.add(node.mark(), "'seed' is no whole number of 64 bits: '" + text + "'");
  }
  return seed;
}

void read_kind(const yaml::Node& node, LeaseRequest& request, Diagnostics& diagnostics) {
  request.kind = node.find("kind")->text();
  request.parameters = yaml::Node::map({});
  if (const auto* parameters = node.find("parameters")) request.parameters = *parameters;
  const FaultKind* kind = find_fault_kind(request.kind);
  if (kind == nullptr || !kind->make_link_fault) {
    std::vector<std::string> names;
    for (const FaultKind& each : fault_kinds()) {
      if (each.make_link_fault) names.push_back(each.name);
    }
    diagnostics.add(node.find("kind")->mark(), "there is no link fault '" + request.kind + "'",
                    nearest_spelling(request.kind, names));
    return;
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

json::object to_json(const LeaseRequest& request) {
  return {{"id", request.id},
          {"link", request.link},
          {"kind", request.kind},
          {"parameters", tidegate::to_json(request.parameters)},
          {"match", to_json(request.match)},
          {"seed", std::to_string(request.seed)},
          {"for_ms", milliseconds(request.duration)},
          {"grace_ms", milliseconds(request.grace)},
          {"heartbeat", request.needs_heartbeat}};
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
  request.link = node.find("link")->text();
  read_kind(node, request, diagnostics);
  if (const auto* match = node.find("match")) request.match = parse_match(*match, diagnostics);
  if (const auto* seed = node.find("seed")) request.seed = parse_seed(*seed, diagnostics);
  if (const auto* lasts = node.find("for_ms")) {
    request.duration = std::chrono::milliseconds(schema::as_integer(*lasts));
  }
  if (const auto* grace = node.find("grace_ms")) request.grace = std::chrono::milliseconds(schema::as_integer(*grace));
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
  FaultReport report{text_of(object, "id"), text_of(object, "link"), text_of(object, "kind"), false, {}, 0, 0, 0};
  report.active = boolean_member(object, "active").value_or(false);
  report.healed_by = text_of(object, "healed_by");
  report.hits = count_of(object, "hits");
  report.hits_last_second = count_of(object, "hits_last_second");
  report.active_s = number_member(object, "active_s").value_or(0);
  return report;
}

json::object to_json(const LinkReport& report) {
  return {{"name", report.name},         {"address", report.address},
          {"upstream", report.upstream}, {"connections", report.connections},
          {"accepted", report.accepted}, {"refused", report.refused}};
}

Result<LinkReport> link_from_json(const json::value& value) {
  if (!value.is_object() || !string_member(value.get_object(), "address")) {
    return protocol_error("the agent's answer is no link report");
  }
  const json::object& object = value.get_object();
  return LinkReport{text_of(object, "name"),         text_of(object, "address"),   text_of(object, "upstream"),
                    count_of(object, "connections"), count_of(object, "accepted"), count_of(object, "refused")};
}

json::object to_json(const AgentStatus& status) {
  json::array links, faults;
  for (const LinkReport& link : status.links) links.push_back(to_json(link));
  for (const FaultReport& fault : status.faults) faults.push_back(to_json(fault));
  return {{"pid", status.pid}, {"links", std::move(links)}, {"faults", std::move(faults)}};
}

Result<AgentStatus> status_from_json(const json::value& value) {
  if (!value.is_object()) return protocol_error("the agent's answer is no status");
  const json::object& object = value.get_object();
  AgentStatus status;
  status.pid = static_cast<int>(integer_member(object, "pid").value_or(0));
  auto links = list_of<LinkReport>(object, "links", link_from_json);
  if (!links) return links.error();
  auto faults = list_of<FaultReport>(object, "faults", report_from_json);
  if (!faults) return faults.error();
  status.links = *std::move(links);
  status.faults = *std::move(faults);
  return status;
}

}  // namespace tidegate::chaos
