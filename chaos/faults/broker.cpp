// The faults of the embedded broker, through its control port: broker_down, broker_rtt and broker_errors are settings
// of one broker of the cluster.
#include "chaos/faults/parse.hpp"
#include "chaos/faults/registry.hpp"
#include "chaos/faults/setting.hpp"

namespace tidegate::chaos {
namespace {

schema::Field broker_field() {
  return schema::required("broker", schema::integer(1, 1000), "its number, from 1; required");
}

/// A kind whose parameters say which setting it is, and what its members are.
template <typename MakeSetting>
void set_broker_fault(FaultKind& kind, MakeSetting make) {
  kind.target = TargetKind::process;
  kind.check = [](const yaml::Node&, Diagnostics&) {};
  kind.make_operator_fault = [make](const yaml::Node& parameters, const std::string& process,
                                    OperatorControl& control) -> std::unique_ptr<RunningFault> {
    Setting setting = make(parameters);
    setting.hit = "broker_disturbances_total";
    return std::make_unique<SettingFault>(std::move(setting), process, control);
  };
}

Setting of_broker(const yaml::Node& parameters, json::object members) {
  return {"/admin/brokers/" + parameters.find("broker")->text(), "http", std::move(members), {}};
}

}  // namespace

FaultKind broker_down_fault() {
  FaultKind kind;
  kind.name = "broker_down";
  kind.summary = "One broker of the embedded cluster refuses connections; its partitions get other leaders.";
  kind.hit = "a partition whose leader moved";
  kind.recovery = "the broker is up, and leads what it led";
  kind.parameters = schema::object({broker_field()}, kind.summary);
  kind.exclusive = true;
  set_broker_fault(kind, [](const yaml::Node& parameters) { return of_broker(parameters, {{"up", false}}); });
  return kind;
}

FaultKind broker_rtt_fault() {
  FaultKind kind;
  kind.name = "broker_rtt";
  kind.summary = "One broker of the embedded cluster answers later.";
  kind.hit = "the change, once";
  kind.recovery = "it answers at once";
  kind.parameters = schema::object(
      {broker_field(), schema::required("rtt", schema::duration(), "how much later; required")}, kind.summary);
  set_broker_fault(kind, [](const yaml::Node& parameters) {
    return of_broker(parameters,
                     {{"rtt_ms", schema::as_duration(*parameters.find("rtt")) / std::chrono::milliseconds(1)}});
  });
  return kind;
}

FaultKind broker_errors_fault() {
  FaultKind kind;
  kind.name = "broker_errors";
  kind.summary = "The embedded cluster answers the next requests of a type with an error.";
  kind.hit = "an error that was queued";
  kind.recovery = "errors not yet answered are withdrawn";
  kind.parameters =
      schema::object({schema::optional("request",
                                       schema::choice({"Produce", "Fetch", "ListOffsets", "Metadata", "OffsetCommit",
                                                       "OffsetFetch", "FindCoordinator", "InitProducerId"}),
                                       "Produce (default), Fetch, ListOffsets, Metadata, OffsetCommit, OffsetFetch, "
                                       "FindCoordinator or InitProducerId"),
                      schema::optional("error",
                                       schema::choice({"NOT_LEADER_FOR_PARTITION", "REQUEST_TIMED_OUT",
                                                       "NOT_ENOUGH_REPLICAS", "COORDINATOR_NOT_AVAILABLE", "UNKNOWN"}),
                                       "REQUEST_TIMED_OUT (default), NOT_LEADER_FOR_PARTITION, NOT_ENOUGH_REPLICAS, "
                                       "COORDINATOR_NOT_AVAILABLE or UNKNOWN"),
                      schema::optional("count", schema::integer(1, 10000), "default 10")},
                     kind.summary);
  set_broker_fault(kind, [](const yaml::Node& parameters) {
    const auto text = [&](const char* key, const char* otherwise) {
      const auto* node = parameters.find(key);
      return node == nullptr ? std::string(otherwise) : node->text();
    };
    const auto* count = parameters.find("count");
    return Setting{"/admin/errors",
                   "http",
                   {{"request", text("request", "Produce")},
                    {"error", text("error", "REQUEST_TIMED_OUT")},
                    {"count", count == nullptr ? 10 : schema::as_integer(*count)}},
                   {}};
  });
  return kind;
}

}  // namespace tidegate::chaos
