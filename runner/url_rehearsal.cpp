#include "runner/url_rehearsal.hpp"

#include <fmt/format.h>

#include "base/http/client.hpp"
#include "base/schema.hpp"
#include "gates/gate.hpp"
#include "gates/sections.hpp"
#include "runner/closing.hpp"
#include "runner/interrupt.hpp"
#include "runner/load_stage.hpp"
#include "runner/progress.hpp"
#include "runner/recording.hpp"

namespace tidegate::runner {
namespace {

constexpr auto kReachLimit = std::chrono::seconds(5);

bool interrupted() {
  return Interrupts::signal() != 0;
}

// "p99 < 300ms" means "p99(response_time) < 300ms".
std::string long_form(const std::string& expectation) {
  const auto operation = expectation.find_first_of("<>");
  if (expectation.find('(') != std::string::npos || operation == std::string::npos) return expectation;
  std::string name = expectation.substr(0, operation);
  while (!name.empty() && name.back() == ' ') name.pop_back();
  return name + "(response_time) " + expectation.substr(operation);
}

yaml::Node scenario_of(const UrlRehearsal& rehearsal) {
  std::vector<std::pair<yaml::Node, yaml::Node>> gates;
  for (std::size_t i = 0; i < rehearsal.expectations.size(); ++i) {
    yaml::Node gate = yaml::Node::map({});
    gate.set("expect", yaml::Node::scalar(long_form(rehearsal.expectations[i])));
    gates.emplace_back(yaml::Node::scalar(fmt::format("expect_{}", i + 1)), std::move(gate));
  }
  yaml::Node root = yaml::Node::map({});
  root.set("tidegate", yaml::Node::scalar("1"));
  root.set("name", yaml::Node::scalar("load"));
  if (!gates.empty()) root.set("gates", yaml::Node::map(std::move(gates)));
  return root;
}

Result<void> check_expectations(const yaml::Node& scenario, const record::RunInfo& info) {
  const yaml::Node* gates = scenario.find("gates");
  if (gates == nullptr) return {};
  Diagnostics diagnostics;
  gates::GateContext context;
  context.phases = info.phases;
  context.load = info.load;
  const auto parsed = gates::parse_gates(*gates, nullptr, context, diagnostics);
  if (diagnostics.empty()) return {};
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics.list()) text += "\n  --expect: " + diagnostic.message;
  return usage_error("the expectation cannot be judged:" + text);
}

// One request before load, so that a wrong address is said at once and not as a million errors.
Result<void> reach(const loadgen::UrlLoad& load) {
  if (!load.url.starts_with("http://")) return {};  // TLS has ways of failing that are the load's to count
  const auto answer = http::fetch(load.url, kReachLimit);
  if (answer || answer.error().kind == Error::Kind::protocol) return {};
  return machine_error("the target cannot be reached: " + answer.error().message);
}

Result<void> play(loadgen::Engine& engine, Recording& recording, ProgressPrinter& printer,
                  const record::RunInfo& info) {
  recording.set_clock(RunClock::starting_in(std::chrono::milliseconds(100)));
  if (auto started = engine.start(recording.clock()); !started) return started;
  LoadStageInput input(engine, recording, printer);
  input.phases = info.phases;
  input.interrupted = interrupted;
  LoadStage(std::move(input)).play();
  return recording.error();
}

}  // namespace

Result<RunOutcome> rehearse_url(const UrlRehearsal& rehearsal) {
  auto plan = loadgen::make_url_plan(rehearsal.load);
  if (!plan) return plan.error();
  const yaml::Node scenario = scenario_of(rehearsal);
  record::RunInfo info = new_run_info(rehearsal.run);
  info.name = "load";
  info.title = rehearsal.load.method + " " + rehearsal.load.url;
  info.seed = rehearsal.load.seed;
  info.scenario = yaml::emit(scenario);
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(rehearsal.load.duration).count();
  info.phases = {{"load", 0, static_cast<std::int32_t>(seconds), true}};
  info.load = plan->planned();
  if (auto checked = check_expectations(scenario, info); !checked) return checked.error();
  if (auto reached = reach(rehearsal.load); !reached) return reached.error();

  loadgen::EngineOptions options;
  options.base_url = rehearsal.load.url;
  options.transport = rehearsal.transport;
  options.loops = rehearsal.run.loops;
  options.spin = rehearsal.run.spin;
  auto recording = Recording::create(rehearsal.run.out, info);
  if (!recording) return recording.error();
  options.series = &(*recording)->series();
  auto engine = loadgen::Engine::create(*plan, options);
  if (!engine) return engine.error();
  const Interrupts interrupts;
  std::unique_ptr<reports::LivePage> live;
  {
    ProgressPrinter printer(rehearsal.run.quiet);
    auto page = serve_live_page(rehearsal.run, **recording, printer);
    if (!page) return page.error();
    live = std::move(*page);
    (*recording)->emit("run_started");
    if (auto played = play(**engine, **recording, printer, info); !played) {
      (*recording)->emit("harness_error", {{"message", played.error().message}});
    }
    if (interrupted()) (*recording)->emit("interrupted", {{"signal", Interrupts::signal()}});
  }
  engine->reset();
  return close_run(**recording, interrupted(), live.get());
}

}  // namespace tidegate::runner
