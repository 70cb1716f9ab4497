// budget: {objective: 99.95%, per: 30d, of: create_payment, good: expected and response_time < 800ms, max_burn: 1}
//
// Objective, window and good event as in OpenSLO's Occurrences. Burn rate: the share of bad events over the share that
// the objective allows. The gate holds when the burn rate's upper bound is at most `max_burn`.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/units.hpp"
#include "gates/abort_counters.hpp"
#include "gates/budget/burn.hpp"
#include "gates/kinds/kinds.hpp"
#include "gates/percentile.hpp"

namespace tidegate::gates {
namespace {

using record::Outcome;

struct BudgetTerms {
  double objective = 0.999;
  Nanoseconds per = std::chrono::hours(24 * 30);
  std::string metric;  // whose samples are the events
  Selector selector;
  std::optional<Limit> good_below;  // none: an event is good when it is as expected
  double max_burn = 1;
  std::int32_t slice_s = 0;    // of Timeslices; 0: Occurrences
  double slice_target = 0.99;  // share of good events that makes a slice good
  std::string of;
  DecisionRules rules;

  double bad_allowed() const { return 1 - objective; }
};

// Longer than any sample: then only failed ones are bad.
const Limit kNoLimit{Comparison::less, 1e9, Dimension::time};

class BudgetGate final : public Gate {
 public:
  explicit BudgetGate(BudgetTerms terms) : terms_(std::move(terms)) {}

  record::GateResult judge(const Evidence& evidence, const Scope& scope) const override {
    const ShareEvidence events =
        over_limit(terms_.metric, terms_.selector, terms_.good_below.value_or(kNoLimit), evidence, scope.seconds);
    if (terms_.slice_s > 0) return judge_slices(events, scope.seconds);
    const ShareDecision decision = decide_share(events, terms_.max_burn * terms_.bad_allowed(), terms_.rules);
    record::GateResult result;
    result.outcome = decision.outcome;
    result.limit = terms_.max_burn;
    result.comparison = "<=";
    result.confidence = terms_.rules.confidence.value_or(0);
    result.samples = events.observed.total;
    if (result.samples > 0) {
      result.value = burn(events.observed.value());
      result.interval = {burn(decision.lower), burn(decision.upper)};
    }
    result.reason = reason(events, decision, result) + alerts(events);
    return result;
  }

  SampleNeed need() const override {
    return {fmt::format("burn rate of {} at most {:.4g} against {}", terms_.of, terms_.max_burn,
                        format_quantity(terms_.objective, Dimension::share)),
            terms_.metric, terms_.selector,
            // Slices are a census.
            terms_.slice_s > 0 ? 1 : needed_samples(terms_.max_burn * terms_.bad_allowed(), terms_.rules)};
  }

  AbortTerms abort_terms() const override {
    AbortTerms terms;
    if (terms_.slice_s > 0) return terms;
    terms.allowed = std::min(1.0, terms_.max_burn * terms_.bad_allowed());
    terms.counter = count_over(terms_.metric, terms_.selector, terms_.good_below.value_or(kNoLimit));
    return terms;
  }
  std::optional<double> confidence() const override { return terms_.rules.confidence; }

  bool has_seconds() const override { return true; }
  SecondState second(const Evidence& evidence, std::int32_t at) const override {
    const DecisionRules value_alone{std::nullopt, 1};
    const ShareEvidence events = over_limit(terms_.metric, terms_.selector, terms_.good_below.value_or(kNoLimit),
                                            evidence, SecondSet(at, at + 1));
    switch (decide_share(events, terms_.max_burn * terms_.bad_allowed(), value_alone).outcome) {
      case Outcome::pass:
        return SecondState::holds;
      case Outcome::fail:
        return SecondState::fails;
      case Outcome::warn:
      case Outcome::inconclusive:
      case Outcome::error:
      case Outcome::not_asked:
        break;
    }
    return SecondState::unknown;
  }

 private:
  // What the multi-window alerts would have done; said where a window fits, or the run is long enough to be asked.
  std::string alerts(const ShareEvidence& events) const {
    return "; " + alert_summary(events.seconds, terms_.bad_allowed());
  }

  // Slices of a fixed length, each good or bad as a whole: a census. Slices without events are unknown.
  record::GateResult judge_slices(const ShareEvidence& events, const SecondSet& seconds) const {
    std::uint64_t bad = 0, unknown = 0, total = 0;
    std::size_t base = 0;
    for (const Span& span : seconds.spans()) {
      const auto length = static_cast<std::size_t>(span.to - span.from),
                 slice = static_cast<std::size_t>(terms_.slice_s);
      for (std::size_t from = 0; from + slice <= length; from += slice) {
        Share sum;
        for (std::size_t i = from; i < from + slice; ++i) {
          sum.bad += events.seconds[base + i].bad;
          sum.total += events.seconds[base + i].total;
        }
        ++total;
        if (sum.total == 0) ++unknown;
        if (sum.total > 0 && !within_share(sum.bad, sum.total, 1 - terms_.slice_target)) ++bad;
      }
      base += length;
    }
    return slice_result(bad, unknown, total);
  }

