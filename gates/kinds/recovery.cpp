#include "gates/kinds/recovery.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gates/kinds/kinds.hpp"
#include "gates/recovery_time.hpp"

namespace tidegate::gates {
namespace {

using record::Outcome;

std::int32_t whole_seconds_up(Nanoseconds time) {
  return static_cast<std::int32_t>(std::ceil(to_seconds(time)));
}

// The last second at which a recovery within the limit may start, plus one.
std::int32_t deadline_second(Nanoseconds healed, Nanoseconds within) {
  return static_cast<std::int32_t>(std::floor(to_seconds(healed + within))) + 1;
}

// The worst of several injections: not recovered, then not known, then the slowest.
bool is_worse(const Recovery& a, const Recovery& b) {
  const auto rank = [](const Recovery& one) {
    return one.outcome == Outcome::fail ? 2 : one.outcome == Outcome::inconclusive ? 1 : 0;
  };
  if (rank(a) != rank(b)) return rank(a) > rank(b);
  return a.seconds.value_or(1e300) > b.seconds.value_or(1e300);
}

}  // namespace

SecondState RecoveryGate::second(const Evidence& evidence, std::int32_t at) const {
  if (const auto* lag = std::get_if<LagSignal>(&terms_.signal)) return lag->state(evidence, terms_.to, at);
  return second_state({std::get<Measure>(terms_.signal), terms_.to}, evidence, at);
}

std::string_view RecoveryGate::probe() const {
  return std::holds_alternative<LagSignal>(terms_.signal) ? "lag" : std::string_view{};
}

SampleNeed RecoveryGate::need() const {
  SampleNeed need;
  need.text = fmt::format("{} {} within {} after {}, held for {}", terms_.of, terms_.to.text(),
                          format_quantity(to_seconds(terms_.within), Dimension::time), terms_.after,
                          format_quantity(to_seconds(terms_.hold), Dimension::time));
  return need;
}

Recovery RecoveryGate::recovery(const Evidence& evidence, const record::FaultSpan& span, std::int32_t horizon) const {
  if (!span.was_healed) return {};
  const std::int32_t hold = std::max(whole_seconds_up(terms_.hold), 1);
  const std::int32_t from = whole_seconds_up(span.healed);
  const std::int32_t deadline = deadline_second(span.healed, terms_.within);
  const std::int32_t last = std::max(deadline, evidence.data_end()) + hold;
  std::vector<SecondState> states;
  for (std::int32_t at = from; at < last + hold; ++at) {
    states.push_back(at < horizon ? second(evidence, at) : SecondState::unknown);
  }
  const auto state_at = [&](std::int32_t at) { return states[static_cast<std::size_t>(at - from)]; };
  const auto held = [&](std::int32_t at) { return state_at(at) == SecondState::holds; };
  const auto perhaps = [&](std::int32_t at) { return state_at(at) != SecondState::fails; };

  Recovery result;
  result.examined = static_cast<std::uint64_t>(
      std::count_if(states.begin(), states.end(), [](SecondState state) { return state != SecondState::unknown; }));
  if (const auto known = first_held_second(from, last, hold, held)) {
    result.seconds = *known - to_seconds(span.healed);
    if (*known < deadline) {
      result.outcome = Outcome::pass;
      return result;
    }
  }
  // Unknown seconds may hide a recovery in time; if even they cannot, it came too late.
  const bool possible = first_held_second(from, deadline, hold, perhaps).has_value();
  result.outcome = possible ? Outcome::inconclusive : Outcome::fail;
  return result;
}

record::GateResult RecoveryGate::judge(const Evidence& evidence, const Scope& scope) const {
  record::GateResult result;
  result.limit = to_seconds(terms_.within);
  result.comparison = "<=";
  result.unit = "s";
  result.confidence = 0;
  std::optional<Recovery> worst;
  for (const record::FaultSpan& span : evidence.spans()) {
    if (span.fault != terms_.after) continue;
    const Recovery one = recovery(evidence, span, scope.horizon);
    result.samples += one.examined;
    if (!worst || is_worse(one, *worst)) worst = one;
  }
  const std::string what = fmt::format("{} {}", terms_.of, terms_.to.text());
  const std::string within = format_quantity(to_seconds(terms_.within), Dimension::time);
  if (!worst) {
    result.reason = fmt::format("{} was never injected", terms_.after);
    return result;
  }
  result.outcome = worst->outcome;
  result.value = worst->seconds;
  const std::string took = worst->seconds ? format_quantity(*worst->seconds, Dimension::time) : std::string();
  if (worst->outcome == Outcome::pass) {
    result.reason = fmt::format("{} again {} after the heal of {}, within {}", what, took, terms_.after, within);
  } else if (worst->outcome == Outcome::fail) {
    result.reason =
        worst->seconds
            ? fmt::format("{} again only {} after the heal of {}, limit {}", what, took, terms_.after, within)
            : fmt::format("not {} within {} of the heal of {}, nor later", what, within, terms_.after);
  } else {
    result.reason = fmt::format("whether {} within {} of the heal of {} is unknown: {} of its seconds had a sample",
                                what, within, terms_.after, result.samples);
  }
  return result;
}

namespace {

schema::TypePointer recovery_shape() {
  return schema::object(
      {
          schema::required("of", schema::text(), "The signal: lag(GROUP).age, read_age or records, or p99(METRIC)."),
          schema::required("to", schema::text(), "Where it must come back to: < 2s."),
          schema::required("within", schema::duration(), "How long after the heal; may reach into the drain."),
          schema::required("after", schema::text(), "The fault."),
          schema::optional("hold", schema::duration(), "How long it must stay there; default 5s."),
      },
      "The time from a fault's heal until a signal is back inside its limit.");
}

std::optional<RecoverySignal> read_lag(const yaml::Node& node, GateReader& reader) {
  const std::string& text = node.text();
  const std::size_t close = text.find(')');
  const auto measure = close == std::string::npos || !text.substr(close).starts_with(").")
                           ? std::nullopt
                           : lag_measure(text.substr(close + 2));
  if (!measure) {
    reader.mistake(node,
                   fmt::format("expected lag(GROUP).age, lag(GROUP).read_age or lag(GROUP).records, found '{}'", text));
    return std::nullopt;
  }
  const std::string group(trimmed(std::string_view(text).substr(4, close - 4)));
  if (!reader.known(node, group, reader.context().groups, "consumer group")) return std::nullopt;
  return LagSignal{group, "", *measure};
}

std::optional<RecoverySignal> read_signal(const yaml::Node& node, GateReader& reader) {
  if (node.text().starts_with("lag(")) return read_lag(node, reader);
  auto measure = reader.measure(node);
  if (!measure) return std::nullopt;
  return *measure;
}

Dimension dimension_of_signal(const RecoverySignal& signal) {
  if (const auto* lag = std::get_if<LagSignal>(&signal)) return dimension_of(lag->measure);
  return std::get<Measure>(signal).dimension;
}

std::shared_ptr<const Gate> read_recovery(const yaml::Node& body, GateReader& reader) {
  RecoveryTerms terms;
  const yaml::Node& of = *body.find("of");
  const yaml::Node& after = *body.find("after");
  terms.of = of.text();
  terms.after = after.text();
  terms.within = schema::as_duration(*body.find("within"));
  if (const yaml::Node* hold = body.find("hold")) terms.hold = schema::as_duration(*hold);
  const bool fault = reader.known(after, terms.after, reader.context().faults, "fault");
  auto signal = read_signal(of, reader);
  if (!signal) return nullptr;
  terms.signal = std::move(*signal);
  const auto to = reader.limit(*body.find("to"), dimension_of_signal(terms.signal));
  if (!fault || !to) return nullptr;
  terms.to = *to;
  return std::make_shared<RecoveryGate>(std::move(terms));
}

}  // namespace

const GateKind& recovery_kind() {
  static const GateKind kKind{"recovery", "The time from a fault's heal until a signal is back inside its limit.",
                              false, &recovery_shape, &read_recovery};
  return kKind;
}

}  // namespace tidegate::gates
