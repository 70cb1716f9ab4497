#pragma once
// Reads the signals of probe gates once a second and writes probe_value and probe_silent, tag probe: the gate's name.

#include <memory>
#include <string>
#include <vector>

#include "gates/gate.hpp"
#include "gates/probes/signal_source.hpp"
#include "record/events.hpp"
#include "record/series.hpp"

namespace tidegate::gates {

/// The signals that the gates of a scenario ask for.
std::vector<SignalSpec> signals_of(const GateSet& gates);

struct SignalProbeOptions {
  std::vector<SignalSpec> signals;
  AddressOf address_of;
  Nanoseconds period = std::chrono::seconds(1);
  Nanoseconds timeout = std::chrono::milliseconds(700);  ///< of each reading; one that passes it is silence
};

/// A thread for each signal, so that one that hangs does not silence the others. The writers must outlive it; `events`
/// may be null. A failure that will not go away by itself (a query that is refused) is told once, as probe_failed.
class SignalProbe {
 public:
  SignalProbe(SignalProbeOptions options, RunClock clock, record::SeriesWriter* series, record::EventWriter* events);
  ~SignalProbe();  ///< stops
  SignalProbe(const SignalProbe&) = delete;
  SignalProbe& operator=(const SignalProbe&) = delete;

  /// An error when a source cannot be made: an endpoint that the stack does not have.
  Result<void> start();
  /// Ends the threads; returns within about the timeout. May be called again.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tidegate::gates
