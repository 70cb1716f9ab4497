#include "reports/terminal.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/units.hpp"
#include "reports/quantity_text.hpp"
#include "reports/text_table.hpp"
#include "reports/visible_text.hpp"

namespace tidegate::reports {
namespace {

using record::Outcome;
using record::Verdict;
using Align = TextTable::Align;

constexpr int kNarrowestTerminal = 60;

Style style_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::pass:
      return Style::good;
    case Outcome::warn:
    case Outcome::inconclusive:
      return Style::doubtful;
    case Outcome::fail:
    case Outcome::error:
      return Style::bad;
    case Outcome::not_asked:
      return Style::dim;
  }
  return Style::plain;
}

std::string_view symbol_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::pass:
      return "✓";
    case Outcome::warn:
      return "!";
    case Outcome::fail:
      return "✗";
    case Outcome::inconclusive:
      return "?";
    case Outcome::error:
      return "✗";
    case Outcome::not_asked:
      return "-";
  }
  return "";
}

Cell outcome_cell(Outcome outcome) {
  return {fmt::format("{} {}", symbol_of(outcome), to_string(outcome)), style_of(outcome)};
}

/// What an audit checker's word means for the verdict.
Outcome outcome_of_finding(std::string_view word) {
  if (word == "true") return Outcome::pass;
  return word == "false" ? Outcome::fail : Outcome::inconclusive;
}

/// The whole summary, section by section.
class Summary {
 public:
  Summary(const record::RunInfo& info, const Verdict& verdict, const TerminalOptions& options)
      : info_(info),
        verdict_(verdict),
        options_(options),
        painter_(options.colour),
        width_(static_cast<std::size_t>(std::max(options.width, kNarrowestTerminal))),
        style_(verdict.judged ? style_of(verdict.outcome) : Style::bold) {}

  std::string render() {
    first_line();
    reasons();
    scale();
    gates();
    faults();
    audit();
    lag();
    if (options_.totals != nullptr) {
      requests(*options_.totals);
      execution(*options_.totals);
      network(*options_.totals);
    }
    generator();
    last_line();
    return std::move(out_);
  }

 private:
  void line(std::string_view text) { out_ += std::string(text) + "\n"; }
  void section(std::string_view name) { out_ += "\n" + painter_.paint(name, Style::heading) + "\n"; }

  /// Wrapped, with the first line after `lead` and the others below its text.
  void paragraph(std::string_view lead, std::string_view text, Style style) {
    const std::size_t indent = column_width(lead);
    std::string before(lead);
    for (const std::string& part : wrapped(visible_text(text), width_ - indent)) {
      line(before + painter_.paint(part, style));
      before.assign(indent, ' ');
    }
  }

  std::string subject() const {
    std::string text = verdict_.scenario.empty() ? info_.name : verdict_.scenario;
    const std::string& variant = verdict_.variant.empty() ? info_.variant : verdict_.variant;
    if (!variant.empty()) text += " · " + variant;
    if (!info_.profile.empty()) text += " · " + info_.profile;
    return visible_text(text);
  }

  void first_line() {
    std::string facts = fmt::format("seed {}", verdict_.seed);
    if (info_.ended_s) facts = format_seconds(*info_.ended_s) + " · " + facts;
    const std::string badge = painter_.badge(record::verdict_word(verdict_), style_);
    line(badge + "  " + painter_.paint(subject(), Style::bold) + painter_.paint("  " + facts, Style::dim));
    const std::string& title = verdict_.title.empty() ? info_.title : verdict_.title;
    if (!title.empty()) paragraph("", title, Style::dim);
  }

  void reasons() {
    if (verdict_.cut_short) paragraph("  ! ", "cut short: the run was killed, its files end early", Style::bad);
    if (verdict_.interrupted)
      paragraph("  ! ", "interrupted: faults were healed, what ran was judged", Style::doubtful);
    if (!verdict_.judged) paragraph("  - ", "no gates: nothing was judged", Style::plain);
    for (const std::string& reason : verdict_.reasons) {
      paragraph("  " + verdict_symbol() + " ", reason, Style::plain);
    }
  }

