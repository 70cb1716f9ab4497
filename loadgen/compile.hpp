#pragma once
// The parts of compiling a plan, in the order in which plan.cpp runs them. Internal to loadgen/.
//
//   declare_feeders -> compile_setup (adds captured columns) -> compile_teardown -> compile_generated -> compile_flows
//   -> compile_load

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/diagnostics.hpp"
#include "base/yaml.hpp"
#include "loadgen/compiled.hpp"
#include "loadgen/names.hpp"
#include "loadgen/plan.hpp"

namespace tidegate::loadgen {

/// Keys of a step that name an HTTP method.
inline constexpr std::array<const char*, 8> kMethods = {"get",    "post", "put",     "patch",
                                                        "delete", "head", "options", "trace"};
/// And the others that say what a step is.
inline constexpr std::array<const char*, 11> kOtherKinds = {
    "request", "poll", "think", "loop", "if", "choose", "parallel", "websocket", "held", "grpc", "publish"};

struct CompileContext {
  const PlanInput& input;
  Diagnostics& diagnostics;
  CompiledPlan plan;

  Names names() const { return Names(plan, input.stack_names); }
};

void declare_feeders(CompileContext& context);
void compile_setup(CompileContext& context);
void compile_teardown(CompileContext& context);
void compile_generated(CompileContext& context);
void compile_flows(CompileContext& context);
void compile_load(CompileContext& context);
/// Which flows and blocks read which feeder.
void note_readers(CompileContext& context);
/// Unique feeders that hold fewer rows than the plan's arrivals need.
void check_unique_rows(CompileContext& context);

/// The request of a step: method, path, headers, body. `method` is the key that was found, in lower case.
RequestSpec compile_request(const yaml::Node& step, std::string_view method, const yaml::Node& path, Names& names,
                            CompileContext& context);
/// The same of a step that has exactly one key saying so.
RequestSpec compile_any_request(const yaml::Node& step, Names& names, CompileContext& context);
/// Of websocket, grpc and publish steps.
bool is_foreign_request(const yaml::Node& step);
RequestSpec compile_foreign_request(const yaml::Node& step, Names& names, CompileContext& context);
/// `json`, `form`, `multipart` or `body`, with the content type that follows from it.
void compile_body(const yaml::Node& step, RequestSpec& request, Names& names, CompileContext& context);
/// A path of a data file, from the scenario's directory.
std::string data_path(const std::string& path, const std::string& directory);
/// The one key of a step that names a method, or null.
const char* method_of(const yaml::Node& step);
/// A name for a step that has none: `POST /v1/payments/{id}`.
std::string default_name(const RequestSpec& request);
/// YAML as JSON text with slots: unquoted scalars that JSON knows stay numbers, true, false or null.
Template compile_json(const yaml::Node& node, Names& names, Diagnostics& diagnostics);
Expectation compile_expectation(const yaml::Node* node, Names& names, Diagnostics& diagnostics);
/// A place in an answer: a JSON path, or {header: …}, {regex: …}, {cookie: …}.
std::optional<Capture> compile_place(const yaml::Node& node, Diagnostics& diagnostics);
/// `variable` of each is left 0.
std::vector<Capture> compile_captures(const yaml::Node* node, Diagnostics& diagnostics);
Nanoseconds duration_at(const yaml::Node& node, std::string_view key, Nanoseconds otherwise);
/// A positive timeout; 0 is a mistake.
Nanoseconds timeout_at(const yaml::Node& node, Nanoseconds otherwise, Diagnostics& diagnostics);

}  // namespace tidegate::loadgen
