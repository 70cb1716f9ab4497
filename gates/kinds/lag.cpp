// lag: {group: ledger, age: < 30s, objective: 99%}
//
// A census of one-second slices: the share under the limit, and an optional hard maximum. A second without a sample
// could have been either, so it may withhold a PASS and cannot make a FAIL.

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/units.hpp"
#include "gates/abort_counters.hpp"
#include "gates/kinds/kinds.hpp"
#include "gates/lag_signal.hpp"

namespace tidegate::gates {
namespace {

using record::Outcome;

struct LagTerms {
  LagSignal signal;
  Limit limit;
  double objective = 0.99;
  std::optional<double> maximum;
};

struct Slices {
  std::uint64_t bad = 0, unknown = 0, total = 0;
  bool undefined = false;
  std::vector<double> values;  // sorted
};

class LagGate final : public Gate {
 public:
  explicit LagGate(LagTerms terms) : terms_(std::move(terms)) {}

  record::GateResult judge(const Evidence& evidence, const Scope& scope) const override {
    const Slices slices = count(evidence, scope.seconds);
    record::GateResult result;
    result.comparison = to_string(terms_.limit.comparison);
    result.limit = terms_.limit.value;
    result.unit = unit_name(terms_.limit.dimension);
    result.samples = slices.total - slices.unknown;
    result.confidence = 0;
    if (!slices.values.empty()) {
      result.value = slices.values[quantile_rank(slices.values.size(), terms_.objective) - 1];
    }
    result.outcome = outcome_of(slices);
    result.reason = reason(slices, result);
    return result;
  }

  SampleNeed need() const override {
    SampleNeed need;
    need.text = fmt::format("{} of group {} {} in {} of seconds", to_string(terms_.signal.measure), terms_.signal.group,
                            terms_.limit.text(), format_share(terms_.objective));
    return need;
  }

  AbortTerms abort_terms() const override {
    return {1 - terms_.objective, count_slices(terms_.signal, terms_.limit), true};
  }

  bool has_seconds() const override { return true; }
  SecondState second(const Evidence& evidence, std::int32_t at) const override {
    return terms_.signal.state(evidence, terms_.limit, at);
  }
  std::string_view probe() const override { return "lag"; }

 private:
  Slices count(const Evidence& evidence, const SecondSet& seconds) const {
    Slices slices;
    for (const Span& span : seconds.spans()) {
      for (std::int32_t at = span.from; at < span.to; ++at) {
        ++slices.total;
        const LagSignal::Second now = terms_.signal.at(evidence, at);
        slices.undefined = slices.undefined || now.undefined;
        if (now.value) slices.values.push_back(*now.value);
        const SecondState state = terms_.signal.state(evidence, terms_.limit, at);
        if (state == SecondState::fails) ++slices.bad;
        if (state == SecondState::unknown) ++slices.unknown;
      }
    }
    std::sort(slices.values.begin(), slices.values.end());
    return slices;
  }

  bool over_maximum(const Slices& slices) const {
    return terms_.maximum && !slices.values.empty() && slices.values.back() > *terms_.maximum;
  }

  Outcome outcome_of(const Slices& slices) const {
    const double allowed = 1 - terms_.objective;
    if (slices.total == 0 || slices.unknown == slices.total) return Outcome::inconclusive;
    if (over_maximum(slices) || !within_share(slices.bad, slices.total, allowed)) return Outcome::fail;
    if (!within_share(slices.bad + slices.unknown, slices.total, allowed)) return Outcome::inconclusive;
    return terms_.maximum && slices.unknown > 0 ? Outcome::inconclusive : Outcome::pass;
  }