  std::string verdict_symbol() const { return std::string(verdict_.judged ? symbol_of(verdict_.outcome) : "-"); }

  void scale() {
    const auto& scale = verdict_.scale.empty() ? info_.scale : verdict_.scale;
    if (scale.empty()) return;
    section("SCALE  against the full variant");
    TextTable table({{"phase"}, {"rate", Align::right}, {"time", Align::right}});
    for (const auto& one : scale) table.add({{one.phase}, {factor_text(one.rate)}, {factor_text(one.time)}});
    out_ += table.render(painter_, width_);
  }

  std::string interval_head() const {
    double confidence = 0;
    for (const auto& gate : verdict_.gates) {
      if (!gate.interval) continue;
      if (confidence != 0 && confidence != gate.confidence) return "interval";
      confidence = gate.confidence;
    }
    return confidence == 0 ? "interval" : confidence_text(confidence) + " interval";
  }

  void gates() {
    if (verdict_.gates.empty()) return;
    section("GATES");
    TextTable table({{"outcome"},
                     {"gate"},
                     {"window"},
                     {"value", Align::right},
                     {"limit", Align::right},
                     {interval_head(), Align::right},
                     {"samples", Align::right}});
    for (const auto& gate : verdict_.gates) {
      table.add({outcome_cell(gate.outcome),
                 {gate.name, Style::bold},
                 {gate.during.empty() ? "all judged time" : gate.during},
                 {quantity_text(gate.value, gate.unit), style_of(gate.outcome)},
                 {limit_text(gate)},
                 {interval_text(gate), Style::dim},
                 {gate.samples == 0 ? "" : format_count(gate.samples)}});
      // A gate that holds has said everything in its row; the report has the rest.
      if (gate.outcome != Outcome::pass && !gate.reason.empty()) table.note(gate.reason, Style::dim);
    }
    out_ += table.render(painter_, width_);
  }

  void faults() {
    if (verdict_.faults.empty()) return;
    section("FAULTS");
    TextTable table({{"outcome"},
                     {"fault"},
                     {"kind"},
                     {"target"},
                     {"at", Align::right},
                     {"lasted", Align::right},
                     {"hits", Align::right},
                     {"detect", Align::right},
                     {"recover", Align::right}});
    for (const auto& fault : verdict_.faults) {
      const auto seconds = [](std::optional<double> value) { return quantity_text(value, "s"); };
      const std::string lasted = fault.healed_s ? format_seconds(*fault.healed_s - fault.injected_s) : "not healed";
      table.add({outcome_cell(fault.outcome),
                 {fault.name, Style::bold},
                 {fault.kind},
                 {fault.target},
                 {fmt::format("{:.1f} s", fault.injected_s)},
                 {lasted},
                 {format_count(fault.hits), fault.hits == 0 ? Style::bad : Style::plain},
                 {seconds(fault.time_to_detect_s)},
                 {seconds(fault.time_to_recover_s)}});
      if (fault.outcome != Outcome::pass && !fault.reason.empty()) table.note(fault.reason, Style::dim);
    }
    out_ += table.render(painter_, width_);
  }

  void audit() {
    if (verdict_.audit.empty()) return;
    section("AUDIT");
    TextTable table({{"outcome"}, {"checker"}, {"checked", Align::right}, {"violations", Align::right}});
    for (const auto& finding : verdict_.audit) {
      const bool holds = finding.outcome == "true";
      table.add({outcome_cell(outcome_of_finding(finding.outcome)),
                 {finding.checker, Style::bold},
                 {format_count(finding.checked)},
                 {holds ? "" : format_count(finding.counterexamples.size())}});
      if (!holds && !finding.reason.empty()) table.note(finding.reason, Style::dim);
    }
    out_ += table.render(painter_, width_);
  }