  record::GateResult slice_result(std::uint64_t bad, std::uint64_t unknown, std::uint64_t total) const {
    record::GateResult result;
    result.limit = terms_.max_burn;
    result.comparison = "<=";
    result.confidence = 0;
    result.samples = total - unknown;
    const double allowed = std::min(1.0, terms_.max_burn * terms_.bad_allowed());
    if (total == 0 || unknown == total) {
      result.reason = total == 0 ? fmt::format("the window is shorter than a slice of {} s", terms_.slice_s)
                                 : std::string("no slice has events");
      return result;
    }
    result.value = burn(static_cast<double>(bad) / static_cast<double>(total));
    result.outcome = !within_share(bad, total, allowed)             ? Outcome::fail
                     : !within_share(bad + unknown, total, allowed) ? Outcome::inconclusive
                                                                    : Outcome::pass;
    result.reason = fmt::format(
        "burn rate {:.3g} against {:.4g} at {} ({} bad of {} of {} s{}); {}", *result.value, terms_.max_burn,
        format_quantity(terms_.objective, Dimension::share), format_count(bad), counted(total, "slice"), terms_.slice_s,
        unknown > 0 ? fmt::format(", {} without events", format_count(unknown)) : "", projection(*result.value));
    return result;
  }

  double burn(double bad_share) const { return bad_share / terms_.bad_allowed(); }

  // What the window would mean for production, worded as a condition: a test of minutes spends no month's budget.
  std::string projection(double burn_rate) const {
    const double period_hours = to_seconds(terms_.per) / 3600;
    const std::string period = fmt::format("{:.4g}-day", period_hours / 24);
    if (burn_rate <= 0) return fmt::format("if production ran like this, it would spend none of a {} budget", period);
    return fmt::format("if production ran like this for 1 h, it would spend {} of a {} budget; exhausted in {:.3g} h",
                       format_quantity(burn_rate / period_hours, Dimension::share), period, period_hours / burn_rate);
  }

  std::string reason(const ShareEvidence& events, const ShareDecision& decision,
                     const record::GateResult& result) const {
    const std::string limit = fmt::format("{:.4g}", terms_.max_burn);
    const std::string objective = format_quantity(terms_.objective, Dimension::share);
    if (!result.value) return fmt::format("burn rate against {} at {}: {}", limit, objective, decision.doubt);
    std::string text = fmt::format("burn rate {:.3g} [{:.3g}, {:.3g}] ", *result.value, result.interval->first,
                                   result.interval->second);
    switch (decision.outcome) {
      case Outcome::pass:
        text += fmt::format("is at most {} at {}", limit, objective);
        break;
      case Outcome::fail:
        text += fmt::format("is over {} at {}", limit, objective);
        break;
      case Outcome::warn:
      case Outcome::inconclusive:
      case Outcome::error:
      case Outcome::not_asked:
        text += fmt::format("against {} at {}: {}", limit, objective, decision.doubt);
        break;
    }
    text += fmt::format(" ({} bad of {})", format_count(events.observed.bad),
                        basis(events.observed.total, 0, events.missing, terms_.rules, decision.clustering));
    return text + "; " + projection(*result.value);
  }

