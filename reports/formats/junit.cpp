// JUnit XML as CI systems read it (the common part of what Jenkins, GitLab and Azure document). A FAIL is a failure,
// INCONCLUSIVE and ERROR are errors with their word as type: never skipped, never green. A comparison that nobody asked
// for is skipped.

#include <map>

#include <fmt/format.h>

#include "base/utf8.hpp"
#include "record/compact_json.hpp"
#include "reports/format.hpp"
#include "reports/quantity_text.hpp"

namespace tidegate::reports {
namespace {

using record::Outcome;

/// Escaped, with what XML 1.0 cannot hold (control characters, no UTF-8) as U+FFFD.
std::string xml(std::string_view text) {
  std::string out;
  for (const char c : record::valid_utf8(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\n':
        out += "&#10;";
        break;
      case '\t':
        out += "&#9;";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          out += "\xef\xbf\xbd";
        } else {
          out += c;
        }
    }
  }
  return out;
}

struct Case {
  std::string group;  ///< gates, faults, generator, verdict
  std::string name;
  Outcome outcome = Outcome::pass;
  std::string message;
  std::string details;  ///< value, limit and interval
};

class Cases {
 public:
  void add(Case one) {
    // Names are stable between runs and, should two be equal, numbered in their order.
    const int seen = ++names_[one.group + "\n" + one.name];
    if (seen > 1) one.name += fmt::format(" #{}", seen);
    switch (one.outcome) {
      case Outcome::pass:
      case Outcome::warn:
        break;
      case Outcome::fail:
        ++failures;
        break;
      case Outcome::inconclusive:
      case Outcome::error:
        ++errors;
        break;
      case Outcome::not_asked:
        ++skipped;
        break;
    }
    cases.push_back(std::move(one));
  }

  std::vector<Case> cases;
  int failures = 0, errors = 0, skipped = 0;

 private:
  std::map<std::string, int> names_;
};

std::string details_of(const record::GateResult& gate) {
  std::string text = "value " + quantity_text(gate.value, gate.unit);
  if (const std::string limit = limit_text(gate); !limit.empty()) text += ", limit " + limit;
  if (const std::string interval = interval_text(gate); !interval.empty()) text += ", interval " + interval;
  if (gate.samples > 0) text += fmt::format(", {} samples", gate.samples);
  return text;
}

Cases cases_of(const record::Verdict& verdict) {
  Cases cases;
  for (const record::GateResult& gate : verdict.gates) {
    const std::string window = gate.during.empty() ? "all judged time" : gate.during;
    cases.add({"gates", gate.name + " [" + window + "]", gate.outcome, gate.reason, details_of(gate)});
  }
  for (const record::FaultResult& fault : verdict.faults) {
    cases.add({"faults", fault.name, fault.outcome, fault.reason, fmt::format("{} hits", fault.hits)});
  }
  std::string doubts;
  for (const std::string& reason : verdict.validity.reasons) doubts += (doubts.empty() ? "" : "; ") + reason;
  cases.add({"generator", "load generator", verdict.validity.outcome, doubts, ""});
  std::string reasons;
  for (const std::string& reason : verdict.reasons) reasons += (reasons.empty() ? "" : "\n") + reason;
  cases.add(
      {"verdict", "verdict", verdict.judged ? verdict.outcome : Outcome::pass, reasons, record::verdict_word(verdict)});
  return cases;
}

std::string text_of(const Case& one, const std::string& scenario) {
  std::string out = fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"0\"",
                                xml(scenario + "." + one.group), xml(one.name));
  const std::string word(to_string(one.outcome));
  const std::string message = xml(one.message.empty() ? word : one.message);
  const std::string body = xml(one.details);
  switch (one.outcome) {
    case Outcome::pass:
      return out + "/>\n";
    case Outcome::warn:
      return out + fmt::format(">\n      <system-out>WARN: {} ({})</system-out>\n    </testcase>\n", message, body);
    case Outcome::fail:
      return out + fmt::format(">\n      <failure type=\"FAIL\" message=\"{}\">{}</failure>\n    </testcase>\n",
                               message, body);
    case Outcome::inconclusive:
    case Outcome::error:
      return out + fmt::format(">\n      <error type=\"{}\" message=\"{}\">{}</error>\n    </testcase>\n", word,
                               message, body);
    case Outcome::not_asked:
      return out + fmt::format(">\n      <skipped message=\"{}\"/>\n    </testcase>\n", message);
  }
  return out;
}

}  // namespace

Result<void> render_junit(const FormatInput& input, const Sink& sink) {
  const record::Verdict& verdict = input.verdict;
  const Cases cases = cases_of(verdict);
  const std::string scenario = verdict.scenario.empty() ? input.info.name : verdict.scenario;
  const std::string name = scenario + (verdict.variant.empty() ? "" : " (" + verdict.variant + ")");
  const std::string counts =
      fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3f}\"", cases.cases.size(),
                  cases.failures, cases.errors, cases.skipped, input.info.ended_s.value_or(0));
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out += fmt::format("<testsuites name=\"tidegate\" {}>\n", counts);
  out += fmt::format("  <testsuite name=\"{}\" {} timestamp=\"{}\">\n", xml(name), counts, xml(input.info.started_at));
  out += fmt::format("    <properties>\n      <property name=\"seed\" value=\"{}\"/>\n", verdict.seed);
  out += fmt::format("      <property name=\"command\" value=\"{}\"/>\n", xml(input.info.command));
  out += fmt::format("      <property name=\"verdict\" value=\"{}\"/>\n    </properties>\n",
                     record::verdict_word(verdict));
  for (const Case& one : cases.cases) out += text_of(one, scenario);
  out += "  </testsuite>\n</testsuites>\n";
  sink(out);
  return {};
}

}  // namespace tidegate::reports
