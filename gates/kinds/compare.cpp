// compare: {metric: "p99(response_time{name=create_payment})", allow: 10%}
//
// Judged against a baseline only. Without one it is listed as NOT ASKED and does not count.

#include <fmt/format.h>

#include "gates/kinds/kinds.hpp"

namespace tidegate::gates {
namespace {

class CompareGate final : public Gate {
 public:
  CompareGate(std::string metric, double allow) : metric_(std::move(metric)), allow_(allow) {}

  record::GateResult judge(const Evidence& /*evidence*/, const Scope& /*scope*/) const override {
    record::GateResult result;
    result.outcome = record::Outcome::not_asked;
    result.confidence = 0;
    result.reason = "no baseline was given";
    return result;
  }

  SampleNeed need() const override {
    SampleNeed need;
    need.text = fmt::format("{} within {} of the baseline", metric_, format_quantity(allow_, Dimension::share));
    return need;
  }

 private:
  std::string metric_;
  double allow_;
};

schema::TypePointer shape() {
  return schema::object(
      {
          schema::required("metric", schema::text(),
                           "An aggregate of a metric: p99(response_time{name=create_payment})."),
          schema::required("allow", schema::share(), "How much worse than the baseline it may be."),
      },
      "A comparison with a baseline run; not asked without one.");
}

std::shared_ptr<const Gate> read(const yaml::Node& body, GateReader& reader) {
  const yaml::Node& metric = *body.find("metric");
  if (!reader.measure(metric)) return nullptr;
  return std::make_shared<CompareGate>(metric.text(), schema::as_share(*body.find("allow")));
}

}  // namespace

const GateKind& compare_kind() {
  static const GateKind kKind{"compare", "A comparison with a baseline run; not asked without one.", false, &shape,
                              &read};
  return kKind;
}

}  // namespace tidegate::gates
