#include "runner/session.hpp"

#include "audit/manifest.hpp"
#include "base/assert.hpp"
#include "base/file.hpp"
#include "base/http/message.hpp"

namespace tidegate::runner {
Session::Session(const Scenario& scenario, Recording& recording) : scenario_(scenario), recording_(recording) {}

Session::~Session() {
  stop();
}

Result<void> Session::start(const std::function<bool()>& interrupted) {
  const std::set<std::string> links = chaos::links_needed(scenario_.faults);
  if (chaos::agent_needed(scenario_.faults)) {
    if (auto started = start_agent(links); !started) return started;
  }
  if (auto started = start_sink(); !started) return started;
  if (scenario_.stack.topology_path.empty()) return {};
  stack::SupervisorOptions options;
  options.directory = recording_.directory().path() + "/stack";
  options.log_directory = recording_.directory().path() + "/logs";
  options.profile = scenario_.stack.profile;
  options.switches = scenario_.stack.switches;
  options.link_addresses = link_addresses_;
  options.on_event = [this](std::string_view type, json::object fields) { recording_.emit(type, std::move(fields)); };
  options.on_address = [this](const std::string& endpoint, const std::string& address) {
    told_address(endpoint, address);
  };
  supervisor_ = std::make_unique<stack::Supervisor>(scenario_.topology, std::move(options));
  control_ = std::make_unique<StackControl>(*supervisor_);
  return supervisor_->start(interrupted);
}

Result<void> Session::start_sink() {
  if (!scenario_.audit.webhooks) return {};
  audit::SinkOptions options;
  options.log_path = recording_.directory().truth("webhooks.ndjson.zst");
  options.seed = scenario_.seed;
  options.failures = scenario_.audit.webhooks->failures;
  auto sink = audit::WebhookSink::start(std::move(options));
  if (!sink) return sink.error();
  sink_ = std::move(*sink);
  webhook_url_ = sink_->url();
  const auto proxy = link_addresses_.find(std::string(kWebhookLink));
  if (proxy == link_addresses_.end()) return {};
  const auto url = http::parse_url(webhook_url_);
  TIDEGATE_ASSERT(url);  // our own
  webhook_url_ = "http://" + proxy->second + url->target;
  return agent_->set_upstream(proxy->first, url->host + ":" + url->port);
}

Result<void> Session::start_agent(const std::set<std::string>& links) {
  chaos::AgentStart start;
  start.program = executable_path();
  start.arguments = {"chaos", "agent"};
  start.ready_file = recording_.directory().path() + "/stack/agent.json";
  start.log_path = recording_.directory().log("agent");
  start.on_lost = [this](const std::string& message) { recording_.emit("harness_error", {{"message", message}}); };
  start.on_replaced = [this](const std::string& message) { recording_.emit("agent_replaced", {{"message", message}}); };
  if (const yaml::Node* limits = scenario_.root.find("limits")) {
    start.fault_limit = chaos::parse_limits(*limits).faults_at_once.value_or(0);
  }
  if (auto made = make_directories(recording_.directory().path() + "/stack"); !made) return made;
  auto agent = chaos::AgentClient::start(std::move(start));
  if (!agent) return agent.error();
  agent_ = std::move(*agent);
  for (const std::string& name : links) {
    const stack::LinkSpec* link = scenario_.topology.link(name);
    chaos::LinkRequest request;
    request.name = name;
    request.http = link == nullptr || link->protocol == stack::LinkProtocol::http;
    auto address = agent_->open_link(request);
    if (!address) return address.error();
    link_addresses_[name] = std::move(*address);
    if (link != nullptr) proxied_.emplace(link->to + "." + link->endpoint, name);
  }
  return {};
}

void Session::told_address(const std::string& endpoint, const std::string& address) {
  const auto [first, last] = proxied_.equal_range(endpoint);
  for (auto link = first; link != last; ++link) {
    if (auto set = agent_->set_upstream(link->second, address); !set) {
      recording_.emit("harness_error",
                      {{"message", "the fault proxy of " + link->second + ": " + set.error().message}});
    }
  }
}

Result<std::string> Session::address(const std::string& endpoint) const {
  if (supervisor_) return supervisor_->address(endpoint);
  return usage_error("'" + endpoint + "' names an endpoint, but the stack has no topology; write a URL");
}

std::string Session::base_url() const {
  if (!supervisor_) return scenario_.stack.base_url;
  const auto address = supervisor_->address(scenario_.topology.base_url);
  return address ? "http://" + *address : std::string();
}

std::string Session::kafka_bootstrap() const {
  if (!supervisor_) return scenario_.stack.kafka_bootstrap;
  if (scenario_.topology.kafka.empty()) return {};
  return supervisor_->address(scenario_.topology.kafka).ok() ? *supervisor_->address(scenario_.topology.kafka)
                                                             : std::string();
}

std::map<std::string, std::string> Session::variables() const {
  auto variables = supervisor_ ? supervisor_->secrets() : std::map<std::string, std::string>{};
  if (sink_) variables["webhook_url"] = webhook_url_;
  return variables;
}

audit::System Session::audit_system() const {
  audit::System system;
  system.terms = scenario_.audit.terms;
  system.webhooks = sink_ != nullptr;
  if (supervisor_) add_topology_exports(system);
  for (const auto& [name, mapped] : scenario_.audit.exports) {
    const std::string url = mapped.get.starts_with('/') ? base_url() + mapped.get : mapped.get;
    system.exports[name] = {url, "", mapped.mapping};
  }
  if (!scenario_.audit.token.empty()) system.token = scenario_.audit.token;
  return system;
}

void Session::add_topology_exports(audit::System& system) const {
  for (const stack::ExportSpec& spec : scenario_.topology.exports) {
    const auto address = supervisor_->address(spec.endpoint);
    if (!address) continue;
    audit::ExportSource source{"http://" + *address + spec.path, "", nullptr};
    if (const auto group = audit::group_of_export(spec.name)) {
      for (const stack::GroupSpec& known : scenario_.topology.groups) {
        if (known.name == *group) source.topic = known.topic;
      }
    }
    system.exports[spec.name] = std::move(source);
  }
  const auto token = supervisor_->secrets().find("operator_token");
  if (token != supervisor_->secrets().end()) system.token = token->second;
}

std::map<std::string, Nanoseconds> Session::cpu_times() const {
  auto times = supervisor_ ? supervisor_->cpu_times() : std::map<std::string, Nanoseconds>{};
  if (const auto agent = agent_ ? agent_->cpu_time() : std::nullopt) times["chaos-agent"] = *agent;
  return times;
}

void Session::stop() {
  if (sink_) (void)sink_->stop();
  if (supervisor_) supervisor_->stop();
  if (agent_) agent_->stop();
}

}  // namespace tidegate::runner
