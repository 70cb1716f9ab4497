// probe: {scrape: 'outbox_depth{service="gateway"}', from: gateway.http/metrics, value: < 1000, objective: 99%}
// probe: {get: http://127.0.0.1:8080/queues, json: $.depth, value: < 1000}
// probe: {sql: 'SELECT count(*) FROM outbox WHERE sent = 0', from: 'sqlite:outbox.db', value: < 1000}
// probe: {promql: 'sum(rate(errors_total[1m]))', from: http://127.0.0.1:9090, value: < 5}
//
// A number from outside, once a second: a census of one-second slices (gates/slices.hpp).

#include <fmt/format.h>

#include <cmath>

#include "base/units.hpp"
#include "gates/kinds/kinds.hpp"
#include "gates/probes/exposition.hpp"
#include "gates/probes/signal_source.hpp"
#include "gates/probes/sql_source.hpp"
#include "gates/slices.hpp"

namespace tidegate::gates {
namespace {

class ProbeGate final : public Gate {
 public:
  ProbeGate(SignalSpec signal, SliceTerms terms) : signal_(std::move(signal)), terms_(terms) {}

  record::GateResult judge(const Evidence& evidence, const Scope& scope) const override {
    const Slices slices = take_census(scope.seconds, [&](std::int32_t at) {
      const auto value = value_at(evidence, at);
      return Slice{value, state_of(value)};
    });
    record::GateResult result = slices.result(terms_);
    result.reason = slices.unknown == slices.total
                        ? fmt::format("no value of {} in {}", signal_.what, counted(slices.total, "second"))
                        : fmt::format("{} {} in {}", signal_.what, terms_.limit.text(), slices.text(terms_));
    return result;
  }

  SampleNeed need() const override {
    SampleNeed need;
    need.text =
        fmt::format("{} {} in {} of seconds", signal_.what, terms_.limit.text(), format_share(terms_.objective));
    return need;
  }

  bool has_seconds() const override { return true; }
  SecondState second(const Evidence& evidence, std::int32_t at) const override {
    return state_of(value_at(evidence, at));
  }
  std::string_view probe() const override { return probe_; }
  const SignalSpec* signal() const override { return &signal_; }

 private:
  std::optional<double> value_at(const Evidence& evidence, std::int32_t at) const {
    const auto points = evidence.gauges(record::kProbeValue, {{"probe", signal_.name}}, SecondSet(at, at + 1));
    if (points.empty() || !std::isfinite(points.back().value)) return std::nullopt;
    return points.back().value;
  }
  SecondState state_of(const std::optional<double>& value) const {
    if (!value) return SecondState::unknown;
    return terms_.limit.holds(*value) ? SecondState::holds : SecondState::fails;
  }

