#include "gates/probes/signal_probe.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "gates/gate_kind.hpp"

namespace tidegate::gates {

struct SignalProbe::State {
  SignalProbeOptions options;
  RunClock clock;
  record::SeriesWriter* series;
  record::EventWriter* events;

  std::mutex mutex;
  std::condition_variable wake;
  bool stopping = false;  // guarded by mutex
  std::vector<std::thread> threads;

  /// False when it is time to end.
  bool wait_until(Nanoseconds tick) {
    std::unique_lock lock(mutex);
    return !wake.wait_for(lock, std::max(tick - clock.now(), Nanoseconds{0}), [this] { return stopping; });
  }
  void run(const SignalSpec& spec, SignalSource& source);
};

void SignalProbe::State::run(const SignalSpec& spec, SignalSource& source) {
  const auto value =
      series->intern({std::string(record::kProbeValue), {{"probe", spec.name}}, record::SeriesKind::gauge, "count"});
  const auto silent = series->intern(
      {std::string(record::kProbeSilent), {{"probe", "probe:" + spec.name}}, record::SeriesKind::counter, "s"});
  bool told = false;
  // In the middle of a period, so that a late reading still falls into its second.
  Nanoseconds tick = options.period * (clock.now() / options.period) + options.period / 2;
  while (wait_until(tick)) {
    const std::int32_t second = second_of(tick);
    const auto reading = source.read(options.timeout);
    if (reading && *reading) series->set(second, value, **reading);
    if (!reading) series->add(second, silent, to_seconds(options.period));
    if (!reading && reading.error().kind == Error::Kind::usage && !told && events != nullptr) {
      told = true;
      (void)events->write(clock.now(), "probe_failed",
                          {{"probe", "probe:" + spec.name}, {"message", reading.error().message}});
    }
    for (tick += options.period; tick <= clock.now(); tick += options.period) {
      series->add(second_of(tick), silent, to_seconds(options.period));
    }
  }
}

SignalProbe::SignalProbe(SignalProbeOptions options, RunClock clock, record::SeriesWriter* series,
                         record::EventWriter* events)
    : state_(std::make_unique<State>()) {
  state_->options = std::move(options);
  state_->clock = clock;
  state_->series = series;
  state_->events = events;
}

SignalProbe::~SignalProbe() {
  stop();
}

Result<void> SignalProbe::start() {
  std::vector<std::unique_ptr<SignalSource>> sources;
  for (const SignalSpec& spec : state_->options.signals) {
    auto source = make_source(spec, state_->options.address_of);
    if (!source) {
      Error error = source.error();
      error.message = "gate '" + spec.name + "': " + error.message;
      return error;
    }
    sources.push_back(std::move(*source));
  }
  for (std::size_t i = 0; i < sources.size(); ++i) {
    state_->threads.emplace_back(
        [state = state_.get(), i, source = std::move(sources[i])] { state->run(state->options.signals[i], *source); });
  }
  return {};
}

void SignalProbe::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  for (std::thread& thread : state_->threads) {
    if (thread.joinable()) thread.join();
  }
}

std::vector<SignalSpec> signals_of(const GateSet& gates) {
  std::vector<SignalSpec> signals;
  for (const GateEntry& entry : gates.entries) {
    const SignalSpec* spec = entry.gate->signal();
    if (spec == nullptr) continue;
    signals.push_back(*spec);
    signals.back().name = entry.name;
  }
  return signals;
}

}  // namespace tidegate::gates
