#include "gates/validity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "base/units.hpp"
#include "gates/decision.hpp"
#include "gates/quantity.hpp"

namespace tidegate::gates {
namespace {

using record::Outcome;

std::string percent(double share) {
  return format_quantity(share, Dimension::share);
}

/// Shares of the time of all cores.
constexpr double kStolenWorthNaming = 0.01, kFull = 0.98;

Selector of_block(const std::string& block) {
  return {{"block", block}};
}

/// Arrivals of the open-loop blocks in judged time.
struct Arrivals {
  double planned = 0, scheduled = 0, late = 0, missing = 0;
  bool open_loop = false;
};

Arrivals count_arrivals(const Evidence& evidence) {
  Arrivals arrivals;
  for (const record::PlannedLoad& load : evidence.run().load) {
    if (!load.open_loop) continue;
    arrivals.open_loop = true;
    const Selector selector = of_block(load.block);
    arrivals.scheduled += evidence.counter(record::kScheduledIterations, selector, evidence.judged());
    arrivals.late += evidence.counter(record::kLateIterations, selector, evidence.judged());
    arrivals.missing += static_cast<double>(evidence.missing(record::kIterations, selector, evidence.judged()));
    for (const auto& [second, rate] : load.rate) {
      if (evidence.judged().contains(second)) arrivals.planned += rate;
    }
  }
  return arrivals;
}

/// The mean over judged time, of the loop that had the most; none when it was not recorded.
std::optional<double> worst_mean(const Evidence& evidence, std::string_view metric) {
  std::optional<double> worst;
  for (const record::Series* series : evidence.series(metric)) {
    double sum = 0;
    std::size_t count = 0;
    for (const auto& [second, value] : series->values) {
      if (!evidence.judged().contains(second)) continue;
      if (!std::isfinite(value)) return std::nullopt;
      sum += value;
      ++count;
    }
    if (count > 0) worst = std::max(worst.value_or(0), sum / static_cast<double>(count));
  }
  return worst;
}

class Judge {
 public:
  Judge(const Evidence& evidence, const ValidityLimits& limits) : evidence_(evidence), limits_(limits) {}

  ValidityJudgement judge() {
    measure();
    if (!evidence_.run().load.empty()) check_iterations();
    check_limits();
    if (arrivals_.open_loop) {
      check_arrivals();
      check_loops();
    }
    check_probes();
    result_.reasons = withheld_;
    name_shortage();
    name_widened();
    return {std::move(result_), std::move(withheld_)};
  }

 private:
  void withhold(std::string reason) {
    result_.outcome = Outcome::inconclusive;
    withheld_.push_back(std::move(reason));
  }

  double ended(const std::string& outcome) const {
    return evidence_.counter(record::kIterations, {{"outcome", outcome}}, evidence_.judged());
  }

  void measure() {
    const SecondSet& judged = evidence_.judged();
    const double seconds = std::max<double>(1, static_cast<double>(judged.length()));
    arrivals_ = count_arrivals(evidence_);
    const double completed = ended("ok") + ended("failed");
    result_.achieved_per_s = completed / seconds;
    result_.offered_per_s = arrivals_.open_loop ? arrivals_.scheduled / seconds : result_.achieved_per_s;
    const Latencies lateness = evidence_.latencies(record::kScheduleLateness, {}, judged);
    result_.lateness_p99_s = static_cast<double>(lateness.expected.value_at_percentile(99)) * 1e-6;
    result_.tick_s = evidence_.run().tick_s;
    result_.dropped_iterations =
        static_cast<std::uint64_t>(std::llround(evidence_.counter(record::kDroppedIterations, {}, judged)));
    result_.generator_cpu = worst_mean(evidence_, record::kGeneratorCpu).value_or(0);
    result_.run_queue_wait = worst_mean(evidence_, record::kGeneratorRunQueueWait).value_or(0);
    result_.machine_busy = worst_mean(evidence_, record::kMachineBusy).value_or(0);
    result_.machine_stolen = worst_mean(evidence_, record::kMachineStolen).value_or(0);
  }

  // Gates that do not look at answers would all hold on a target that is dead.
  void check_iterations() {
    if (evidence_.counter(record::kHttpReqs, {}, evidence_.judged()) <= 0) withhold("no request ended in judged time");
    if (ended("ok") > 0) return;
    const double failed = ended("failed");
    withhold(failed > 0 ? fmt::format("no iteration succeeded: all {} failed",
                                      format_count(static_cast<std::uint64_t>(failed)))
                        : "no iteration ended in judged time");
  }

