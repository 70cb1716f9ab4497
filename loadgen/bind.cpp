#include <algorithm>
#include <cstdlib>

#include "base/assert.hpp"
#include "base/http/message.hpp"
#include "base/random.hpp"
#include "base/units.hpp"
#include "loadgen/runtime.hpp"
#include "loadgen/visit_templates.hpp"

namespace tidegate::loadgen {
namespace {

template <typename Visit>
void visit_all(CompiledPlan& plan, Visit visit) {
  for (Feeder& feeder : plan.feeders) {
    for (Template& column : feeder.generated) visit(column);
  }
  for (std::vector<SetupStep>* steps : {&plan.setup, &plan.teardown}) {
    for (SetupStep& step : *steps) {
      visit_request(step.request, visit);
      visit_expectation(step.expect, visit);
    }
  }
  for (Flow& flow : plan.flows) {
    for (Step& step : flow.steps) visit_step(step, visit);
  }
}

/// Finds values for slots, and remembers the first that is missing.
class Values {
 public:
  explicit Values(const std::map<std::string, std::string>& stack) : stack_(stack) {}

  const std::string* find(const Slot& slot) {
    if (slot.source == Slot::Source::stack) {
      const auto found = stack_.find(slot.name);
      if (found != stack_.end()) return &found->second;
      missing_ = missing_.empty() ? "the stack has no value named '" + slot.name + "'" : missing_;
    } else if (slot.source == Slot::Source::environment) {
      if (const char* value = std::getenv(slot.name.c_str()); value != nullptr) {
        return &(environment_[slot.name] = value);
      }
      missing_ = missing_.empty() ? "the environment has no variable named '" + slot.name + "'" : missing_;
    }
    return nullptr;
  }
  const std::string& missing() const { return missing_; }

 private:
  const std::map<std::string, std::string>& stack_;
  std::map<std::string, std::string> environment_;
  std::string missing_;
};

void prepare_flow(Flow& flow, const CompiledPlan& plan, const std::string& host) {
  for (Step& step : flow.steps) {
    if (step.sends()) prepare_request(step.request, host);
    if (!step.operation) continue;
    OperationMark& mark = *step.operation;
    note_feeders(mark.key, mark.key_feeders);
    std::erase_if(mark.key_feeders, [&](std::uint32_t feeder) { return plan.feeders[feeder].table != nullptr; });
    mark.same.set_kind(mark.kind);
    if (mark.scope.constant()) mark.same.scope = stable_hash(mark.scope.literal());
  }
}

}  // namespace

Result<Origin> parse_origin(const std::string& base_url) {
  Origin origin;
  if (base_url.starts_with("unix:")) {
    origin.unix_path = base_url.substr(5);
    if (origin.unix_path.empty()) return usage_error("'unix:' names no socket; write unix:/path");
    origin.host_header = "localhost";
    return origin;
  }
  const auto url = http::parse_url(base_url);
  if (!url) {
    return usage_error("'" + base_url +
                       "' is not the address of an HTTP API; write http://host:port, https://host:port or unix:/path");
  }
  const auto port = parse_integer(url->port);
  TIDEGATE_ASSERT(port.ok());
  origin.scheme = url->scheme;
  origin.host = url->host;
  origin.port = url->port;
  origin.host_header = http::host_and_port(url->host, static_cast<std::uint16_t>(*port));
  return origin;
}

Result<CompiledPlan> bind_plan(const CompiledPlan& plan, const std::string& host,
                               const std::map<std::string, std::string>& stack) {
  CompiledPlan bound = plan;
  Values values(stack);
  visit_all(bound, [&](Template& part) { part.substitute([&](const Slot& slot) { return values.find(slot); }); });
  if (!values.missing().empty()) return usage_error(values.missing());
  for (SetupStep& step : bound.setup) prepare_request(step.request, host);
  for (SetupStep& step : bound.teardown) prepare_request(step.request, host);
  for (Flow& flow : bound.flows) prepare_flow(flow, bound, host);
  return bound;
}

}  // namespace tidegate::loadgen
