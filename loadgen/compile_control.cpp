#include <fmt/format.h>

#include <cmath>

#include "base/schema.hpp"
#include "base/units.hpp"
#include "loadgen/condition.hpp"
#include "loadgen/flow_compiler.hpp"
#include "loadgen/sections.hpp"

namespace tidegate::loadgen {
namespace {

constexpr std::uint32_t kDeepestLoops = 8;

}  // namespace

void FlowCompiler::compile_think(const yaml::Node& node, Step& step) {
  step.kind = Step::Kind::think;
  refuse_others(node, {"think"}, "a think step");
  const yaml::Node& think = *node.find("think");
  if (think.is_scalar()) {
    step.think = step.think_up_to = schema::as_duration(think);
    return;
  }
  step.think = schema::as_duration(*think.find("from"));
  step.think_up_to = schema::as_duration(*think.find("to"));
  step.stream = substream(stream_, next());
  if (step.think_up_to < step.think) diagnostics_.add(think.mark(), "'to' comes before 'from'");
}

/// What is played inside may not have been played after it.
void FlowCompiler::compile_inner(const yaml::Node& steps) {
  const std::size_t certain = certain_.size();
  if (steps.items().empty()) diagnostics_.add(steps.mark(), "an empty list of steps");
  if (well_formed(steps)) compile_steps(steps);
  certain_.resize(certain);
}

/// The shape of a flow's own steps was checked before; that of steps within them is here.
bool FlowCompiler::well_formed(const yaml::Node& steps) {
  bool formed = true;
  for (const yaml::Node& step : steps.items()) {
    formed = schema::check(step, *step_schema(), "a step of flow '" + flow_.name + "'", diagnostics_) && formed;
  }
  return formed;
}

void FlowCompiler::compile_loop(const yaml::Node& node, Step step) {
  step.kind = Step::Kind::loop;
  refuse_others(node, {"loop", "while", "steps"}, "a loop");
  const yaml::Node& times = *node.find("loop");
  step.times = compile_template(times.text(), Escape::none, names_, times.mark(), diagnostics_);
  if (step.times.constant()) {
    const auto number = parse_integer(times.text());
    if (!number || *number < 1 || *number > kMostTurns) {
      diagnostics_.add(times.mark(),
                       "a loop takes 1 to " + format_count(kMostTurns) + " turns, found '" + times.text() + "'");
    }
  }
  if (const yaml::Node* condition = node.find("while")) {
    step.condition = compile_condition(condition->text(), names_, condition->mark(), diagnostics_);
  }
  const yaml::Node* inner = node.find("steps");
  if (inner == nullptr) {
    diagnostics_.add(node.mark(), "a loop needs 'steps'");
    return;
  }
  if (loops_ >= kDeepestLoops) {
    diagnostics_.add(node.mark(), "loops stand in each other at most 8 deep");
    return;
  }
  const std::uint32_t start = add(std::move(step));
  ++loops_;
  compile_inner(*inner);
  --loops_;
  Step end;
  end.kind = Step::Kind::loop_end;
  end.mark = node.mark();
  end.depth = loops_;
  end.target = start;
  flow_.steps[start].target = add(std::move(end)) + 1;
  flow_.loops = std::max(flow_.loops, loops_ + 1);
}

void FlowCompiler::compile_if(const yaml::Node& node, Step step) {
  step.kind = Step::Kind::branch;
  refuse_others(node, {"if", "then", "else"}, "an if step");
  const yaml::Node& condition = *node.find("if");
  step.condition = compile_condition(condition.text(), names_, condition.mark(), diagnostics_);
  const yaml::Node* then = node.find("then");
  if (then == nullptr) {
    diagnostics_.add(node.mark(), "an if step needs 'then'");
    return;
  }
  const std::uint32_t branch = add(std::move(step));
  compile_inner(*then);
  const yaml::Node* otherwise = node.find("else");
  if (otherwise == nullptr) {
    flow_.steps[branch].target = next();
    return;
  }
  Step jump;
  jump.kind = Step::Kind::jump;
  jump.mark = node.mark();
  const std::uint32_t over = add(std::move(jump));
  flow_.steps[branch].target = next();
  compile_inner(*otherwise);
  flow_.steps[over].target = next();
}

void FlowCompiler::compile_choose(const yaml::Node& node, Step step) {
  step.kind = Step::Kind::choose;
  refuse_others(node, {"choose"}, "a choose step");
  step.stream = substream(stream_, next());
  const yaml::Node& choices = *node.find("choose");
  const std::uint32_t place = add(std::move(step));
  std::vector<std::uint32_t> jumps;
  double sum = 0;
  for (const yaml::Node& choice : choices.items()) {
    sum += schema::as_number(*choice.find("weight"));
    flow_.steps[place].choices.emplace_back(sum / 100, next());
    compile_inner(*choice.find("steps"));
    Step jump;
    jump.kind = Step::Kind::jump;
    jump.mark = choice.mark();
    jumps.push_back(add(std::move(jump)));
  }
  for (const std::uint32_t jump : jumps) flow_.steps[jump].target = next();
  if (choices.items().empty()) {
    diagnostics_.add(choices.mark(), "nothing to choose from");
  } else if (std::abs(sum - 100) > 1e-9) {
    diagnostics_.add(choices.mark(), fmt::format("the weights of the choices sum to {:g}, not to 100", sum));
  }
}

void FlowCompiler::compile_parallel(const yaml::Node& node, Step step) {
  step.kind = Step::Kind::parallel;
  refuse_others(node, {"parallel"}, "a parallel step");
  const yaml::Node& branches = *node.find("parallel");
  const std::uint32_t place = add(std::move(step));
  if (!well_formed(branches)) return;
  in_parallel_ = true;
  for (const yaml::Node& branch : branches.items()) {
    const std::uint32_t first = next();
    compile_step(branch);
    if (next() != first + 1 || flow_.steps[first].kind != Step::Kind::request) {
      diagnostics_.add(branch.mark(), "parallel holds requests only");
    }
  }
  in_parallel_ = false;
  flow_.steps[place].branches = next() - place - 1;
  if (branches.items().empty()) diagnostics_.add(branches.mark(), "an empty list of steps");
}

}  // namespace tidegate::loadgen
