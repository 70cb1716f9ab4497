#include <algorithm>

#include "base/random.hpp"
#include "base/schema.hpp"
#include "base/units.hpp"
#include "loadgen/flow_compiler.hpp"
#include "record/metrics.hpp"

namespace tidegate::loadgen {
namespace {

constexpr std::size_t kMostSteps = 10'000;

/// Keys that say what a step is.
std::vector<std::string> kinds_of(const yaml::Node& node) {
  std::vector<std::string> found;
  for (const char* key : kMethods) {
    if (node.find(key) != nullptr) found.emplace_back(key);
  }
  for (const char* key : kOtherKinds) {
    if (node.find(key) != nullptr) found.emplace_back(key);
  }
  return found;
}

}  // namespace

FlowCompiler::FlowCompiler(const std::string& name, const yaml::Node& steps, CompileContext& context)
    : steps_(steps), context_(context), names_(context.names()), diagnostics_(context.diagnostics) {
  flow_.name = name;
  stream_ = substream(stable_hash("flow"), stable_hash(name));
  announce_captures(steps.items());
}

Flow FlowCompiler::compile() {
  compile_steps(steps_);
  flow_.captures = names_.captures();
  flow_.held = static_cast<std::uint32_t>(held_.size());
  return std::move(flow_);
}

void FlowCompiler::announce_captures(const std::vector<yaml::Node>& steps) {
  for (const yaml::Node& step : steps) {
    for (const char* inner : {"steps", "then", "else", "parallel"}) {
      if (const yaml::Node* list = step.find(inner)) announce_captures(list->items());
    }
    if (const yaml::Node* choices = step.find("choose")) announce_captures(choices->items());
    const yaml::Node* captures = step.find("capture");
    const yaml::Node* name = step.find("name");
    if (captures == nullptr) continue;
    for (const auto& [variable, place] : captures->entries()) {
      names_.add_later_capture(variable.text(),
                               name != nullptr ? "step '" + name->text() + "'" : "the step at " + step.mark().text());
    }
  }
}

void FlowCompiler::compile_steps(const yaml::Node& steps) {
  for (const yaml::Node& node : steps.items()) compile_step(node);
}

std::uint32_t FlowCompiler::add(Step step) {
  flow_.steps.push_back(std::move(step));
  return next() - 1;
}

void FlowCompiler::compile_step(const yaml::Node& node) {
  if (next() >= kMostSteps) return;
  names_.set_stream(substream(stream_, next()));
  Step step;
  step.mark = node.mark();
  step.depth = loops_;
  const std::vector<std::string> kinds = kinds_of(node);
  if (kinds.size() != 1) {
    diagnostics_.add(node.mark(),
                     "a step needs exactly one of get, post, put, patch, delete, head, options, trace, request, poll, "
                     "think, loop, if, choose, parallel, websocket, held, grpc and publish");
    add(std::move(step));
    return;
  }
  const std::string& kind = kinds.front();
  if (kind == "loop") return compile_loop(node, std::move(step));
  if (kind == "if") return compile_if(node, std::move(step));
  if (kind == "choose") return compile_choose(node, std::move(step));
  if (kind == "parallel") return compile_parallel(node, std::move(step));
  if (kind == "think") {
    compile_think(node, step);
    add(std::move(step));
    return;
  }
  if (kind == "poll") {
    compile_poll(node, step);
  } else {
    compile_request_step(node, step);
  }
  check_name(node, step);
  certain_.push_back(add(std::move(step)));
}

void FlowCompiler::check_name(const yaml::Node& node, Step& step) {
  const yaml::Node* name = node.find("name");
  step.name = name != nullptr ? name->text() : default_name(step.request);
  const Mark& mark = name != nullptr ? name->mark() : node.mark();
  if (step.name.empty()) diagnostics_.add(mark, "a step's name is a metric tag; it cannot be empty");
  if (step.name.find("${") != std::string::npos) {
    diagnostics_.add(mark, "a step's name is a metric tag; it cannot hold ${...}");
  }
  for (const Step& other : flow_.steps) {
    if (other.sends() && other.name == step.name) {
      diagnostics_.add(mark, "two steps of flow '" + flow_.name + "' are named '" + step.name + "'; name one of them");
    }
  }
  if (step.kind != Step::Kind::poll) return;
  if (name == nullptr) diagnostics_.add(mark, "a poll needs a 'name': it becomes a metric of its own");
  if (record::find_metric(step.name) != nullptr) {
    diagnostics_.add(mark, "'" + step.name + "' is a metric of the harness; give the poll another name");
  }
}

void FlowCompiler::refuse(const yaml::Node& node, std::initializer_list<const char*> keys, const char* why) {
  for (const char* key : keys) {
    if (const yaml::Node* value = node.find(key)) {
      diagnostics_.add(value->mark(), std::string("'") + key + "' " + why);
    }
  }
}

void FlowCompiler::refuse_others(const yaml::Node& node, const std::vector<std::string>& allowed,
                                 const std::string& what) {
  for (const auto& [key, value] : node.entries()) {
    if (std::find(allowed.begin(), allowed.end(), key.text()) == allowed.end()) {
      diagnostics_.add(key.mark(), "'" + key.text() + "' does not go with " + what);
    }
  }
}

void compile_flows(CompileContext& context) {
  if (context.input.flows == nullptr) return;
  for (const auto& [name, steps] : context.input.flows->entries()) {
    context.plan.flows.push_back(FlowCompiler(name.text(), steps, context).compile());
    const auto& compiled = context.plan.flows.back().steps;
    if (std::none_of(compiled.begin(), compiled.end(),
                     [](const Step& step) { return step.kind == Step::Kind::request; })) {
      context.diagnostics.add(name.mark(), "flow '" + name.text() + "' sends no request");
    }
    if (compiled.size() >= kMostSteps) {
      context.diagnostics.add(name.mark(),
                              "flow '" + name.text() + "' has over " + format_count(kMostSteps) + " steps");
    }
  }
}

}  // namespace tidegate::loadgen