  SignalSpec signal_;
  SliceTerms terms_;
  std::string probe_ = "probe:" + signal_.name;
};

schema::TypePointer probe_shape() {
  return schema::object(
      {
          schema::optional("scrape", schema::text(),
                           "A Prometheus metric with labels, the sum of what matches; rate(METRIC) of a counter."),
          schema::optional("get", schema::text(), "A URL that answers JSON."),
          schema::optional("json", schema::text(), "Where the number is in that JSON: $.queues[0].depth."),
          schema::optional("sql", schema::text(), "A SELECT; its first column of its first row."),
          schema::optional("promql", schema::text(), "A query of a Prometheus server that gives one number."),
          schema::optional("from", schema::text(),
                           "Where: a URL, an endpoint of the stack and a path (gateway.http/metrics), sqlite:PATH, or "
                           "postgresql://USER@HOST/DATABASE."),
          schema::required("value", schema::text(), "The limit: < 1000."),
          schema::optional("objective", schema::share(), "Share of one-second slices that must hold; default 99%."),
          schema::optional("maximum", schema::number(0, 1e15), "A value that no second may exceed."),
      },
      "A number from outside, read once a second: a scraped metric, an HTTP answer, SQL or PromQL.");
}

struct SourceKey {
  const char* key;
  SignalSpec::Kind kind;
};
constexpr SourceKey kSources[] = {{"scrape", SignalSpec::Kind::scrape},
                                  {"get", SignalSpec::Kind::http},
                                  {"sql", SignalSpec::Kind::sql},
                                  {"promql", SignalSpec::Kind::promql}};

const yaml::Node* read_kind(const yaml::Node& body, GateReader& reader, SignalSpec& spec) {
  const yaml::Node* found = nullptr;
  for (const SourceKey& source : kSources) {
    const yaml::Node* node = body.find(source.key);
    if (node == nullptr) continue;
    if (found != nullptr) {
      reader.mistake(*node, "one of scrape, get, sql and promql a gate");
      return nullptr;
    }
    found = node;
    spec.kind = source.kind;
    spec.what = node->text();
  }
  if (found == nullptr) reader.mistake(body, "a probe gate needs scrape, get, sql or promql");
  return found;
}

bool read_scrape(const yaml::Node& node, GateReader& reader, SignalSpec& spec) {
  const std::string_view text = trimmed(spec.what);
  if (text.starts_with("rate(") && text.ends_with(")")) {
    spec.as_rate = true;
    spec.what = std::string(trimmed(text.substr(5, text.size() - 6)));
  }
  const auto selector = parse_sample_selector(spec.what);
  if (!selector) reader.mistake(node, selector.error().message);
  return selector.ok();
}

bool read_place(const yaml::Node& body, const yaml::Node& what, GateReader& reader, SignalSpec& spec) {
  const yaml::Node* from = body.find("from");
  const yaml::Node* json = body.find("json");
  if (spec.kind == SignalSpec::Kind::http) {
    spec.from = spec.what;
    spec.what = json != nullptr ? json->text() : "";
    if (json == nullptr) reader.mistake(what, "get needs json: where the number is, such as $.depth");
    if (from != nullptr) reader.mistake(*from, "get has the URL itself");
    return json != nullptr && from == nullptr;
  }
  if (json != nullptr) {
    reader.mistake(*json, "json belongs to get");
    return false;
  }
  if (from == nullptr) {
    reader.mistake(what, "needs from: a URL, an endpoint of the stack, or a database");
    return false;
  }
  spec.from = from->text();
  const bool database = is_database(spec.from);
  if (database == (spec.kind == SignalSpec::Kind::sql)) {
    const std::vector<std::string>& processes = reader.context().processes;
    if (database || spec.from.starts_with("http://") || processes.empty()) return true;
    return reader.known(*from, spec.from.substr(0, spec.from.find_first_of("./")), processes, "process");
  }
  reader.mistake(*from, database ? "a database belongs to sql" : "sql reads from sqlite:PATH or postgresql://...");
  return false;
}

std::shared_ptr<const Gate> read_probe(const yaml::Node& body, GateReader& reader) {
  SignalSpec spec;
  spec.name = reader.name();
  SliceTerms terms;
  const yaml::Node* what = read_kind(body, reader, spec);
  if (what == nullptr) return nullptr;
  bool good = spec.kind != SignalSpec::Kind::scrape || read_scrape(*what, reader, spec);
  good = read_place(body, *what, reader, spec) && good;
  const auto limit = reader.limit(*body.find("value"), Dimension::count);
  if (limit) terms.limit = *limit;
  if (const yaml::Node* node = body.find("maximum")) terms.maximum = schema::as_number(*node);
  if (const yaml::Node* node = body.find("objective")) {
    terms.objective = schema::as_share(*node);
    if (terms.objective <= 0 || terms.objective > 1) {
      reader.mistake(*node, "an objective lies above 0% and is at most 100%");
      good = false;
    }
  }
  return good && limit ? std::make_shared<ProbeGate>(std::move(spec), terms) : nullptr;
}

}  // namespace

const GateKind& probe_kind() {
  static const GateKind kKind{"probe", "A number from outside, as a share of one-second slices.", true, &probe_shape,
                              &read_probe};
  return kKind;
}

}  // namespace tidegate::gates
