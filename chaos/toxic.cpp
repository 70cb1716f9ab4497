// Which fault each type of toxic is.

#include <algorithm>

#include "chaos/toxiproxy_api.hpp"

namespace tidegate::chaos {
namespace {

std::int64_t attribute(const Toxic& toxic, const char* name) {
  const json::value* value = toxic.attributes.if_contains(name);
  if (value == nullptr) return 0;
  if (value->is_double()) return static_cast<std::int64_t>(value->get_double());
  return integer_member(toxic.attributes, name).value_or(0);
}

std::string milliseconds(std::int64_t count) {
  return std::to_string(std::max<std::int64_t>(0, count)) + "ms";
}

std::string count_of_bytes(std::int64_t count) {
  return std::to_string(std::max<std::int64_t>(1, count)) + "B";
}

/// A fault's kind and its parameters, in the spelling of scenarios.
struct Fault {
  std::string kind;
  std::vector<std::pair<std::string, std::string>> parameters;
};

Fault fault_of(const Toxic& toxic) {
  const std::string& type = toxic.type;
  if (type == "latency") {
    return {"latency",
            {{"delay", milliseconds(attribute(toxic, "latency"))},
             {"jitter", milliseconds(attribute(toxic, "jitter"))},
             {"direction", toxic.stream}}};
  }
  if (type == "bandwidth") {
    const auto rate = attribute(toxic, "rate");
    if (rate <= 0) return {"partition", {{"direction", toxic.stream}}};
    return {"bandwidth", {{"per_second", count_of_bytes(rate * 1000)}, {"direction", toxic.stream}}};
  }
  if (type == "slow_close") {
    return {"slow_close", {{"delay", milliseconds(attribute(toxic, "delay"))}, {"direction", toxic.stream}}};
  }
  if (type == "timeout") {
    Fault fault{"blackhole", {{"direction", toxic.stream}}};
    const auto timeout = attribute(toxic, "timeout");
    if (timeout > 0) fault.parameters.emplace_back("close_after", milliseconds(timeout));
    return fault;
  }
  if (type == "reset_peer") return {"reset", {{"after", milliseconds(attribute(toxic, "timeout"))}}};
  if (type == "slicer") {
    return {"slice",
            {{"size", count_of_bytes(attribute(toxic, "average_size"))},
             {"variation", std::to_string(std::max<std::int64_t>(0, attribute(toxic, "size_variation"))) + "B"},
             {"gap", std::to_string(std::max<std::int64_t>(0, attribute(toxic, "delay"))) + "us"},
             {"direction", toxic.stream}}};
  }
  return {"close_after",
          {{"bytes", std::to_string(std::max<std::int64_t>(0, attribute(toxic, "bytes"))) + "B"},
           {"direction", toxic.stream}}};
}

}  // namespace

const json::object* toxic_defaults(const std::string& type) {
  static const std::map<std::string, json::object> types{
      {"noop", {}},
      {"latency", {{"latency", 0}, {"jitter", 0}}},
      {"bandwidth", {{"rate", 0}}},
      {"slow_close", {{"delay", 0}}},
      {"timeout", {{"timeout", 0}}},
      {"reset_peer", {{"timeout", 0}}},
      {"slicer", {{"average_size", 0}, {"size_variation", 0}, {"delay", 0}}},
      {"limit_data", {{"bytes", 0}}},
  };
  const auto found = types.find(type);
  return found == types.end() ? nullptr : &found->second;
}

json::object Toxic::to_json() const {
  return {{"attributes", attributes}, {"name", name}, {"type", type}, {"stream", stream}, {"toxicity", toxicity}};
}

Result<LeaseRequest> lease_of_toxic(const std::string& proxy, const Toxic& toxic) {
  const Fault fault = fault_of(toxic);
  LeaseRequest lease;
  lease.id = proxy + "/" + toxic.name;
  lease.link = proxy;
  lease.kind = fault.kind;
  lease.parameters = yaml::Node::map({});
  for (const auto& [key, value] : fault.parameters) {
    lease.parameters.entries().emplace_back(yaml::Node::scalar(key), yaml::Node::scalar(value));
  }
  lease.match.probability = toxic.toxicity;
  lease.match.per = Match::Per::connection;
  lease.needs_heartbeat = false;
  lease.by = "Toxiproxy's API";
  Diagnostics shape;
  if (!schema::check(lease.parameters, *find_fault_kind(lease.kind)->parameters, toxic.type, shape))
    return shape.to_error();
  return lease;
}

}  // namespace tidegate::chaos
