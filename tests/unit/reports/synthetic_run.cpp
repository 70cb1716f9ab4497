#include "tests/unit/reports/synthetic_run.hpp"

#include <algorithm>
#include <cmath>

#include "base/assert.hpp"
#include "base/random.hpp"
#include "record/events.hpp"
#include "record/series.hpp"

namespace tidegate::test {
namespace {

using namespace tidegate::record;

/// The shape of a smoke run, stretched to the asked length.
struct Shape {
  std::int32_t seconds;
  std::int32_t at(double share) const { return static_cast<std::int32_t>(std::lround(share * seconds)); }
  std::int32_t warmup_end() const { return at(0.09); }
  std::int32_t ramp_end() const { return at(0.30); }
  std::int32_t peak_end() const { return at(0.76); }
  std::int32_t slow_from() const { return at(0.40); }
  std::int32_t slow_to() const { return at(0.50); }
  std::int32_t kill_from() const { return at(0.58); }
  std::int32_t kill_to() const { return at(0.62); }

  double rate(std::int32_t second) const {
    if (second < warmup_end()) return 48;
    if (second >= ramp_end()) return 600;
    return 48 + 552.0 * (second - warmup_end()) / (ramp_end() - warmup_end());
  }
  bool bank_is_slow(std::int32_t second) const { return second >= slow_from() && second < slow_to(); }
};

SeriesKey key_of(std::string_view metric, Tags tags) {
  SeriesKey key;
  key.metric = metric;
  key.tags = std::move(tags);
  const MetricInfo* info = find_metric(metric);
  key.kind = info == nullptr ? SeriesKind::histogram : info->kind;
  key.unit = info == nullptr ? "us" : info->unit;
  return key;
}

/// `count` latencies around a median, with a long tail.
Histogram latencies(Draws& draws, double median_us, std::int64_t count) {
  Histogram out;
  for (std::int64_t i = 0; i < count; ++i) {
    const double spread = std::exp(0.35 * (draws.uniform() + draws.uniform() + draws.uniform() - 1.5));
    const double tail = draws.uniform() < 0.01 ? 6 : 1;
    out.record(static_cast<std::uint64_t>(median_us * spread * tail));
  }
  return out;
}

class SeriesOfRun {
 public:
  SeriesOfRun(const RunDirectory& directory, const SyntheticRun& run) : run_(run), shape_{run.seconds} {
    auto writer = SeriesWriter::create(directory.series());
    TIDEGATE_ASSERT(writer.ok());
    writer_ = std::move(*writer);
  }

  void write() {
    const std::int32_t end = run_.finished ? run_.seconds : run_.seconds / 2;
    for (std::int32_t second = 0; second < end; ++second) {
      Draws draws(7, 1, static_cast<std::uint64_t>(second));
      load(second, draws);
      latency(second, draws);
      more(second, draws);
      lag(second);
      if (second % 600 == 599) TIDEGATE_ASSERT(writer_->flush().ok());
    }
    TIDEGATE_ASSERT(writer_->flush().ok());
  }

 private:
  void count(std::int32_t second, std::string_view metric, Tags tags, double by) {
    writer_->add(second, writer_->intern(key_of(metric, std::move(tags))), by);
  }

  void load(std::int32_t second, Draws& draws) {
    const double offered = std::round(shape_.rate(second) + 24 * (draws.uniform() - 0.5));
    const bool collapses = run_.failing && shape_.bank_is_slow(second);
    count(second, kScheduledIterations, {{"block", "shoppers"}, {"flow", "pay"}}, offered);
    count(second, kIterations, {{"block", "shoppers"}, {"flow", "pay"}, {"outcome", "ok"}},
          collapses ? std::round(offered * 0.93) : offered);
    if (!collapses) return;
    count(second, kIterations, {{"block", "shoppers"}, {"flow", "pay"}, {"outcome", "failed"}}, 20);
    count(second, kErrors, {{"class", "timeout"}}, std::round(14 + 12 * draws.uniform()));
    count(second, kErrors, {{"class", "status"}}, std::round(5 * draws.uniform()));
  }

