#pragma once
// Compiles the steps of one flow, in order, into a flat list: loops, branches and choices become jumps, so that every
// step has one place in the metrics and playing needs no tree. Internal to loadgen/.
//
//   loop: 3, steps: [a, b]            loop(end) a b loop_end
//   if: X, then: [a], else: [b]       branch(else) a jump(end) b
//   choose: [{steps: [a]}, {[b]}]     choose(a | b) a jump(end) b
//   parallel: [a, b]                  parallel(2) a b

#include <initializer_list>
#include <string>
#include <vector>

#include "base/diagnostics.hpp"
#include "base/yaml.hpp"
#include "loadgen/compile.hpp"
#include "loadgen/compiled.hpp"
#include "loadgen/names.hpp"

namespace tidegate::loadgen {

class FlowCompiler {
 public:
  FlowCompiler(const std::string& name, const yaml::Node& steps, CompileContext& context);
  Flow compile();

 private:
  // compile_flows.cpp
  void announce_captures(const std::vector<yaml::Node>& steps);
  void compile_steps(const yaml::Node& steps);
  void compile_step(const yaml::Node& node);
  std::uint32_t add(Step step);
  void check_name(const yaml::Node& node, Step& step);
  void refuse(const yaml::Node& node, std::initializer_list<const char*> keys, const char* why);
  void refuse_others(const yaml::Node& node, const std::vector<std::string>& allowed, const std::string& what);
  std::uint32_t next() const { return static_cast<std::uint32_t>(flow_.steps.size()); }

  // compile_control.cpp
  void compile_think(const yaml::Node& node, Step& step);
  void compile_loop(const yaml::Node& node, Step step);
  void compile_if(const yaml::Node& node, Step step);
  void compile_choose(const yaml::Node& node, Step step);
  void compile_parallel(const yaml::Node& node, Step step);
  void compile_inner(const yaml::Node& steps);
  bool well_formed(const yaml::Node& steps);

  // compile_step.cpp
  void compile_request_step(const yaml::Node& node, Step& step);
  void compile_poll(const yaml::Node& node, Step& step);
  std::uint32_t find_since(const yaml::Node& node);
  void compile_step_captures(const yaml::Node& node, Step& step);
  void compile_hold(const yaml::Node& node, Step& step);
  void compile_redirects(const yaml::Node& node, Step& step);
  void compile_measures(const yaml::Node& node, Step& step);
  void compile_tags(const yaml::Node& node, Step& step);
  void compile_read(const yaml::Node& node, Step& step);
  Retry compile_retry(const yaml::Node& node);
  OperationMark compile_operation(const yaml::Node& node);

  const yaml::Node& steps_;
  CompileContext& context_;
  Names names_;
  Diagnostics& diagnostics_;
  std::uint64_t stream_ = 0;
  std::uint32_t loops_ = 0;  // around the step being compiled
  bool in_parallel_ = false;
  std::vector<std::string> held_;       // names of connections, by place
  std::vector<std::uint32_t> certain_;  // requests and polls that have been played wherever the next step is
  Flow flow_;
};

}  // namespace tidegate::loadgen
