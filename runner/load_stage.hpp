#pragma once
// The stage of a run during which load flows: once a second it takes over what the engine measured, writes it, shows
// the live line and looks at everything that could end the run.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "audit/resolve.hpp"
#include "base/machine_cpu.hpp"
#include "base/time.hpp"
#include "chaos/timeline.hpp"
#include "gates/probes/lag_probe.hpp"
#include "loadgen/engine.hpp"
#include "runner/capacity_steering.hpp"
#include "runner/progress.hpp"
#include "runner/recording.hpp"

namespace tidegate::runner {

struct LoadStageInput {
  loadgen::Engine& engine;
  Recording& recording;
  ProgressPrinter& printer;
  std::vector<record::Window> phases;
  chaos::Timeline* timeline = nullptr;
  gates::LagProbe* probe = nullptr;
  std::function<std::map<std::string, Nanoseconds>()> cpu_times;  ///< used so far by each process; may be empty
  audit::LiveResolver* resolver = nullptr;                        ///< resolves a sample of unknown outcomes meanwhile
  std::function<bool()> interrupted;
  /// Asked once a second after its records were written: why to end the load early, if so.
  std::function<std::optional<std::string>(std::int32_t second)> abort;
  /// Judges the steps of capacity searches; needed when the plan has any.
  CapacitySteering::Judge judge_capacity;

  LoadStageInput(loadgen::Engine& engine_in, Recording& recording_in, ProgressPrinter& printer_in)
      : engine(engine_in), recording(recording_in), printer(printer_in) {}
};

class LoadStage {
 public:
  explicit LoadStage(LoadStageInput input) : input_(std::move(input)) {}

  /// Plays until the plan is over and its iterations ended (or their grace passed), `abort` gave a reason, an interrupt
  /// came, or the run directory cannot be written. After an abort or an interrupt iterations in progress may finish
  /// within a few seconds. Blocking; the engine is stopped afterwards.
  void play();

 private:
  bool goes_on() const;
  void finish_softly();
  void tick(std::int32_t second);
  bool ends_early(std::int32_t second);
  void record_operations();
  void steer();
  void record_machine(std::int32_t second);
  void record_processes(std::int32_t second);
  void announce_phases(std::int32_t second);
  std::string phase_at(std::int32_t second) const;

  LoadStageInput input_;
  std::optional<CapacitySteering> steering_;
  bool aborted_ = false;
  std::size_t next_phase_ = 0;
  bool phase_open_ = false;
  std::optional<MachineCpu> machine_before_;
  std::map<std::string, Nanoseconds> cpu_before_;
  Nanoseconds cpu_read_{0};
};

}  // namespace tidegate::runner