  void latency(std::int32_t second, Draws& draws) {
    const auto requests = std::min<std::int64_t>(600, static_cast<std::int64_t>(shape_.rate(second)));
    const double acknowledged = run_.failing && shape_.bank_is_slow(second) ? 210'000 : 9'000 + 9 * shape_.rate(second);
    const double settled = shape_.bank_is_slow(second) ? 900'000 : 120'000;
    const auto merge = [&](std::string_view metric, Tags tags, double median) {
      writer_->merge(second, writer_->intern(key_of(metric, std::move(tags))), latencies(draws, median, requests));
    };
    merge(kResponseTime, {{"name", run_.step}, {"flow", "pay"}, {"expected", "true"}}, acknowledged);
    merge("payment_settled", {{"flow", "pay"}, {"expected", "true"}}, settled);
  }

  void more(std::int32_t second, Draws& draws) {
    for (int i = 0; i < run_.more_steps; ++i) {
      const Tags tags = {{"name", "step_" + std::to_string(1000 + i)}, {"flow", "pay"}, {"expected", "true"}};
      writer_->merge(second, writer_->intern(key_of(kResponseTime, tags)), latencies(draws, 5'000, 20));
      count(second, kHttpReqs, {{"name", "step_" + std::to_string(1000 + i)}, {"status", "200"}}, 20);
    }
  }

  void lag(std::int32_t second) {
    const std::int32_t since_kill = second - shape_.kill_from();
    const bool behind = since_kill >= 0 && second < shape_.kill_to() + 2;
    const double ledger = behind ? std::max(0.2, 1.0 * since_kill) : 0.05 + 0.02 * (second % 3);
    const double acquiring = shape_.bank_is_slow(second) ? 0.8 : 0.04;
    for (const auto& [group, age] : {std::pair("ledger", ledger), std::pair("acquiring", acquiring)}) {
      const auto id = writer_->intern(key_of(kLagAge, {{"group", group}, {"topic", "payments"}, {"partition", "all"}}));
      writer_->set(second, id, age);
    }
  }

  const SyntheticRun& run_;
  Shape shape_;
  std::unique_ptr<SeriesWriter> writer_;
};

void write_events(const RunDirectory& directory, const SyntheticRun& run) {
  const Shape shape{run.seconds};
  auto writer = EventWriter::create(directory.events());
  TIDEGATE_ASSERT(writer.ok());
  const auto write = [&writer](double time, std::string_view type, json::object fields = {}) {
    TIDEGATE_ASSERT((*writer)->write(from_seconds(time), type, std::move(fields)).ok());
  };
  write(-4.2, "run_started");
  write(-0.1, "stack_ready", {{"seconds", 4.1}});
  write(0, "load_started");
  write(shape.slow_from(), "fault_injected",
        {{"fault", "bank_slow"}, {"kind", "latency"}, {"target", "acquiring->bank-simulator"}});
  if (!run.finished) return;
  write(shape.slow_to(), "fault_healed", {{"fault", "bank_slow"}, {"hits", 718}, {"reason", "its time was over"}});
  write(shape.kill_from(), "fault_injected", {{"fault", "ledger_killed"}, {"kind", "kill"}, {"target", "ledger"}});
  write(shape.kill_from() + 0.01, "process_exited",
        {{"process", "ledger"}, {"status", "killed by SIGKILL"}, {"asked", true}});
  write(shape.kill_to(), "fault_healed", {{"fault", "ledger_killed"}, {"hits", 1}, {"reason", "restarted"}});
  if (run.failing) {
    write(shape.at(0.9), "process_exited", {{"process", "fraud"}, {"status", "exit 3"}, {"asked", false}});
  }
  write(run.seconds, "load_ended");
  write(run.seconds + 2, "run_ended");
}

GateResult gate(std::string name, std::string kind, std::string during, Outcome outcome, double value, double limit,
                std::string unit, std::pair<double, double> interval, std::uint64_t samples, std::string reason) {
  GateResult out;
  out.name = std::move(name);
  out.kind = std::move(kind);
  out.during = std::move(during);
  out.outcome = outcome;
  out.value = value;
  out.limit = limit;
  out.comparison = "<";
  out.unit = std::move(unit);
  if (interval.first < interval.second) out.interval = interval;
  out.samples = samples;
  out.reason = std::move(reason);
  return out;
}

std::vector<GateResult> gates_of(bool failing) {
  const Outcome worst = failing ? Outcome::fail : Outcome::pass;
  const double slow = failing ? 0.612 : 0.312;
  const std::string clustering = "clustering was not estimated";
  return {
      gate("ack_p99", "expect", "ramp", Outcome::pass, 0.0412, 0.5, "s", {0.0391, 0.0448}, 2268, clustering),
      gate("ack_p99", "expect", "peak", worst, slow, 0.5, "s", {slow - 0.014, slow + 0.019}, 8987,
           failing ? "612 ms is over 500 ms: 142 of 8,987 requests (1.58 %) took longer, 1 % may; " + clustering
                   : clustering),
      gate("ack_p99", "expect", "during:bank_slow", worst, slow + 0.1, 0.5, "s", {slow, slow + 0.2}, 1801,
           failing ? "712 ms is over 500 ms; " + clustering : clustering),
      gate("ack_p99", "expect", "after:bank_slow", failing ? Outcome::inconclusive : Outcome::pass, 0.0388, 0.5, "s",
           {0.0361, 0.0402}, failing ? 212 : 4212, failing ? "212 samples; 299 are needed for p99" : clustering),
      gate("settled_p99", "expect", "peak", Outcome::pass, 1.71, 5, "s", {1.62, 1.8}, 8987, clustering),
      gate("availability", "budget", "", worst, failing ? 2.31 : 0.31, 1, "",
           {failing ? 2.02 : 0.2, failing ? 2.63 : 0.44}, 16021,
           failing
               ? "burn rate 2.31 over 1; if production ran like this for 1 h, it would spend 0.32 % of a 30-day budget"
               : "burn rate 0.31"),
      gate("ledger_lag", "lag", "", Outcome::pass, 2, 30, "s", {0, 0}, 33, "a census of 33 one-second slices"),
      gate("drained", "recovery", "after:bank_slow", Outcome::pass, 3, 15, "s", {0, 0}, 12, ""),
      gate("books", "audit", "", worst, failing ? 2 : 0, 0, "count", {0, 0}, 16021,
           failing ? "no_double_charge is false: 2 payments were charged twice" : "three checkers, all true"),
  };
}

}  // namespace

RunInfo synthetic_info(const SyntheticRun& run) {
  const Shape shape{run.seconds};
  RunInfo info;
  info.name = "black-friday";
  info.title = "FinPulse Black Friday, 400 to 5,000 TPS";
  info.description = "Week-5 load test of the case study, replayed.";
  info.variant = "smoke";
  info.profile = run.failing ? "legacy" : "modern";
  info.command = "tidegate run scenarios/black-friday/scenario.yaml --variant smoke --seed 20241129";
  info.seed = 20241129;
  info.version = "0.1.0";
  info.started_at = "2024-11-29T10:00:00Z";
  info.scenario_path = "scenarios/black-friday/scenario.yaml";
  info.scenario = "tidegate: 1\nname: black-friday\ntitle: FinPulse Black Friday\nseed: 20241129\n";
  info.phases = {{"warmup", 0, shape.warmup_end(), false},
                 {"ramp", shape.warmup_end(), shape.ramp_end(), true},
                 {"peak", shape.ramp_end(), shape.peak_end(), true},
                 {"recovery", shape.peak_end(), run.seconds, true}};
  PlannedLoad load;
  load.block = "shoppers";
  load.executor = "ramping-arrival-rate";
  load.flows = {{"pay", 1.0}};
  load.steps = {{"pay", {run.step, "payment_settled"}}};
  for (std::int32_t second = 0; second < run.seconds; ++second) {
    load.rate.emplace_back(second, shape.rate(second));
    load.planned_iterations += static_cast<std::uint64_t>(shape.rate(second));
  }
  info.load = {load};
  info.scale = {{"warmup", 0.12, 0.1}, {"ramp", 0.12, 0.00778}, {"peak", 0.12, 0.025}, {"recovery", 0.12, 0.0333}};
  info.machine = {"AMD EPYC 7B13", "Linux 6.1.0", "Debian GNU/Linux 12 (bookworm)", 2, 25'200'000'000ULL};
  info.groups = {"acquiring", "ledger"};
  info.finished = run.finished;
  if (run.finished) info.ended_s = run.seconds + 2.0;
  return info;
}

Verdict synthetic_verdict(const SyntheticRun& run) {
  const Shape shape{run.seconds};
  Verdict verdict;
  verdict.scenario = "black-friday";
  verdict.title = "FinPulse Black Friday, 400 to 5,000 TPS";
  verdict.variant = "smoke";
  verdict.seed = 20241129;
  verdict.scale = synthetic_info(run).scale;
  verdict.outcome = run.failing ? Outcome::fail : Outcome::pass;
  verdict.exit_code = run.failing ? exit_code::fail : exit_code::pass;
  if (run.failing) {
    verdict.reasons = {"ack_p99 during peak: 612 ms [598, 631] is over 500 ms",
                       "availability: burn rate 2.31 is over 1",
                       "books: no_double_charge is false, 2 payments were charged twice"};
  }
  verdict.validity = {Outcome::pass, 485.5, run.failing ? 478.9 : 485.4, 84e-6, 0, 0, 0.31, 0.012, 0, 0, {}};
  verdict.gates = gates_of(run.failing);
  FaultResult slow{"bank_slow",
                   "latency",
                   "acquiring->bank-simulator",
                   1.0 * shape.slow_from(),
                   1.0 * shape.slow_to(),
                   718,
                   1.0,
                   3.0,
                   Outcome::pass,
                   ""};
  FaultResult killed{"ledger_killed",       "kill", "ledger",     1.0 * shape.kill_from(),
                     1.0 * shape.kill_to(), 1,      std::nullopt, 2.4,
                     Outcome::pass,         ""};
  verdict.faults = {slow, killed};
  json::array twice;
  for (int i = 1; i <= 2; ++i) {
    twice.push_back(json::object{{"key", "3f1c0b7e-9d11-4f5e-8a0" + std::to_string(i)},
                                 {"payment", "pay_00001" + std::to_string(i)},
                                 {"asked", "125.00 EUR"},
                                 {"charged", "250.00 EUR"},
                                 {"bank references", json::array{"b-771", "b-772"}}});
  }
  verdict.audit = {{"no_lost_acks", "true", 16021, "every acknowledged payment is in the ledger", {}},
                   {"no_double_charge", run.failing ? "false" : "true", 16021,
                    run.failing ? "2 payments were charged twice" : "", run.failing ? twice : json::array()},
                   {"ledger_balanced", "true", 64084, "", {}}};
  verdict.lag = {{"ledger", "payments", 3.0, 2.0, 1804}, {"acquiring", "payments", 0.8, 0.8, 480}};
  return verdict;
}

RunDirectory write_synthetic_run(const std::string& path, const SyntheticRun& run) {
  auto directory = RunDirectory::create(path);
  TIDEGATE_ASSERT(directory.ok());
  TIDEGATE_ASSERT(directory->write_info(synthetic_info(run)).ok());
  SeriesOfRun(*directory, run).write();
  write_events(*directory, run);
  if (run.finished) {
    TIDEGATE_ASSERT(directory->write_findings(synthetic_verdict(run).audit).ok());
    TIDEGATE_ASSERT(directory->write_verdict(synthetic_verdict(run)).ok());
  }
  return *directory;
}

}  // namespace tidegate::test