  std::string reason(const Slices& slices, const record::GateResult& result) const {
    const std::string& group = terms_.signal.group;
    const std::string_view measure = to_string(terms_.signal.measure);
    if (slices.unknown == slices.total) {
      if (slices.undefined) return fmt::format("group {} never committed on a partition that holds records", group);
      return fmt::format("no sample of group {}'s lag in {}", group, counted(slices.total, "second"));
    }
    const std::uint64_t good = slices.total - slices.bad - slices.unknown;
    std::string text = fmt::format("{} of group {} {} in {} of {} (objective {}", measure, group, terms_.limit.text(),
                                   format_count(good), counted(slices.total, "second"),
                                   format_quantity(terms_.objective, Dimension::share));
    if (slices.unknown > 0) text += fmt::format("; {} unknown", counted(slices.unknown, "second"));
    text += ")";
    if (!slices.values.empty()) {
      text += fmt::format(", highest {}", format_quantity(slices.values.back(), terms_.limit.dimension));
    }
    if (over_maximum(slices)) {
      text += fmt::format(", over the maximum of {}", format_quantity(*terms_.maximum, terms_.limit.dimension));
    }
    if (result.outcome == Outcome::inconclusive) text += ": too many seconds are unknown to decide";
    return text;
  }

  LagTerms terms_;
};

schema::TypePointer shape() {
  return schema::object(
      {
          schema::required("group", schema::text(), "A consumer group of the stack."),
          schema::optional("topic", schema::text(), "One of its topics; without it the worst one counts."),
          schema::optional("age", schema::text(),
                           "Commit age: how long the first uncommitted record has waited, < 30s."),
          schema::optional("read_age", schema::text(), "Age of the last committed record, 0 when caught up, < 30s."),
          schema::optional("records", schema::text(), "Records not yet committed, < 1000."),
          schema::optional("objective", schema::share(), "Share of one-second slices that must hold; default 99%."),
          schema::optional("maximum", schema::text(), "A value that no second may exceed: 2m, or 5000 for records."),
      },
      "The lag of a consumer group, as a share of one-second slices.");
}

bool read_measure(const yaml::Node& body, GateReader& reader, LagTerms& terms) {
  const yaml::Node* found = nullptr;
  for (const std::string_view name : {"age", "read_age", "records"}) {
    const yaml::Node* node = body.find(name);
    if (node == nullptr) continue;
    if (found != nullptr) {
      reader.mistake(*node, "one of age, read_age and records a gate; write a second gate for the other");
      return false;
    }
    found = node;
    terms.signal.measure = *lag_measure(name);
  }
  if (found == nullptr) {
    reader.mistake(body, "a lag gate needs age, read_age or records, such as age: < 30s");
    return false;
  }
  const auto limit = reader.limit(*found, dimension_of(terms.signal.measure));
  if (limit) terms.limit = *limit;
  return limit.has_value();
}

bool read_maximum(const yaml::Node& body, GateReader& reader, LagTerms& terms) {
  const yaml::Node* node = body.find("maximum");
  if (node == nullptr) return true;
  const auto value = parse_quantity(node->text(), dimension_of(terms.signal.measure));
  if (!value) {
    reader.mistake(*node, value.error().message);
    return false;
  }
  terms.maximum = *value;
  return true;
}

std::shared_ptr<const Gate> read(const yaml::Node& body, GateReader& reader) {
  LagTerms terms;
  const yaml::Node& group = *body.find("group");
  terms.signal.group = group.text();
  bool good = reader.known(group, group.text(), reader.context().groups, "consumer group");
  if (const yaml::Node* topic = body.find("topic")) terms.signal.topic = topic->text();
  good = read_measure(body, reader, terms) && good;
  good = good && read_maximum(body, reader, terms);
  if (const yaml::Node* node = body.find("objective")) {
    terms.objective = schema::as_share(*node);
    if (terms.objective <= 0 || terms.objective > 1) {
      reader.mistake(*node, "an objective lies above 0% and is at most 100%");
      good = false;
    }
  }
  return good ? std::make_shared<LagGate>(std::move(terms)) : nullptr;
}

}  // namespace

const GateKind& lag_kind() {
  static const GateKind kKind{"lag", "The lag of a consumer group, as a share of one-second slices.", true, &shape,
                              &read};
  return kKind;
}

}  // namespace tidegate::gates
