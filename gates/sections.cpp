#include "gates/sections.hpp"

#include "gates/gate_kind.hpp"

namespace tidegate::gates {

schema::TypePointer gates_schema() {
  std::vector<schema::Field> fields;
  for (const GateKind& kind : gate_kinds()) {
    fields.push_back(schema::optional(std::string(kind.name), kind.shape(), std::string(kind.doc)));
  }
  fields.push_back(schema::optional("warn", schema::text(), "A stricter limit whose breach makes a PASS a WARN."));
  fields.push_back(schema::optional(
      "during", schema::one_of({schema::text(), schema::list_of(schema::text())}),
      "Phases and fault windows, one judgement each: peak, during:FAULT, after:FAULT; default all judged time."));
  fields.push_back(schema::optional("confidence", schema::text(), "Of each one-sided bound: 95% (default), or none."));
  fields.push_back(schema::optional("abort_on", schema::boolean(),
                                    "End the run early when this gate is broken beyond doubt; default false."));
  fields.push_back(
      schema::optional("grace", schema::duration(), "Judged time before abort_on may end the run; default 10s."));
  fields.push_back(schema::optional("min_samples", schema::integer(1, 1e15), "Fewest samples for a PASS."));
  return schema::map_of(schema::object(std::move(fields), "One gate: exactly one kind, and its options."),
                        "What must hold, by name.");
}

schema::TypePointer validity_schema() {
  return schema::object(
      {
          schema::optional("late_or_unsent", schema::share(),
                           "Share of the drawn schedule that may be late by over 5 ms, dropped or unsent; default 1%."),
          schema::optional("generator_cpu", schema::share(),
                           "How much of its core a load loop may use in an open-loop run; default 90%."),
          schema::optional("run_queue_wait", schema::share(),
                           "Share of the time that a load loop may wait for a core; default 5%."),
          schema::optional("probe_silence", schema::duration(), "Judged time without a sample, per probe; default 2s."),
      },
      "Limits on the generator's own health. Widened ones are named in the verdict.");
}

}  // namespace tidegate::gates