  // Of the generator: what it could not send. In open loops this is part of the missing arrivals too.
  void check_limits() {
    const SecondSet& judged = evidence_.judged();
    const double sent = evidence_.counter(record::kHttpReqs, {}, judged);
    static constexpr std::array<std::pair<const char*, const char*>, 3> kLimits = {{
        {"descriptors", "had no descriptor left (ulimit -n)"},
        {"ports", "had no local port left (take connections: shared or per_vu, or more source_addresses)"},
        {"memory", "was short of memory"},
    }};
    for (const auto& [name, what] : kLimits) {
      const double unsent = evidence_.counter(record::kErrors, {{"class", name}}, judged);
      const double share = unsent > 0 ? unsent / (sent + unsent) : 0;
      if (share <= limits_.late_or_unsent) continue;
      withhold(fmt::format("the generator {}: {:.0f} requests were not sent, {} of all (limit {})", what, unsent,
                           percent(share), percent(limits_.late_or_unsent)));
    }
  }

  void check_arrivals() {
    if (arrivals_.scheduled <= 0) return withhold("no arrival was scheduled in judged time");
    // Poisson arrivals scatter by the square root of their number.
    const double fewest =
        arrivals_.planned * (1 - limits_.late_or_unsent) - 5 * std::sqrt(std::max(arrivals_.planned, 1.0));
    if (arrivals_.scheduled < fewest) {
      withhold(fmt::format("only {:.0f} of about {:.0f} planned arrivals were drawn", arrivals_.scheduled,
                           arrivals_.planned));
    }
    const double share = std::min(1.0, (arrivals_.late + arrivals_.missing) / arrivals_.scheduled);
    if (share > limits_.late_or_unsent) {
      withhold(fmt::format(
          "{} of the schedule was late or unsent ({:.0f} late by over 5 ms, {:.0f} dropped or unsent "
          "of {:.0f}; limit {})",
          percent(share), arrivals_.late, arrivals_.missing, arrivals_.scheduled, percent(limits_.late_or_unsent)));
    }
  }

  void check_loops() {
    const auto cpu = worst_mean(evidence_, record::kGeneratorCpu);
    if (!cpu) withhold("the generator's CPU was not recorded");
    if (cpu && *cpu > limits_.generator_cpu) {
      withhold(
          fmt::format("a load loop used {} of its core (limit {})", percent(*cpu), percent(limits_.generator_cpu)));
    }
    // Not every kernel tells how long a thread waited for a core; lateness then speaks alone.
    const auto wait = worst_mean(evidence_, record::kGeneratorRunQueueWait);
    if (wait && *wait > limits_.run_queue_wait) {
      withhold(fmt::format("a load loop waited {} of the time for a core (limit {})", percent(*wait),
                           percent(limits_.run_queue_wait)));
    }
  }

  void check_probes() {
    std::map<std::string, double> silent;
    for (const record::Series* series : evidence_.series(record::kProbeSilent)) {
      const std::string* probe = series->key.tag("probe");
      double& sum = silent[probe != nullptr ? *probe : std::string("unnamed")];
      for (const Span& span : evidence_.judged().spans()) sum += series->sum(span.from, span.to);
    }
    for (const auto& [probe, seconds] : silent) {
      if (seconds <= to_seconds(limits_.probe_silence)) continue;
      withhold(fmt::format("probe {} was silent for {} of judged time (limit {})", probe,
                           format_quantity(seconds, Dimension::time),
                           format_quantity(to_seconds(limits_.probe_silence), Dimension::time)));
    }
  }

  /// Withholds nothing: what held on a full machine holds. But whoever sees a gate broken should know.
  void name_shortage() {
    if (result_.machine_stolen >= kStolenWorthNaming) {
      result_.reasons.push_back(
          fmt::format("the hypervisor gave {} of the machine's time to others", percent(result_.machine_stolen)));
    }
    if (result_.machine_busy + result_.machine_stolen >= kFull) {
      result_.reasons.push_back("the machine had no processor time left: what is slow may be short of it");
    }
  }

  void name_widened() {
    const ValidityLimits usual;
    const auto widened = [&](std::string_view name, const std::string& value, const std::string& by_default) {
      result_.reasons.push_back(fmt::format("limit {} widened to {} (default {})", name, value, by_default));
    };
    const auto share = [&](std::string_view name, double value, double by_default) {
      if (value > by_default) widened(name, percent(value), percent(by_default));
    };
    share("late_or_unsent", limits_.late_or_unsent, usual.late_or_unsent);
    share("generator_cpu", limits_.generator_cpu, usual.generator_cpu);
    share("run_queue_wait", limits_.run_queue_wait, usual.run_queue_wait);
    if (limits_.probe_silence > usual.probe_silence) {
      widened("probe_silence", format_quantity(to_seconds(limits_.probe_silence), Dimension::time),
              format_quantity(to_seconds(usual.probe_silence), Dimension::time));
    }
  }

  const Evidence& evidence_;
  const ValidityLimits& limits_;
  Arrivals arrivals_;
  record::Validity result_;
  std::vector<std::string> withheld_;
};

}  // namespace

ValidityJudgement judge_validity(const Evidence& evidence, const ValidityLimits& limits) {
  return Judge(evidence, limits).judge();
}

}  // namespace tidegate::gates
