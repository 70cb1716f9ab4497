#include "runner/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <set>

#include "chaos/sections.hpp"
#include "gates/budget/openslo.hpp"
#include "gates/sections.hpp"
#include "loadgen/sections.hpp"
#include "runner/compose.hpp"
#include "runner/gate_context.hpp"
#include "runner/sections.hpp"

namespace tidegate::runner {
namespace {

using schema::object;
using schema::optional;
using schema::required;

schema::TypePointer variants_schema() {
  return schema::map_of(schema::object({optional("variables", schema::map_of(schema::text()), "Replaced variables."),
                                        optional("gates", schema::any(), "Merged into the gates."),
                                        optional("generator", schema::any(), "Merged into the generator.")}),
                        "Named sets of overrides; the first one is the default.");
}

std::string text_at(const yaml::Node& root, std::string_view key) {
  const yaml::Node* node = root.find(key);
  return node != nullptr ? node->text() : std::string();
}

chaos::FaultContext fault_context(const Scenario& scenario) {
  chaos::FaultContext context;
  context.phases = scenario.phases;
  for (const stack::LinkSpec& link : scenario.topology.links) {
    context.links.push_back(link.name);
    if (link.protocol == stack::LinkProtocol::http) context.http_links.insert(link.name);
  }
  const yaml::Node* audit = scenario.root.find("audit");
  if (audit != nullptr && audit->is_map() && audit->find("webhooks") != nullptr) {
    context.links.emplace_back(kWebhookLink);
    context.http_links.emplace(kWebhookLink);
  }
  context.seed = scenario.seed;
  if (const yaml::Node* limits = scenario.root.find("limits")) context.limits = chaos::parse_limits(*limits);
  for (const stack::ProcessSpec& process : scenario.topology.processes) context.processes.push_back(process.name);
  for (const stack::StoreSpec& store : scenario.topology.stores) context.stores.push_back(store.name);
  context.shape_checked = true;
  return context;
}

struct Composed {
  yaml::Node root;  // variables resolved, environment not
  std::string variant;
};

Composed compose(const ScenarioOptions& options, const std::string& variant, Diagnostics& diagnostics) {
  Composed composed;
  const std::size_t before = diagnostics.size();
  composed.root = options.text.empty() ? read_composed(options.path, diagnostics)
                                       : yaml::parse(options.text, options.path, diagnostics);
  if (diagnostics.size() != before) return composed;
  if (const yaml::Node* variants = composed.root.find("variants")) {
    schema::check(*variants, *variants_schema(), "variants", diagnostics);
  }
  composed.variant = apply_variant(composed.root, variant, diagnostics);
  apply_sets(composed.root, options.sets, diagnostics);
  substitute_variables(composed.root, diagnostics);
  return composed;
}

void check_version(const yaml::Node& root, Diagnostics& diagnostics) {
  const yaml::Node* version = root.find("tidegate");
  if (version != nullptr && version->text() != "1") {
    diagnostics.add(version->mark(), "scenario language version " + version->text() + "; this program reads 1");
  }
}

void read_head(Scenario& scenario, const ScenarioOptions& options) {
  scenario.name = text_at(scenario.root, "name");
  scenario.title = text_at(scenario.root, "title");
  scenario.description = text_at(scenario.root, "description");
  const yaml::Node* seed = scenario.root.find("seed");
  if (seed != nullptr) scenario.seed = static_cast<std::uint64_t>(schema::as_integer(*seed));
  if (options.seed) scenario.seed = *options.seed;
  if (const yaml::Node* drain = scenario.root.find("drain")) {
    scenario.drain_limit = schema::as_duration(*drain->find("within"));
  }
}

loadgen::PlanInput plan_input(const yaml::Node& root, const Scenario& scenario, std::vector<record::Window> phases,
                              loadgen::SegmentChoice segment = {}) {
  loadgen::PlanInput input;
  input.load = root.find("load");
  input.generator = root.find("generator");
  input.flows = root.find("flows");
  input.data = root.find("data");
  input.setup = root.find("setup");
  input.teardown = root.find("teardown");
  input.segment = segment;
  input.phases = std::move(phases);
  input.seed = scenario.seed;
  input.scenario_directory = scenario.directory;
  return input;
}

// The sections whose shape is right. What a section means is only looked at when it and those it builds on are among
// them, so that one mistake does not raise others behind it, and yet every section is checked in one pass.
using Sound = std::set<std::string, std::less<>>;

Sound check_shapes(const yaml::Node& root, Diagnostics& diagnostics) {
  const auto shape = scenario_schema();
  auto outline = std::make_shared<schema::Type>(*shape);
  for (schema::Field& field : outline->fields) field.type = schema::any();
  schema::check(root, *outline, "the scenario", diagnostics);
  Sound sound;
  for (const schema::Field& field : shape->fields) {
    const yaml::Node* section = root.find(field.name);
    const bool right = section == nullptr ? !field.required
                                          : schema::check(*section, *field.type, "'" + field.name + "'", diagnostics);
    if (right) sound.insert(field.name);
  }
  return sound;
}

// Reads a section when all it needs is sound; marks it unsound when reading it found mistakes.
void read_section(Sound& sound, const std::string& section, std::initializer_list<const char*> needs,
                  Diagnostics& diagnostics, const std::function<void()>& read) {
  for (const char* need : needs) {
    if (!sound.contains(need)) {
      sound.erase(section);
      return;
    }
  }
  const std::size_t before = diagnostics.size();
  read();
  if (diagnostics.size() != before) sound.erase(section);
}

void read_stack(Scenario& scenario, const ScenarioOptions& options, Diagnostics& diagnostics) {
  const yaml::Node& node = *scenario.root.find("stack");
  scenario.stack = parse_stack(&node, scenario.directory, options.stack, diagnostics);
  if (!scenario.stack.topology_path.empty()) {
    const std::size_t before = diagnostics.size();
    scenario.topology = stack::load_topology(scenario.stack.topology_path, diagnostics);
    if (diagnostics.size() == before) check_switches(node, scenario.stack, scenario.topology, diagnostics);
    return;
  }
  if (const yaml::Node* switches = node.find("switches")) {
    diagnostics.add(switches->mark(), "switches need a topology that has them; a system at a base_url has none");
  }
  if (const yaml::Node* groups = node.find("groups")) {
    for (const auto& [name, group] : groups->entries()) {
      const yaml::Node* partitions = group.find("partitions");
      scenario.topology.groups.push_back({name.text(),
                                          text_at(group, "topic"),
                                          {},
                                          partitions ? static_cast<int>(schema::as_integer(*partitions)) : 0});
    }
  }
}

// The gates that capacity searches name must be there.
void check_search_gates(const Scenario& scenario, Diagnostics& diagnostics) {
  std::vector<std::string> known;
  for (const gates::GateEntry& gate : scenario.gates.entries) known.push_back(gate.name);
  const yaml::Node* load = scenario.root.find("load");
  for (const loadgen::PlannedSearch& search : scenario.load->searches()) {
    const yaml::Node* names = load->find(search.name)->find("gates");
    for (const yaml::Node& name : names->items()) {
      if (std::ranges::find(known, name.text()) != known.end()) continue;
      diagnostics.add(name.mark(), "unknown gate '" + name.text() + "'", nearest_spelling(name.text(), known));
    }
  }
}

// What cannot be read would leave the drain open, which is found out after the load only.
void check_exports_can_be_read(const Scenario& scenario, Diagnostics& diagnostics) {
  const std::string& base = scenario.stack.base_url;
  if (base.empty() || base.starts_with("http://")) return;
  for (const auto& [name, mapped] : scenario.audit.exports) {
    if (!mapped.get.starts_with('/')) continue;
    diagnostics.add(scenario.root.find("audit")->find(name)->find("get")->mark(),
                    fmt::format("the audit reads exports over http:// only, and this one would be read from {}{}; give "
                                "an http:// URL of it",
                                base, mapped.get));
  }
}

// A run ends with its load, so a phase behind it would come to pass only while iterations are in progress: what was to
// be seen in it might never be.
void check_phases_have_load(const Scenario& scenario, Diagnostics& diagnostics) {
  const Nanoseconds end = scenario.load->assured_duration();
  if (end == Nanoseconds{0}) return;  // it lasts for as long as its work does
  for (const record::Window& phase : scenario.phases) {
    if (std::chrono::seconds(phase.start) < end) continue;
    for (const auto& [name, node] : scenario.root.find("phases")->entries()) {
      if (name.text() != phase.name) continue;
      diagnostics.add(name.mark(),
                      fmt::format("phase '{}' begins at {} s, when the last load has ended ({:g} s): it would "
                                  "be played only while iterations are in progress; let a load block go on through it",
                                  phase.name, phase.start, to_seconds(end)));
    }
  }
}

void read_sections(Scenario& scenario, const ScenarioOptions& options, Sound sound, Diagnostics& diagnostics) {
  const yaml::Node& root = scenario.root;
  read_section(sound, "stack", {"stack"}, diagnostics, [&] { read_stack(scenario, options, diagnostics); });
  read_section(sound, "phases", {"phases"}, diagnostics,
               [&] { scenario.phases = parse_phases(root.find("phases"), diagnostics); });
  read_section(sound, "load", {"phases", "load", "generator", "flows", "data", "setup", "teardown"}, diagnostics, [&] {
    scenario.load = loadgen::compile(plan_input(root, scenario, scenario.phases, scenario.segment), diagnostics);
    if (scenario.load) check_phases_have_load(scenario, diagnostics);
  });
  if (const yaml::Node* outputs = root.find("outputs")) {
    read_section(sound, "outputs", {"outputs"}, diagnostics,
                 [&] { scenario.outputs = parse_outputs(*outputs, diagnostics); });
  }
  if (const yaml::Node* faults = root.find("faults")) {
    read_section(sound, "faults", {"faults", "limits", "stack", "phases"}, diagnostics,
                 [&] { scenario.faults = chaos::parse_faults(*faults, fault_context(scenario), diagnostics); });
  }
  if (const yaml::Node* section = root.find("audit")) {
    read_section(sound, "audit", {"audit"}, diagnostics, [&] {
      scenario.audit = audit::parse_audit(*section, diagnostics);
      check_exports_can_be_read(scenario, diagnostics);
    });
  }
  if (const yaml::Node* gates = root.find("gates"); gates != nullptr && scenario.load) {
    read_section(sound, "gates", {"gates", "validity", "stack", "phases", "load", "faults"}, diagnostics, [&] {
      scenario.gates = gates::parse_gates(*gates, root.find("validity"), gate_context(scenario), diagnostics);
    });
  }
  if (scenario.load && (root.find("gates") == nullptr || sound.contains("gates"))) {
    check_search_gates(scenario, diagnostics);
  }
}

double mean_rate(const std::vector<record::PlannedLoad>& loads, const record::Window& window) {
  double sum = 0;
  for (const record::PlannedLoad& load : loads) {
    for (const auto& [second, rate] : load.rate) {
      if (second >= window.start && second < window.end) sum += rate;
    }
  }
  return window.end > window.start ? sum / (window.end - window.start) : 0;
}

// A rate does not depend on how arrivals are spaced, and a tenth of them tells it: even ones cost next to nothing,
// while a full plan may hold hundreds of millions.
constexpr std::uint32_t kCountEvery = 10;

void space_evenly(yaml::Node& root) {
  yaml::Node* load = root.find("load");
  if (load == nullptr || !load->is_map()) return;
  for (auto& [name, block] : load->entries()) {
    if (yaml::Node* arrivals = block.find("arrivals")) arrivals->set_text("even");
  }
}

// What this variant is of the variant `full`, phase by phase: the printed scale factors.
std::vector<record::PhaseScale> scale_of(const Scenario& scenario, const ScenarioOptions& options) {
  Diagnostics ignored;
  ScenarioOptions full = options;
  full.sets.clear();
  Composed composed = compose(full, "full", ignored);
  if (!ignored.empty()) return {};
  space_evenly(composed.root);
  const loadgen::SegmentChoice some{scenario.segment.index, scenario.segment.count * kCountEvery};
  const std::vector<record::Window> phases = parse_phases(composed.root.find("phases"), ignored);
  const auto plan = loadgen::compile(plan_input(composed.root, scenario, phases, some), ignored);
  if (!ignored.empty() || !plan) return {};
  const auto whole = plan->planned();
  const auto ours = scenario.load->planned();
  std::vector<record::PhaseScale> scale;
  for (const record::Window& phase : scenario.phases) {
    const auto full_phase = std::ranges::find(phases, phase.name, &record::Window::name);
    if (full_phase == phases.end()) continue;
    const double full_rate = mean_rate(whole, *full_phase) * kCountEvery;
    scale.push_back({phase.name, full_rate > 0 ? mean_rate(ours, phase) / full_rate : 1,
                     static_cast<double>(phase.end - phase.start) / (full_phase->end - full_phase->start)});
  }
  return scale;
}

}  // namespace

std::vector<std::string> Scenario::group_names() const {
  std::vector<std::string> names;
  for (const stack::GroupSpec& group : topology.groups) names.push_back(group.name);
  return names;
}

schema::TypePointer scenario_schema() {
  static const schema::TypePointer shape =
      object({required("tidegate", schema::integer(1, 1e9), "Version of the scenario language: 1."),
              required("name", schema::text(), "Short name; run directories are named after it."),
              optional("title", schema::text(), "One line, shown on top of reports."),
              optional("description", schema::text(), "What is replayed, shown in the report."),
              optional("seed", schema::integer(0, 9.2e18), "Everything random derives from it."),
              optional("extends", schema::text(), "Another scenario file that this one changes."),
              required("stack", stack_schema(), "What runs under test."),
              optional("variables", schema::map_of(schema::text()), "Values used as ${name}; --set overrides."),
              optional("variants", variants_schema(), "Named sets of overrides; --variant chooses."),
              optional("data", loadgen::data_schema(), "Feeders."),
              optional("setup", loadgen::setup_schema(), "Steps before load."),
              optional("teardown", loadgen::teardown_schema(), "Steps after load."),
              required("flows", loadgen::flows_schema(), "What one iteration does."),
              required("phases", phases_schema(), "Named windows on the run clock."),
              required("load", loadgen::load_schema(), "How much of it, when."),
              optional("generator", loadgen::generator_schema(), "How the load loops work."),
              optional("faults", chaos::faults_schema(), "What breaks, when, for how long."),
              optional("limits", chaos::limits_schema(), "The blast radius of faults."),
              optional("gates", gates::gates_schema(), "What must hold."),
              optional("validity", gates::validity_schema(), "Limits on the generator's own health."),
              optional("audit", audit::audit_schema(), "What the audit may expect, and other systems' exports."),
              optional("outputs", outputs_schema(), "Where measurements go during the run."),
              optional("drain", object({required("within", schema::duration(), "Longest wait for lag 0.")}),
                       "After load, before the audit.")},
             "A rehearsal: stack, load, faults and gates.");
  return shape;
}

Result<Scenario> load_scenario(const ScenarioOptions& options) {
  Diagnostics diagnostics;
  Scenario scenario;
  scenario.path = options.path;
  scenario.directory = std::filesystem::path(options.path).parent_path().string();
  if (scenario.directory.empty()) scenario.directory = ".";
  Composed composed = compose(options, options.variant, diagnostics);
  if (!composed.root.is_map()) return diagnostics.to_error();
  if (yaml::Node* gates = composed.root.find("gates"); gates != nullptr && gates->is_map()) {
    gates::inline_openslo(*gates, scenario.directory, diagnostics);
  }
  if (!options.segment.empty()) {
    const auto segment = loadgen::parse_segment(options.segment);
    if (!segment) return segment.error();
    scenario.segment = *segment;
  }
  scenario.variant = composed.variant;
  scenario.overrides = options.sets;
  scenario.recorded = yaml::emit(composed.root);
  scenario.root = std::move(composed.root);
  substitute_environment(scenario.root, diagnostics);
  check_version(scenario.root, diagnostics);
  Sound sound = check_shapes(scenario.root, diagnostics);
  if (sound.contains("seed") && sound.contains("drain")) read_head(scenario, options);
  read_sections(scenario, options, std::move(sound), diagnostics);
  if (!diagnostics.empty()) return diagnostics.to_error();
  if (scenario.variant != "full") scenario.scale = scale_of(scenario, options);
  return scenario;
}

Result<Scenario> replayed_scenario(const std::string& run_directory, const ScenarioOptions& given) {
  auto directory = record::RunDirectory::open(run_directory);
  if (!directory) return usage_error("--replay: " + directory.error().message);
  auto info = directory->read_info();
  if (!info) return usage_error("--replay: " + info.error().message);
  if (info->scenario.empty())
    return usage_error("--replay: " + run_directory + " holds no scenario (a run of `load`?)");
  ScenarioOptions options;
  options.path = info->scenario_path;
  options.text = info->scenario;
  options.seed = info->seed;
  options.stack = given.stack;
  options.segment = given.segment;
  auto scenario = load_scenario(options);
  if (!scenario) return scenario;
  scenario->variant = info->variant;
  scenario->overrides = info->overrides;
  scenario->scale = info->scale;
  return scenario;
}

}  // namespace tidegate::runner
