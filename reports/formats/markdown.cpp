// GitHub-flavoured Markdown for step summaries (at most 1 MiB each) and comments (at most 65,536 characters): short
// enough for both. What others wrote is escaped, so that it cannot become markup, a link or a mention.

#include <fmt/format.h>

#include "base/units.hpp"
#include "reports/format.hpp"
#include "reports/quantity_text.hpp"
#include "reports/totals.hpp"
#include "reports/visible_text.hpp"

namespace tidegate::reports {
namespace {

using record::Outcome;

constexpr std::size_t kLongest = 60'000;
constexpr std::size_t kMostRows = 100;
constexpr std::size_t kLongestCell = 300;

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : shortened(visible_text(text), kLongestCell)) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '@':
        out += "&#64;";
        break;
      case '|':
      case '\\':
      case '`':
      case '*':
      case '_':
      case '[':
      case ']':
      case '#':
      case '~':
      case '!':
        out += '\\';
        out += c;
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string_view symbol(Outcome outcome) {
  switch (outcome) {
    case Outcome::pass:
      return "✅";
    case Outcome::warn:
      return "⚠️";
    case Outcome::fail:
      return "❌";
    case Outcome::inconclusive:
      return "❔";
    case Outcome::error:
      return "💥";
    case Outcome::not_asked:
      return "➖";
  }
  return "";
}

class Summary {
 public:
  explicit Summary(const FormatInput& input) : input_(input), verdict_(input.verdict) {}

  std::string render() {
    head();
    gates();
    faults();
    requests();
    audit();
    tail();
    return std::move(out_);
  }

 private:
  /// Rows beyond what fits are counted, never cut in the middle.
  template <typename Rows, typename Text>
  void table(std::string_view title, std::string_view head, const Rows& rows, Text&& text) {
    if (rows.empty()) return;
    out_ += fmt::format("\n#### {}\n\n{}\n", title, head);
    std::size_t shown = 0;
    for (const auto& row : rows) {
      const std::string line = text(row);
      if (shown == kMostRows || out_.size() + line.size() > kLongest) break;
      out_ += line;
      ++shown;
    }
    if (shown < rows.size()) out_ += fmt::format("\n{} more are in the report.\n", rows.size() - shown);
  }

  void head() {
    const record::RunInfo& info = input_.info;
    const std::string& title = info.title.empty() ? info.name : info.title;
    const std::string_view mark = verdict_.judged ? symbol(verdict_.outcome) : "➖";
    out_ += fmt::format("### {} {} · {}\n\n", mark, record::verdict_word(verdict_), escaped(title));
    out_ += "`" + code(info.name) + "`";
    if (!info.variant.empty()) out_ += " · " + escaped(info.variant);
    if (!info.profile.empty()) out_ += " · " + escaped(info.profile);
    out_ += fmt::format(" · seed {}", verdict_.seed);
    if (info.ended_s) out_ += " · " + format_seconds(*info.ended_s);
    out_ += "\n\n";
    if (verdict_.cut_short) out_ += "- **cut short**: the run was killed, its files end early\n";
    if (verdict_.interrupted) out_ += "- **interrupted**: faults were healed, what ran was judged\n";
    for (std::size_t i = 0; i < verdict_.reasons.size() && i < 20; ++i)
      out_ += "- " + escaped(verdict_.reasons[i]) + "\n";
    out_ += "\nLoad generator: " + generator_text(verdict_.validity) + "\n";
  }

  void gates() {
    table("Gates", "| | gate | window | value | limit | interval | samples |\n|---|---|---|--:|--:|--:|--:|",
          verdict_.gates, [](const record::GateResult& gate) {
            return fmt::format("| {} {} | {} | {} | **{}** | {} | {} | {} |\n", symbol(gate.outcome),
                               to_string(gate.outcome), escaped(gate.name),
                               gate.during.empty() ? "all judged time" : escaped(gate.during),
                               quantity_text(gate.value, gate.unit), escaped(limit_text(gate)), interval_text(gate),
                               gate.samples == 0 ? "" : format_count(gate.samples));
          });
  }

  void faults() {
    table("Faults", "| | fault | target | at | hits | detected | recovered |\n|---|---|---|--:|--:|--:|--:|",
          verdict_.faults, [](const record::FaultResult& fault) {
            return fmt::format("| {} {} | {} | {} | {} | {} | {} | {} |\n", symbol(fault.outcome),
                               to_string(fault.outcome), escaped(fault.name), escaped(fault.target),
                               format_seconds(fault.injected_s), format_count(fault.hits),
                               quantity_text(fault.time_to_detect_s, "s"), quantity_text(fault.time_to_recover_s, "s"));
          });
  }

  void requests() {
    const auto totals = read_totals(input_.directory, input_.info);
    if (!totals) return;
    table("Requests", "| request | count | failed | p50 | p90 | p99 | max |\n|---|--:|--:|--:|--:|--:|--:|",
          totals->steps, [](const StepTotals& step) {
            const auto at = [&step](double percentile) {
              if (step.response.empty()) return std::string("–");
              return format_seconds(static_cast<double>(step.response.value_at_percentile(percentile)) / 1e6);
            };
            return fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", escaped(step.name),
                               format_count(step.response.count()), format_count(step.failed), at(50), at(90), at(99),
                               at(100));
          });
  }

  void audit() {
    table("Audit", "| | checker | checked | counterexamples |\n|---|---|--:|--:|", verdict_.audit,
          [](const record::AuditFinding& finding) {
            const Outcome outcome = finding.outcome == "true"    ? Outcome::pass
                                    : finding.outcome == "false" ? Outcome::fail
                                                                 : Outcome::inconclusive;
            return fmt::format("| {} {} | {} | {} | {} |\n", symbol(outcome), escaped(finding.outcome),
                               escaped(finding.checker), format_count(finding.checked), finding.counterexamples.size());
          });
  }

  void tail() {
    if (!input_.info.command.empty()) {
      out_ += "\nReproduce: `" + code(shortened(input_.info.command, 2000)) + "`\n";
    }
  }

  /// Inside backticks nothing is escaped; backticks themselves have no place there.
  static std::string code(std::string_view text) {
    std::string out = visible_text(text);
    for (char& c : out) {
      if (c == '`') c = '\'';
    }
    return out;
  }

  const FormatInput& input_;
  const record::Verdict& verdict_;
  std::string out_;
};

}  // namespace

Result<void> render_markdown(const FormatInput& input, const Sink& sink) {
  sink(Summary(input).render());
  return {};
}

}  // namespace tidegate::reports
