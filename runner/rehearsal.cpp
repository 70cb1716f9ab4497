// The order of a rehearsal. Everything that was started is stopped by its owner's destructor on every path; the run
// directory is judged at the end, whatever happened.
//
//   recording -> session (agent, stack) -> set-up -> clock -> probe, timeline, load -> resolve -> drain -> truth ->
//   checks
//        -> stop session -> finish recording -> judge -> verdict.json, report.html
#include "runner/rehearsal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "audit/audit.hpp"
#include "audit/fetch.hpp"
#include "audit/resolve.hpp"
#include "base/file.hpp"
#include "chaos/timeline.hpp"
#include "gates/abort_watch.hpp"
#include "gates/probes/lag_probe.hpp"
#include "gates/probes/signal_probe.hpp"
#include "gates/probes/topic_sizes.hpp"
#include "loadgen/engine.hpp"
#include "runner/baseline.hpp"
#include "runner/closing.hpp"
#include "runner/drain.hpp"
#include "runner/gate_context.hpp"
#include "runner/interrupt.hpp"
#include "runner/load_stage.hpp"
#include "runner/outputs/outputs.hpp"
#include "runner/plan_text.hpp"
#include "runner/progress.hpp"
#include "runner/recording.hpp"
#include "runner/session.hpp"
#include "runner/touched.hpp"

namespace tidegate::runner {
namespace {

// Time for the loops and the probe to be ready before the first arrival.
constexpr auto kLeadTime = std::chrono::milliseconds(500);
constexpr Nanoseconds kLeastTruthLimit = std::chrono::seconds(120);

bool interrupted() {
  return Interrupts::signal() != 0;
}

record::RunInfo describe(const Scenario& scenario, const RunOptions& options) {
  record::RunInfo info = new_run_info(options);
  info.name = scenario.name;
  info.title = scenario.title;
  info.description = scenario.description;
  info.variant = scenario.variant;
  info.seed = scenario.seed;
  info.scenario_path = scenario.path;
  info.scenario = scenario.recorded;
  info.overrides = scenario.overrides;
  info.phases = scenario.phases;
  info.load = scenario.load->planned();
  info.tick_s = to_seconds(scenario.load->tick());
  info.scale = scenario.scale;
  info.profile = scenario.stack.profile;
  info.groups = scenario.group_names();
  gates::keep_own_metrics(gate_context(scenario), info.extra);
  return info;
}

class Rehearsal {
 public:
  Rehearsal(Scenario& scenario, Recording& recording, ProgressPrinter& printer, const RunOptions& options)
      : scenario_(scenario),
        recording_(recording),
        printer_(printer),
        options_(options),
        session_(scenario, recording) {
    gate_->recording = &recording;
  }
  ~Rehearsal() {
    const std::lock_guard lock(gate_->mutex);
    gate_->recording = nullptr;
  }
  Rehearsal(const Rehearsal&) = delete;
  Rehearsal& operator=(const Rehearsal&) = delete;

  /// Plays to the end; an error is what kept the harness from doing its work.
  Result<void> play() {
    if (auto started = start_outputs(); !started) return started;
    if (auto started = start_stack(); !started) return started;
    if (auto prepared = prepare_load(); !prepared) return prepared;
    if (interrupted()) return {};
    if (auto started = start_observers(); !started) return started;
    play_load();
    if (timeline_) timeline_->stop();
    if (interrupted()) return {};
    if (auto written = recording_.error(); !written) return written;
    auto settled = settle();
    tear_down();
    return settled;
  }

  void stop() {
    if (timeline_) timeline_->stop();
    if (probe_) probe_->stop();
    if (signals_) signals_->stop();
    if (resolver_) resolver_->stop();
    engine_.reset();
    session_.stop();
    if (!outputs_) return;
    recording_.flush();
    recording_.series().observe({});
    outputs_->stop();
  }

 private:
  Result<void> start_outputs() {
    auto outputs = Outputs::start(scenario_.outputs, recording_);
    if (!outputs) return outputs.error();
    outputs_ = *std::move(outputs);
    if (const std::string address = outputs_->prometheus_address(); !address.empty()) {
      printer_.note("metrics at " + address);
    }
    follow_series(nullptr);
    return {};
  }

