#include "record/verdict_json.hpp"

#include <algorithm>

#include "record/file_header.hpp"

namespace tidegate::record {

json::value to_json(const AuditFinding& finding) {
  return json::object{{"checker", finding.checker},
                      {"outcome", finding.outcome},
                      {"checked", finding.checked},
                      {"reason", finding.reason},
                      {"counterexamples", finding.counterexamples}};
}

AuditFinding read_finding(JsonFields& fields) {
  AuditFinding finding;
  fields.read("checker", finding.checker);
  fields.read("outcome", finding.outcome);
  fields.read("checked", finding.checked);
  fields.read("reason", finding.reason);
  fields.read("counterexamples", finding.counterexamples);
  if (finding.outcome != "true" && finding.outcome != "false" && finding.outcome != "unknown") {
    fields.wrong("outcome", "true, false or unknown, as a text");
  }
  return finding;
}

json::object scale_to_json(const std::vector<PhaseScale>& scale) {
  json::object out;
  for (const PhaseScale& one : scale) {
    out[one.phase] = json::object{{"rate", number_or_null(one.rate)}, {"time", number_or_null(one.time)}};
  }
  return out;
}

std::vector<PhaseScale> read_scale(JsonFields fields) {
  std::vector<PhaseScale> scale;
  for (const auto& [phase, factors] : fields.members()) {
    PhaseScale one;
    one.phase = std::string(std::string_view(phase.data(), phase.size()));
    JsonFields inner = fields.nested(one.phase);
    inner.read("rate", one.rate);
    inner.read("time", one.time);
    scale.push_back(std::move(one));
  }
  return scale;
}

CapacityFinding capacity_finding(const json::object& fields) {
  CapacityFinding found;
  found.block = string_member(fields, "block").value_or("");
  found.holds = number_member(fields, "holds").value_or(0);
  found.breaks = number_member(fields, "breaks");
  found.confirmed = boolean_member(fields, "confirmed").value_or(false);
  found.generator_limit = boolean_member(fields, "generator_limit").value_or(false);
  return found;
}

namespace {

constexpr std::string_view kSchema = "tidegate.verdict/1";

json::value to_json(const Validity& validity) {
  return json::object{{"outcome", to_string(validity.outcome)},
                      {"offered_per_s", number_or_null(validity.offered_per_s)},
                      {"achieved_per_s", number_or_null(validity.achieved_per_s)},
                      {"lateness_p99_s", number_or_null(validity.lateness_p99_s)},
                      {"tick_s", number_or_null(validity.tick_s)},
                      {"dropped_iterations", validity.dropped_iterations},
                      {"generator_cpu", number_or_null(validity.generator_cpu)},
                      {"run_queue_wait", number_or_null(validity.run_queue_wait)},
                      {"machine_busy", number_or_null(validity.machine_busy)},
                      {"machine_stolen", number_or_null(validity.machine_stolen)},
                      {"reasons", to_json_array(validity.reasons)}};
}

json::value to_json(const GateResult& gate) {
  json::value interval = nullptr;
  if (gate.interval) {
    interval = json::array{number_or_null(gate.interval->first), number_or_null(gate.interval->second)};
  }
  return json::object{{"name", gate.name},
                      {"kind", gate.kind},
                      {"during", gate.during},
                      {"outcome", to_string(gate.outcome)},
                      {"value", number_or_null(gate.value)},
                      {"limit", number_or_null(gate.limit)},
                      {"comparison", gate.comparison},
                      {"unit", gate.unit},
                      {"interval", interval},
                      {"confidence", number_or_null(gate.confidence)},
                      {"samples", gate.samples},
                      {"reason", gate.reason}};
}

json::value to_json(const FaultResult& fault) {
  return json::object{{"name", fault.name},
                      {"kind", fault.kind},
                      {"target", fault.target},
                      {"injected_s", number_or_null(fault.injected_s)},
                      {"healed_s", number_or_null(fault.healed_s)},
                      {"hits", fault.hits},
                      {"time_to_detect_s", number_or_null(fault.time_to_detect_s)},
                      {"time_to_recover_s", number_or_null(fault.time_to_recover_s)},
                      {"outcome", to_string(fault.outcome)},
                      {"reason", fault.reason}};
}

json::value to_json(const LagSummary& lag) {
  return json::object{{"group", lag.group},
                      {"topic", lag.topic},
                      {"max_age_s", number_or_null(lag.max_age_s)},
                      {"p99_age_s", number_or_null(lag.p99_age_s)},
                      {"max_records", lag.max_records}};
}

json::value to_json(const CapacityFinding& found) {
  return json::object{{"block", found.block},
                      {"holds", number_or_null(found.holds)},
                      {"breaks", number_or_null(found.breaks)},
                      {"confirmed", found.confirmed},
                      {"generator_limit", found.generator_limit}};
}

template <typename Item>
json::array list_to_json(const std::vector<Item>& items) {
  json::array out;
  for (const Item& item : items) out.push_back(to_json(item));
  return out;
}

void read_outcome(JsonFields& fields, Outcome& outcome) {
  std::string text;
  fields.read("outcome", text);
  if (const auto known = outcome_from(text)) {
    outcome = *known;
  } else {
    fields.wrong("outcome", "PASS, WARN, FAIL, INCONCLUSIVE, ERROR or NOT ASKED");
  }
}

Validity read_validity(JsonFields fields) {
  Validity validity;
  if (fields.members().empty()) return validity;
  read_outcome(fields, validity.outcome);
  fields.read("offered_per_s", validity.offered_per_s);
  fields.read("achieved_per_s", validity.achieved_per_s);
  fields.read("lateness_p99_s", validity.lateness_p99_s);
  fields.read("tick_s", validity.tick_s);
  fields.read("dropped_iterations", validity.dropped_iterations);
  fields.read("generator_cpu", validity.generator_cpu);
  fields.read("run_queue_wait", validity.run_queue_wait);
  fields.read("machine_busy", validity.machine_busy);
  fields.read("machine_stolen", validity.machine_stolen);
  fields.read("reasons", validity.reasons);
  return validity;
}

void read_interval(JsonFields& fields, GateResult& gate) {
  json::array ends;
  fields.read("interval", ends);
  if (ends.empty()) return;
  if (ends.size() != 2 || !ends[0].is_number() || !ends[1].is_number()) {
    return fields.wrong("interval", "two numbers");
  }
  gate.interval = {ends[0].to_number<double>(), ends[1].to_number<double>()};
}

GateResult read_gate(JsonFields& fields) {
  GateResult gate;
  fields.read("name", gate.name);
  fields.read("kind", gate.kind);
  fields.read("during", gate.during);
  read_outcome(fields, gate.outcome);
  fields.read("value", gate.value);
  fields.read("limit", gate.limit);
  fields.read("comparison", gate.comparison);
  fields.read("unit", gate.unit);
  read_interval(fields, gate);
  fields.read("confidence", gate.confidence);
  fields.read("samples", gate.samples);
  fields.read("reason", gate.reason);
  return gate;
}

FaultResult read_fault(JsonFields& fields) {
  FaultResult fault;
  fields.read("name", fault.name);
  fields.read("kind", fault.kind);
  fields.read("target", fault.target);
  fields.read("injected_s", fault.injected_s);
  fields.read("healed_s", fault.healed_s);
  fields.read("hits", fault.hits);
  fields.read("time_to_detect_s", fault.time_to_detect_s);
  fields.read("time_to_recover_s", fault.time_to_recover_s);
  read_outcome(fields, fault.outcome);
  fields.read("reason", fault.reason);
  return fault;
}

LagSummary read_lag(JsonFields& fields) {
  LagSummary lag;
  fields.read("group", lag.group);
  fields.read("topic", lag.topic);
  fields.read("max_age_s", lag.max_age_s);
  fields.read("p99_age_s", lag.p99_age_s);
  fields.read("max_records", lag.max_records);
  return lag;
}

CapacityFinding read_capacity(JsonFields& fields) {
  CapacityFinding found;
  fields.read("block", found.block);
  fields.read("holds", found.holds);
  fields.read("breaks", found.breaks);
  fields.read("confirmed", found.confirmed);
  fields.read("generator_limit", found.generator_limit);
  return found;
}

void read_verdict_word(JsonFields& fields, Verdict& verdict) {
  std::string word;
  fields.read("verdict", word);
  verdict.judged = word != "NOT JUDGED";
  if (!verdict.judged) {
    verdict.outcome = Outcome::pass;
  } else if (const auto outcome = outcome_from(word)) {
    verdict.outcome = *outcome;
  } else {
    fields.wrong("verdict", "PASS, WARN, FAIL, INCONCLUSIVE, ERROR or NOT JUDGED");
  }
}

}  // namespace

json::value to_json(const Verdict& verdict) {
  return json::object{{"schema", kSchema},
                      {"scenario", verdict.scenario},
                      {"title", verdict.title},
                      {"variant", verdict.variant},
                      {"seed", verdict.seed},
                      {"scale", scale_to_json(verdict.scale)},
                      {"verdict", verdict_word(verdict)},
                      {"exit_code", verdict.exit_code},
                      {"reasons", to_json_array(verdict.reasons)},
                      {"interrupted", verdict.interrupted},
                      {"cut_short", verdict.cut_short},
                      {"validity", to_json(verdict.validity)},
                      {"gates", list_to_json(verdict.gates)},
                      {"faults", list_to_json(verdict.faults)},
                      {"audit", list_to_json(verdict.audit)},
                      {"lag", list_to_json(verdict.lag)},
                      {"capacity", list_to_json(verdict.capacity)}};
}

Result<Verdict> verdict_from_json(const json::value& value) {
  std::optional<Error> error;
  JsonFields fields(value, "verdict.json", error);
  std::string schema;
  fields.read("schema", schema);
  if (error) return *error;
  if (auto known = check_schema(schema, "tidegate.verdict", 1, "verdict.json"); !known) return known.error();

  Verdict verdict;
  fields.read("scenario", verdict.scenario);
  fields.read("title", verdict.title);
  fields.read("variant", verdict.variant);
  fields.read("seed", verdict.seed);
  verdict.scale = read_scale(fields.nested("scale"));
  read_verdict_word(fields, verdict);
  fields.read("exit_code", verdict.exit_code);
  fields.read("reasons", verdict.reasons);
  fields.read("interrupted", verdict.interrupted);
  fields.read("cut_short", verdict.cut_short);
  verdict.validity = read_validity(fields.nested("validity"));
  fields.read_list<GateResult>("gates", verdict.gates, read_gate);
  fields.read_list<FaultResult>("faults", verdict.faults, read_fault);
  fields.read_list<AuditFinding>("audit", verdict.audit, read_finding);
  fields.read_list<LagSummary>("lag", verdict.lag, read_lag);
  fields.read_list<CapacityFinding>("capacity", verdict.capacity, read_capacity);
  if (error) return *error;
  return verdict;
}

}  // namespace tidegate::record