  BudgetTerms terms_;
};

schema::TypePointer budget_shape() {
  return schema::object(
      {
          schema::required("objective", schema::share(), "The share of good events, such as 99.95%."),
          schema::optional("per", schema::duration(), "The period of the budget in production; default 30d."),
          schema::required("of", schema::text(), "The step whose requests, or the poll whose samples, are the events."),
          schema::optional("good", schema::text(), "What a good event is: expected and response_time < 800ms."),
          schema::optional("slice", schema::duration(),
                           "Timeslices of this length instead of single events, such as 1m."),
          schema::optional("slice_target", schema::share(),
                           "Share of good events that makes a slice good; default 99%."),
          schema::optional("openslo", schema::text(), "An OpenSLO v1 file, FILE or FILE#NAME; keys beside it win."),
          schema::optional("max_burn", schema::number(0, 1e6), "The highest burn rate that holds; default 1."),
      },
      "An error budget: the burn rate of the window with its bounds.");
}

bool read_of(const yaml::Node& body, GateReader& reader, BudgetTerms& terms) {
  const yaml::Node& of = *body.find("of");
  terms.of = of.text();
  std::vector<std::string> names = reader.vocabulary().request_steps();
  const std::vector<std::string>& polls = reader.context().poll_metrics;
  const bool is_poll = std::find(polls.begin(), polls.end(), terms.of) != polls.end();
  names.insert(names.end(), polls.begin(), polls.end());
  std::erase_if(names, [&](const std::string& name) { return reader.context().measure_units.contains(name); });
  if (!reader.known(of, terms.of, names, "step")) return false;
  terms.metric = is_poll ? terms.of : std::string(record::kResponseTime);
  if (!is_poll) terms.selector = {{"name", terms.of}};
  return true;
}

// `expected`, or `expected and METRIC < QUANTITY`, METRIC being the events' own.
bool read_good(const yaml::Node& body, GateReader& reader, BudgetTerms& terms) {
  const yaml::Node* node = body.find("good");
  if (node == nullptr) return true;
  const std::string& text = node->text();
  std::string_view rest = trimmed(text);
  const std::string usage = fmt::format("a good event is 'expected' or 'expected and {} < 800ms'", terms.metric);
  if (!rest.starts_with("expected")) {
    reader.mistake(*node, usage + "; an unexpected answer is never good");
    return false;
  }
  rest = trimmed(rest.substr(8));
  if (rest.empty()) return true;
  if (!rest.starts_with("and ")) {
    reader.mistake(*node, usage, {}, static_cast<std::size_t>(rest.data() - text.data()));
    return false;
  }
  rest = trimmed(rest.substr(4));
  const auto offset = [&] { return static_cast<std::size_t>(rest.data() - text.data()); };
  const std::string name(rest.substr(0, rest.find_first_of("<> \t")));
  const std::array<std::string_view, 4> times = {record::kResponseTime, record::kResponseTimeFromSend,
                                                 record::kHttpReqDuration, record::kHttpReqWaiting};
  const bool of_requests = terms.metric == record::kResponseTime;
  if (of_requests ? std::find(times.begin(), times.end(), name) == times.end() : name != terms.metric) {
    reader.mistake(*node, fmt::format("unknown time '{}' of an event", name),
                   of_requests ? nearest_spelling(name, times) : terms.metric, offset());
    return false;
  }
  rest.remove_prefix(name.size());
  const auto limit = parse_limit(rest, Dimension::time);
  if (!limit || !wants_small(limit->comparison)) {
    reader.mistake(*node, limit ? usage : limit.error().message, {}, offset());
    return false;
  }
  terms.metric = name;
  terms.good_below = *limit;
  return true;
}

bool read_slices(const yaml::Node& body, GateReader& reader, BudgetTerms& terms) {
  const yaml::Node* slice = body.find("slice");
  const yaml::Node* target = body.find("slice_target");
  if (slice == nullptr) {
    if (target == nullptr) return true;
    reader.mistake(*target, "slice_target belongs to slice: LENGTH");
    return false;
  }
  const Nanoseconds length = schema::as_duration(*slice);
  if (length < std::chrono::seconds(1) || length > std::chrono::hours(24) ||
      length % std::chrono::seconds(1) != Nanoseconds{0}) {
    reader.mistake(*slice, "a slice is whole seconds, at least 1s");
    return false;
  }
  terms.slice_s = static_cast<std::int32_t>(length / std::chrono::seconds(1));
  if (target != nullptr) terms.slice_target = schema::as_share(*target);
  if (terms.slice_target > 0 && terms.slice_target <= 1) return true;
  reader.mistake(*target, "slice_target lies above 0% and is at most 100%");
  return false;
}

bool read_numbers(const yaml::Node& body, GateReader& reader, BudgetTerms& terms) {
  const yaml::Node& objective = *body.find("objective");
  terms.objective = schema::as_share(objective);
  if (terms.objective <= 0 || terms.objective >= 1) {
    reader.mistake(objective, "an objective lies between 0% and 100%; 100% leaves no budget to judge");
    return false;
  }
  if (const yaml::Node* node = body.find("max_burn")) {
    terms.max_burn = schema::as_number(*node);
    if (terms.max_burn <= 0) {
      reader.mistake(*node, "max_burn must be over 0: no number of samples can prove that nothing is bad");
      return false;
    }
  }
  if (const yaml::Node* node = body.find("per")) {
    terms.per = schema::as_duration(*node);
    if (terms.per < std::chrono::hours(1)) {
      reader.mistake(*node, "the period of a budget is at least 1h");
      return false;
    }
  }
  return read_slices(body, reader, terms);
}

std::shared_ptr<const Gate> read_budget(const yaml::Node& body, GateReader& reader) {
  BudgetTerms terms;
  terms.rules = reader.rules();
  const bool numbers = read_numbers(body, reader, terms);
  const bool events = read_of(body, reader, terms) && read_good(body, reader, terms);
  return numbers && events ? std::make_shared<BudgetGate>(std::move(terms)) : nullptr;
}

}  // namespace

const GateKind& budget_kind() {
  static const GateKind kKind{"budget", "An error budget: the burn rate of a window with its bounds.", true,
                              &budget_shape, &read_budget};
  return kKind;
}

}  // namespace tidegate::gates