  /// Who is told what the run records: the outputs, and `watch` while it watches.
  void follow_series(gates::AbortWatch* watch) {
    if (!outputs_->follows_series() && watch == nullptr) return recording_.series().observe({});
    recording_.series().observe(
        [outputs = outputs_->follows_series() ? outputs_.get() : nullptr, watch](
            std::int32_t second, const record::SeriesKey& key, double number, const Histogram* histogram) {
          if (outputs != nullptr) outputs->take(key, number, histogram);
          if (watch != nullptr) watch->take(second, key, number, histogram);
        });
  }

  Result<void> start_stack() {
    const Nanoseconds before = monotonic_now();
    if (auto started = session_.start(interrupted); !started) {
      return interrupted() ? Result<void>{} : started;
    }
    const double seconds = to_seconds(monotonic_now() - before);
    recording_.emit("stack_ready", {{"seconds", seconds}});
    printer_.note(fmt::format("stack ready in {}", format_seconds(seconds)));
    return {};
  }

  Result<void> prepare_load() {
    if (interrupted()) return {};
    loadgen::EngineOptions options;
    options.samples = outputs_->samples();
    options.base_url = session_.base_url();
    options.transport = scenario_.stack.transport;
    options.transport.kafka_bootstrap = session_.kafka_bootstrap();
    options.stack = session_.variables();
    options.series = &recording_.series();
    options.loops = options_.loops;
    options.spin = options_.spin;
    auto engine = loadgen::Engine::create(*scenario_.load, options);
    if (!engine) return engine.error();
    engine_ = std::move(*engine);
    if (auto prepared = engine_->run_setup(); !prepared) return prepared;
    if (audit::WebhookSink* sink = session_.webhook_sink()) {
      for (const std::string& secret : engine_->captured(scenario_.audit.webhooks->secrets)) sink->add_secret(secret);
    }
    return {};
  }

  Result<void> start_observers() {
    const RunClock clock = RunClock::starting_in(kLeadTime);
    recording_.set_clock(clock);
    if (audit::WebhookSink* sink = session_.webhook_sink()) sink->set_clock(clock);
    if (scenario_.load->has_operations() && scenario_.audit.resolve.sample > 0) {
      audit::LiveResolver::Options options;
      options.sample = scenario_.audit.resolve.sample;
      options.wait = scenario_.audit.resolve.wait;
      resolver_ = std::make_unique<audit::LiveResolver>(resolve_options("live"), options);
    }
    if (!scenario_.topology.groups.empty() && !session_.kafka_bootstrap().empty()) {
      gates::LagProbeOptions options;
      options.bootstrap = session_.kafka_bootstrap();
      options.bootstrap_now = [this] { return session_.kafka_bootstrap(); };
      for (const stack::GroupSpec& group : scenario_.topology.groups) {
        options.groups.push_back({group.name, group.topic, group.partitions});
      }
      auto groups = gates::with_partitions(options.bootstrap, std::move(options.groups), std::chrono::seconds(10));
      if (!groups) return groups.error();
      options.groups = std::move(*groups);
      options.evicting = scenario_.topology.kafka_evicts;
      probe_ = std::make_unique<gates::LagProbe>(std::move(options), clock, &recording_.series(), &recording_.events());
      if (auto started = probe_->start(); !started) return started;
    }
    if (auto started = start_signals(clock); !started) return started;
    if (!scenario_.faults.empty()) {
      timeline_ = std::make_unique<chaos::Timeline>(timeline_options(clock));
      timeline_->start();
    }
    return engine_->start(clock);
  }

  Result<void> start_signals(RunClock clock) {
    gates::SignalProbeOptions options;
    options.signals = gates::signals_of(scenario_.gates);
    if (options.signals.empty()) return {};
    options.address_of = [this](const std::string& endpoint) { return session_.address(endpoint); };
    signals_ =
        std::make_unique<gates::SignalProbe>(std::move(options), clock, &recording_.series(), &recording_.events());
    return signals_->start();
  }