  void lag() {
    if (verdict_.lag.empty()) return;
    section("LAG");
    TextTable table(
        {{"group"}, {"topic"}, {"worst age", Align::right}, {"p99 age", Align::right}, {"most records", Align::right}});
    for (const auto& lag : verdict_.lag) {
      table.add({{lag.group, Style::bold},
                 {lag.topic},
                 {format_seconds(lag.max_age_s)},
                 {format_seconds(lag.p99_age_s)},
                 {format_count(lag.max_records)}});
    }
    out_ += table.render(painter_, width_);
  }

  void requests(const RunTotals& totals) {
    if (totals.steps.empty()) return;
    section("REQUESTS  of judged time, from the intended start");
    TextTable table({{"request"},
                     {"count", Align::right},
                     {"failed", Align::right},
                     {"rate", Align::right},
                     {"p50", Align::right},
                     {"p90", Align::right},
                     {"p99", Align::right},
                     {"max", Align::right}});
    for (const StepTotals& step : totals.steps) {
      const auto at = [&step](double percentile) {
        if (step.response.empty()) return std::string("–");
        return format_seconds(static_cast<double>(step.response.value_at_percentile(percentile)) / 1e6);
      };
      const auto count = static_cast<double>(step.response.count());
      table.add({{step.name, Style::bold},
                 {format_count(step.response.count())},
                 {format_count(step.failed), step.failed == 0 ? Style::plain : Style::bad},
                 {format_rate(count / totals.judged_seconds)},
                 {at(50)},
                 {at(90)},
                 {at(99)},
                 {at(100)}});
      for (const auto& [status, requests] : step.statuses) {
        const bool usual = !status.empty() && (status.front() == '2' || status.front() == '3');
        if (!usual) table.note(format_count(requests) + " x " + (status.empty() ? "no answer" : status), Style::dim);
      }
    }
    out_ += table.render(painter_, width_);
  }

  void execution(const RunTotals& totals) {
    section("EXECUTION");
    std::string text = fmt::format("{} iterations", format_count(totals.iterations));
    if (totals.failed_iterations > 0) text += fmt::format(", {} failed", format_count(totals.failed_iterations));
    if (totals.interrupted > 0) text += fmt::format(", {} interrupted", format_count(totals.interrupted));
    text += fmt::format(", {} dropped, at most {} in flight", format_count(totals.dropped_iterations),
                        format_count(static_cast<std::uint64_t>(totals.most_users)));
    paragraph("  ", text, Style::plain);
    std::string errors;
    for (const auto& [name, count] : totals.errors) {
      errors += fmt::format("{}{} {}", errors.empty() ? "errors: " : ", ", format_count(count), name);
    }
    if (!errors.empty()) paragraph("  ", errors, Style::bad);
  }

  void network(const RunTotals& totals) {
    if (totals.bytes_sent == 0 && totals.bytes_received == 0) return;
    section("NETWORK");
    paragraph("  ",
              fmt::format("sent {}, received {}", format_bytes(static_cast<std::uint64_t>(totals.bytes_sent)),
                          format_bytes(static_cast<std::uint64_t>(totals.bytes_received))),
              Style::plain);
  }

  void generator() {
    const record::Validity& load = verdict_.validity;
    section("LOAD GENERATOR");
    const std::string mark = fmt::format("  {} ", symbol_of(load.outcome));
    paragraph(mark, generator_text(load), Style::plain);
    for (const std::string& reason : load.reasons) paragraph("    ", reason, style_of(load.outcome));
  }

  void last_line() {
    out_ += "\n";
    if (!options_.report.empty()) line("report  " + visible_text(options_.report));
    const std::string code = painter_.paint(fmt::format("exit code {}", verdict_.exit_code), Style::dim);
    line(painter_.badge(record::verdict_word(verdict_), style_) + "  " + subject() + "  " + code);
  }

  const record::RunInfo& info_;
  const Verdict& verdict_;
  const TerminalOptions& options_;
  Painter painter_;
  std::size_t width_;
  Style style_;
  std::string out_;
};

}  // namespace

std::string render_terminal(const record::RunInfo& info, const record::Verdict& verdict,
                            const TerminalOptions& options) {
  return Summary(info, verdict, options).render();
}

}  // namespace tidegate::reports
