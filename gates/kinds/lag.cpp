// lag: {group: ledger, age: < 30s, objective: 99%}
//
// A census of one-second slices (gates/slices.hpp).

#include <fmt/format.h>

#include "base/units.hpp"
#include "gates/abort_counters.hpp"
#include "gates/kinds/kinds.hpp"
#include "gates/lag_signal.hpp"
#include "gates/slices.hpp"

namespace tidegate::gates {
namespace {

using record::Outcome;

struct LagTerms {
  LagSignal signal;
  SliceTerms slices;
};

class LagGate final : public Gate {
 public:
  explicit LagGate(LagTerms terms) : terms_(std::move(terms)) {}

  record::GateResult judge(const Evidence& evidence, const Scope& scope) const override {
    bool undefined = false;
    const Slices slices = take_census(scope.seconds, [&](std::int32_t at) {
      const LagSignal::Second now = terms_.signal.at(evidence, at);
      undefined = undefined || now.undefined;
      const SecondState state = LagSignal::state(now, terms_.slices.limit);
      if (!now.bounded) return Slice{now.value, state};
      // A bound is no measurement: it can keep to both limits, and break none.
      const std::optional<double>& most = terms_.slices.maximum;
      return Slice{std::nullopt, most && *now.value > *most ? SecondState::unknown : state};
    });
    record::GateResult result = slices.result(terms_.slices);
    const std::string& group = terms_.signal.group;
    if (slices.unknown < slices.total) {
      result.reason = fmt::format("{} of group {} {} in {}", to_string(terms_.signal.measure), group,
                                  terms_.slices.limit.text(), slices.text(terms_.slices));
    } else if (undefined) {
      result.reason = fmt::format("group {} never committed on a partition that holds records", group);
    } else {
      result.reason = fmt::format("no sample of group {}'s lag in {}", group, counted(slices.total, "second"));
    }
    return result;
  }

  SampleNeed need() const override {
    SampleNeed need;
    need.text = fmt::format("{} of group {} {} in {} of seconds", to_string(terms_.signal.measure), terms_.signal.group,
                            terms_.slices.limit.text(), format_share(terms_.slices.objective));
    return need;
  }

  AbortTerms abort_terms() const override {
    return {1 - terms_.slices.objective, count_slices(terms_.signal, terms_.slices.limit), true};
  }

  bool has_seconds() const override { return true; }
  SecondState second(const Evidence& evidence, std::int32_t at) const override {
    return terms_.signal.state(evidence, terms_.slices.limit, at);
  }
  std::string_view probe() const override { return "lag"; }

 private:
  LagTerms terms_;
};

schema::TypePointer lag_shape() {
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
  if (limit) terms.slices.limit = *limit;
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
  terms.slices.maximum = *value;
  return true;
}

std::shared_ptr<const Gate> read_lag(const yaml::Node& body, GateReader& reader) {
  LagTerms terms;
  const yaml::Node& group = *body.find("group");
  terms.signal.group = group.text();
  bool good = reader.known(group, group.text(), reader.context().groups, "consumer group");
  if (const yaml::Node* topic = body.find("topic")) terms.signal.topic = topic->text();
  good = read_measure(body, reader, terms) && good;
  good = good && read_maximum(body, reader, terms);
  if (const yaml::Node* node = body.find("objective")) {
    terms.slices.objective = schema::as_share(*node);
    if (terms.slices.objective <= 0 || terms.slices.objective > 1) {
      reader.mistake(*node, "an objective lies above 0% and is at most 100%");
      good = false;
    }
  }
  return good ? std::make_shared<LagGate>(std::move(terms)) : nullptr;
}

}  // namespace

const GateKind& lag_kind() {
  static const GateKind kKind{"lag", "The lag of a consumer group, as a share of one-second slices.", true, &lag_shape,
                              &read_lag};
  return kKind;
}

}  // namespace tidegate::gates