  chaos::TimelineOptions timeline_options(RunClock clock) {
    chaos::TimelineOptions options;
    options.faults = scenario_.faults;
    options.clock = clock;
    options.seed = scenario_.seed;
    options.links = session_.agent();
    options.processes = session_.control();
    options.operations = session_.control();
    options.traffic = session_.control();
    options.events = &recording_.events();
    if (options_.on_fault) {
      options.on_change = [this](const chaos::FaultProgress& fault) {
        options_.on_fault(
            fault, [this](std::string_view type, json::object fields) { recording_.emit(type, std::move(fields)); });
      };
    }
    std::vector<std::string> names;
    for (const chaos::FaultSpec& fault : scenario_.faults) names.push_back(fault.name);
    touched_ = std::make_unique<TouchedRequests>(std::move(names));
    options.on_touched = [this](const std::string& fault, const std::vector<chaos::Touch>& touches) {
      touched_->add(fault, touches);
    };
    options.on_hits = [this](const std::string& fault, std::int32_t second, std::uint64_t hits) {
      record::SeriesWriter& series = recording_.series();
      const auto id =
          series.intern({std::string(record::kFaultHits), {{"fault", fault}}, record::SeriesKind::counter, "count"});
      series.add(second, id, static_cast<double>(hits));
    };
    return options;
  }

  void play_load() {
    LoadStageInput input(*engine_, recording_, printer_);
    input.phases = scenario_.phases;
    input.timeline = timeline_.get();
    input.probe = probe_.get();
    input.cpu_times = [this] { return session_.cpu_times(); };
    input.resolver = resolver_.get();
    input.interrupted = interrupted;
    gates::AbortWatch watch(scenario_.gates, gate_context(scenario_));
    if (!watch.empty()) {
      follow_series(&watch);
      input.abort = [&watch](std::int32_t second) -> std::optional<std::string> {
        const auto abort = watch.check(second);
        if (!abort) return std::nullopt;
        return abort->gate + " " + abort->reason;
      };
    }
    input.judge_capacity = [this](const loadgen::PlannedSearch& search, std::int32_t from, std::int32_t to) {
      return judge_capacity_step(recording_.directory(), recording_.info(), search.name, search.plan.gates, from, to);
    };
    LoadStage(std::move(input)).play();
    follow_series(nullptr);
    if (resolver_) {
      resolver_->stop();
      recording_.write_operations(resolver_->take());
    }
  }

  // What was made before load goes again; that it did not is told, and is no verdict on the system.
  void tear_down() {
    if (!scenario_.load->has_teardown() || interrupted()) return;
    if (auto done = engine_->run_teardown(); !done) {
      recording_.emit("teardown_failed", {{"message", done.error().message}});
      printer_.note("tear-down failed: " + done.error().message);
    }
  }

  Result<void> settle() {
    if (auto marked = mark_touched(); !marked) return marked;
    const audit::System system = session_.audit_system();
    const bool audited = !system.exports.empty() && scenario_.load->has_operations();
    if (audited) resolve();
    if (interrupted()) return {};
    drain(system, audited);
    if (!audited || interrupted()) return {};
    return read_and_check(system);
  }

  Result<void> mark_touched() {
    if (!touched_) return {};
    return touched_->mark(
        recording_.directory().operations(), recording_.clock(), timeline_->progress(),
        [this](std::string_view type, json::object fields) { recording_.emit(type, std::move(fields)); });
  }

  Result<void> read_and_check(const audit::System& system) {
    printer_.note("reading the system's own account");
    if (audit::WebhookSink* sink = session_.webhook_sink()) {
      if (auto stopped = sink->stop(); !stopped) return stopped;
    }
    const auto fetched = audit::fetch_truth(recording_.directory(), system, truth_limit());
    if (!fetched) return fetched.error();
    // An export that is broken leaves its checkers unknown, which their gates judge.
    recording_.emit("truth_read",
                    {{"records", fetched->records}, {"seconds", fetched->seconds}, {"broken", fetched->broken}});
    if (!fetched->broken.empty()) printer_.note("not read whole: " + fetched->broken);
    return recording_.directory().write_findings(audit::check(recording_.directory(), audit::checker_names()));
  }

  audit::ResolveOptions resolve_options(const std::string& when) {
    audit::ResolveOptions options;
    options.base_url = session_.base_url();
    options.clock = recording_.clock();
    options.limit = scenario_.drain_limit;
    options.interrupted = interrupted;
    options.fence = scenario_.audit.resolve.fence;
    options.fence_first = scenario_.audit.resolve.fence_first;
    options.token = session_.audit_system().token;
    options.render = [this](std::uint16_t block, std::uint64_t iteration,
                            std::uint16_t step) -> Result<audit::RenderedRequest> {
      auto rendered = engine_->render(block, iteration, step);
      if (!rendered) return rendered.error();
      audit::RenderedRequest request{std::move(rendered->method), std::move(rendered->target),
                                     std::move(rendered->body), std::move(rendered->headers)};
      if (!rendered->content_type.empty()) request.headers.emplace_back("Content-Type", rendered->content_type);
      return request;
    };
    record::SeriesWriter& series = recording_.series();
    const auto id =
        series.intern({std::string(record::kTimeToResolve), {{"when", when}}, record::SeriesKind::histogram, "us"});
    options.on_resolved = [&series, id](const record::Operation& resolved, Nanoseconds took) {
      Histogram one;
      one.record(static_cast<std::uint64_t>(std::max<std::int64_t>(took.count() / 1000, 1)));
      series.merge(second_of(resolved.time - took), id, one);
    };
    return options;
  }

