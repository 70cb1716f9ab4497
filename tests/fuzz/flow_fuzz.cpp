// Goal: whatever the flow and the templates in it, compiling ends in a plan or in diagnostics, and a plan's requests
// can be rendered. Run: bin/flow_fuzz -max_total_time=60 CORPUS
#include "base/yaml.hpp"
#include "loadgen/plan.hpp"
#include "loadgen/render.hpp"

namespace {

using namespace tidegate;

void render_all(const loadgen::CompiledPlan& plan) {
  const loadgen::SetupData setup(plan);
  for (const loadgen::Flow& flow : plan.flows) {
    for (const loadgen::Step& step : flow.steps) {
      if (!step.sends()) continue;
      const loadgen::RenderScope scope{plan, setup, &plan.blocks.front(), 3, {}, {}, 1'700'000'000'000, 1, nullptr};
      loadgen::RenderedRequest parts;
      (void)loadgen::render_parts(scope, step.request, parts);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const yaml::Node load = [] {
    Diagnostics none;
    return yaml::parse("{l: {executor: constant-arrival-rate, rate: 1/s, duration: 1s, flows: {a: 100}}}", "load",
                       none);
  }();
  static const yaml::Node rows = [] {
    Diagnostics none;
    return yaml::parse("{d: {generate: {x: '${uuid()}', y: '${int(1, 9)}'}}}", "data", none);
  }();
  Diagnostics diagnostics;
  const yaml::Node steps = yaml::parse({reinterpret_cast<const char*>(data), size}, "fuzz.yaml", diagnostics);
  if (!diagnostics.empty()) return 0;
  const yaml::Node flows = yaml::Node::map({{yaml::Node::scalar("a"), steps}});
  loadgen::PlanInput input;
  input.load = &load;
  input.flows = &flows;
  input.data = &rows;
  input.scenario_directory = "/nonexistent";
  if (const auto plan = loadgen::compile(input, diagnostics)) render_all(plan->compiled());
  (void)diagnostics.text();
  return 0;
}
