// run.json's members, written and read.

#include "record/file_header.hpp"
#include "record/run.hpp"
#include "record/verdict_json.hpp"

namespace tidegate::record {
namespace {

constexpr std::string_view kSchemaBase = "tidegate.run";

json::value to_json(const Window& window) {
  return json::object{{"name", window.name}, {"start", window.start}, {"end", window.end}, {"judged", window.judged}};
}

json::value to_json(const PlannedLoad& load) {
  json::object flows, steps;
  for (const auto& [flow, share] : load.flows) flows[flow] = number_or_null(share);
  for (const auto& [flow, names] : load.steps) steps[flow] = to_json_array(names);
  json::array rate;
  for (const auto& [second, per_second] : load.rate) rate.push_back(json::array{second, number_or_null(per_second)});
  return json::object{{"block", load.block},         {"executor", load.executor},
                      {"open_loop", load.open_loop}, {"planned_iterations", load.planned_iterations},
                      {"flows", std::move(flows)},   {"steps", std::move(steps)},
                      {"rate", std::move(rate)}};
}

json::value to_json(const MachineInfo& machine) {
  return json::object{{"cpu_model", machine.cpu_model},
                      {"kernel", machine.kernel},
                      {"os", machine.os},
                      {"cores", machine.cores},
                      {"memory_bytes", machine.memory_bytes}};
}

template <typename Item>
json::array list_to_json(const std::vector<Item>& items) {
  json::array out;
  for (const Item& item : items) out.push_back(to_json(item));
  return out;
}

std::string name_of(json::string_view key) {
  return std::string(key.data(), key.size());
}

Window read_window(JsonFields& fields) {
  Window window;
  fields.read("name", window.name);
  fields.read("start", window.start);
  fields.read("end", window.end);
  fields.read("judged", window.judged);
  return window;
}

void read_rate(JsonFields& fields, PlannedLoad& load) {
  json::array points;
  fields.read("rate", points);
  for (const json::value& point : points) {
    const json::array* pair = point.if_array();
    const bool fits = pair != nullptr && pair->size() == 2 && (*pair)[0].is_int64() && (*pair)[1].is_number() &&
                      std::in_range<std::int32_t>((*pair)[0].get_int64());
    if (!fits) return fields.wrong("rate", "a list of [second, rate]");
    load.rate.emplace_back(static_cast<std::int32_t>((*pair)[0].get_int64()), (*pair)[1].to_number<double>());
  }
}

PlannedLoad read_load(JsonFields& fields) {
  PlannedLoad load;
  fields.read("block", load.block);
  fields.read("executor", load.executor);
  fields.read("open_loop", load.open_loop);
  fields.read("planned_iterations", load.planned_iterations);
  JsonFields flows = fields.nested("flows");
  for (const auto& [flow, share] : flows.members()) {
    double value = 0;
    flows.read(name_of(flow), value);
    load.flows.emplace_back(name_of(flow), value);
  }
  JsonFields steps = fields.nested("steps");
  for (const auto& [flow, names] : steps.members()) {
    std::vector<std::string> texts;
    steps.read(name_of(flow), texts);
    load.steps.emplace_back(name_of(flow), std::move(texts));
  }
  read_rate(fields, load);
  return load;
}

MachineInfo read_machine(JsonFields fields) {
  MachineInfo machine;
  fields.read("cpu_model", machine.cpu_model);
  fields.read("kernel", machine.kernel);
  fields.read("os", machine.os);
  fields.read("cores", machine.cores);
  fields.read("memory_bytes", machine.memory_bytes);
  return machine;
}

}  // namespace

json::value to_json(const RunInfo& info) {
  return json::object{{"schema", info.schema},
                      {"name", info.name},
                      {"title", info.title},
                      {"description", info.description},
                      {"variant", info.variant},
                      {"command", info.command},
                      {"seed", info.seed},
                      {"version", info.version},
                      {"started_at", info.started_at},
                      {"unix_origin_s", number_or_null(info.unix_origin_s)},
                      {"finished", info.finished},
                      {"ended_s", number_or_null(info.ended_s)},
                      {"interrupted", info.interrupted},
                      {"profile", info.profile},
                      {"groups", to_json_array(info.groups)},
                      {"overrides", to_json_array(info.overrides)},
                      {"phases", list_to_json(info.phases)},
                      {"scale", scale_to_json(info.scale)},
                      {"load", list_to_json(info.load)},
                      {"tick_s", number_or_null(info.tick_s)},
                      {"machine", to_json(info.machine)},
                      {"extra", info.extra},
                      {"scenario_path", info.scenario_path},
                      {"scenario", info.scenario}};
}

Result<RunInfo> run_info_from_json(const json::value& value) {
  std::optional<Error> error;
  JsonFields fields(value, "run.json", error);
  RunInfo info;
  info.schema.clear();
  fields.read("schema", info.schema);
  if (error) return *error;
  if (auto known = check_schema(info.schema, kSchemaBase, 1, "run.json"); !known) return known.error();

  fields.read("name", info.name);
  fields.read("title", info.title);
  fields.read("description", info.description);
  fields.read("variant", info.variant);
  fields.read("command", info.command);
  fields.read("seed", info.seed);
  fields.read("version", info.version);
  fields.read("started_at", info.started_at);
  fields.read("unix_origin_s", info.unix_origin_s);
  fields.read("finished", info.finished);
  fields.read("ended_s", info.ended_s);
  fields.read("interrupted", info.interrupted);
  fields.read("profile", info.profile);
  fields.read("groups", info.groups);
  fields.read("overrides", info.overrides);
  fields.read_list<Window>("phases", info.phases, read_window);
  info.scale = read_scale(fields.nested("scale"));
  fields.read_list<PlannedLoad>("load", info.load, read_load);
  fields.read("tick_s", info.tick_s);
  info.machine = read_machine(fields.nested("machine"));
  fields.read("extra", info.extra);
  fields.read("scenario_path", info.scenario_path);
  fields.read("scenario", info.scenario);
  if (error) return *error;
  return info;
}

}  // namespace tidegate::record