  void resolve() {
    const auto resolution = audit::resolve_unknowns(recording_.directory(), resolve_options("after"));
    if (!resolution) {
      recording_.emit("probe_failed", {{"probe", "resolution"}, {"message", resolution.error().message}});
      return;
    }
    if (resolution->unknown > 0) {
      printer_.note(fmt::format("{} unknown outcomes: {} happened, {} did not, {} still open", resolution->unknown,
                                resolution->resolved_ok, resolution->resolved_fail, resolution->open));
    }
  }

  /// As long as the load lasted: exports grow with it.
  Nanoseconds truth_limit() const { return std::max(kLeastTruthLimit, scenario_.load->duration()); }

  void drain(const audit::System& system, bool audited) {
    recording_.emit("drain_started");
    printer_.note("draining");
    DrainInput input;
    input.clock = recording_.clock();
    input.probe = probe_.get();
    input.supervisor = session_.supervisor();
    input.limit = scenario_.drain_limit;
    input.reading_limit = truth_limit();
    input.interrupted = interrupted;
    if (audited) input.system = &system;
    input.each_second = [this] { recording_.flush(); };
    const DrainOutcome outcome = wait_until_drained(input);
    recording_.emit("drain_ended", {{"drained", outcome.drained},
                                    {"seconds", outcome.seconds},
                                    {"reading_seconds", outcome.reading_seconds},
                                    {"open", outcome.open_text}});
    if (!outcome.drained && !interrupted()) printer_.note("did not drain: " + outcome.open_text);
  }

  Scenario& scenario_;
  Recording& recording_;
  ProgressPrinter& printer_;
  const RunOptions& options_;
  Session session_;
  /// Events from others' threads, which may come when the run is over.
  struct Gate {
    std::mutex mutex;
    Recording* recording = nullptr;
  };
  std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
  std::unique_ptr<Outputs> outputs_;  // outlives the engine, which writes samples to it
  std::unique_ptr<loadgen::Engine> engine_;
  std::unique_ptr<gates::LagProbe> probe_;
  std::unique_ptr<gates::SignalProbe> signals_;
  std::unique_ptr<TouchedRequests> touched_;  // outlives the timeline, which fills it
  std::unique_ptr<chaos::Timeline> timeline_;
  std::unique_ptr<audit::LiveResolver> resolver_;
};

}  // namespace

Result<RunOutcome> rehearse(Scenario scenario, const RunOptions& options) {
  record::RunInfo info = describe(scenario, options);
  std::optional<gates::Baseline> baseline;
  if (!options.baseline.empty()) {
    auto made = make_baseline(options.baseline, info, scenario.gates, options.force);
    if (!made) return made.error();
    baseline = std::move(*made);
  }
  auto recording = Recording::create(options.out, std::move(info));
  if (!recording) return recording.error();
  if (baseline) {
    const std::string path = (*recording)->directory().baseline();
    if (auto written = write_file_atomically(path, pretty_json(gates::to_json(*baseline))); !written) {
      return written.error();
    }
  }
  const Interrupts interrupts;
  ProgressPrinter printer(options.quiet);
  printer.note(opening_line(scenario, (*recording)->directory().path()));
  const auto live = serve_live_page(options, **recording, printer);
  if (!live) return live.error();
  (*recording)->emit("run_started");
  {
    Rehearsal rehearsal(scenario, **recording, printer, options);
    if (auto played = rehearsal.play(); !played) {
      (*recording)->emit("harness_error", {{"message", played.error().message}});
      printer.note("error: " + played.error().message);
    }
    if (interrupted()) (*recording)->emit("interrupted", {{"signal", Interrupts::signal()}});
    rehearsal.stop();
  }
  return close_run(**recording, interrupted(), live->get());
}

}  // namespace tidegate::runner
