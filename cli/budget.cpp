#include <ctime>
#include <iostream>

#include "base/units.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "gates/budget/burn.hpp"
#include "gates/budget/ledger.hpp"
#include "gates/budget/openslo.hpp"

namespace tidegate::cli {
namespace {

struct BudgetFlags {
  std::string ledger = "budget.db", slo, objective, at, source = "production";
  std::uint64_t good = 0, total = 0;
  runner::ScenarioOptions scenario;
  std::string bad_query = "sum(rate(slo_events_total{slo=\"NAME\",outcome=\"bad\"}[{{.window}}]))";
  std::string total_query = "sum(rate(slo_events_total{slo=\"NAME\"}[{{.window}}]))";
};

/// 2024-11-29T12:00:00Z, 2024-11-29, or seconds since 1970; empty: now.
Result<std::int64_t> moment(const std::string& text) {
  if (text.empty()) return static_cast<std::int64_t>(std::time(nullptr));
  if (const auto seconds = parse_integer(text)) return *seconds;
  for (const char* form : {"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"}) {
    std::tm parts{};
    const char* end = strptime(text.c_str(), form, &parts);
    if (end != nullptr && *end == '\0') return static_cast<std::int64_t>(timegm(&parts));
  }
  return usage_error("--at " + text + ": expected 2024-11-29T12:00:00Z, 2024-11-29 or seconds since 1970");
}

int record(const BudgetFlags& flags) {
  const auto objective = parse_share(flags.objective);
  if (!objective) return fail(usage_error("--objective " + flags.objective + ": " + objective.error().message));
  const auto at = moment(flags.at);
  if (!at) return fail(at.error());
  if (*at > std::time(nullptr) + 60) return fail(usage_error("--at " + flags.at + " lies in the future"));
  auto ledger = gates::Ledger::open(flags.ledger);
  if (!ledger) return fail(ledger.error());
  const auto recorded =
      ledger->record({flags.slo, *objective}, {flags.slo, *at, flags.good, flags.total, flags.source});
  return recorded ? record::exit_code::pass : fail(recorded.error());
}

// `decide`: whether the exit code says what releases may do.
int status(const BudgetFlags& flags, bool decide) {
  const auto now = moment(flags.at);
  if (!now) return fail(now.error());
  auto ledger = gates::Ledger::open(flags.ledger);
  if (!ledger) return fail(ledger.error());
  auto slos = ledger->slos();
  if (!slos) return fail(slos.error());
  std::vector<std::string> names;
  int code = record::exit_code::pass;
  bool any = false;
  for (const gates::LedgerSlo& slo : *slos) {
    names.push_back(slo.name);
    if (!flags.slo.empty() && slo.name != flags.slo) continue;
    any = true;
    auto one = gates::budget_status(*ledger, slo, *now);
    if (!one) return fail(one.error());
    std::cout << gates::status_text(*one);
    if (!one->known && code == record::exit_code::pass) code = record::exit_code::inconclusive;
    if (!one->freezes.empty()) code = record::exit_code::fail;
  }
  std::cout.flush();
  if (!any && !flags.slo.empty()) {
    const std::string near = nearest_spelling(flags.slo, names);
    return fail(usage_error(flags.ledger + " holds no SLO '" + flags.slo + "'" +
                            (near.empty() ? "" : "; did you mean " + near + "?")));
  }
  if (!any) {
    std::cout << flags.ledger << " holds no SLO\n";
    code = record::exit_code::inconclusive;
  }
  return decide ? code : record::exit_code::pass;
}

Result<std::vector<gates::OpenSlo>> slos_of(const BudgetFlags& flags) {
  auto scenario = runner::load_scenario(flags.scenario);
  if (!scenario) return scenario.error();
  const yaml::Node* gates = scenario->root.find("gates");
  auto slos = gates != nullptr ? gates::budgets_of(*gates, scenario->name) : std::vector<gates::OpenSlo>();
  if (slos.empty()) return usage_error(flags.scenario.path + ": no gate of this scenario is a budget");
  return slos;
}

int write_slo(const BudgetFlags& flags) {
  auto slos = slos_of(flags);
  if (!slos) return fail(slos.error());
  std::cout << gates::write_openslo(*slos);
  std::cout.flush();
  return record::exit_code::pass;
}

std::string with_name(std::string query, const std::string& name) {
  for (std::size_t at = query.find("NAME"); at != std::string::npos; at = query.find("NAME", at + name.size())) {
    query.replace(at, 4, name);
  }
  return query;
}

int write_alerts(const BudgetFlags& flags) {
  auto slos = slos_of(flags);
  if (!slos) return fail(slos.error());
  std::vector<gates::AlertedObjective> objectives;
  for (const gates::OpenSlo& slo : *slos) {
    objectives.push_back(
        {slo.name, slo.target, with_name(flags.bad_query, slo.name), with_name(flags.total_query, slo.name)});
  }
  std::cout << gates::prometheus_rules(objectives);
  std::cout.flush();
  return record::exit_code::pass;
}

void add_ledger_options(CLI::App& command, BudgetFlags& flags) {
  command.add_option("--ledger", flags.ledger, "SQLite file of the ledger; default budget.db");
  command.add_option("--at", flags.at, "The moment, such as 2024-11-29T12:00:00Z; default now");
}

}  // namespace

void add_budget(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<BudgetFlags>();
  CLI::App* budget = app.add_subcommand("budget", "The production error-budget ledger, SLO files and burn alerts");
  budget->require_subcommand(1);

  CLI::App* recording = budget->add_subcommand("record", "Add events of production; synthetic load is never debited");
  add_ledger_options(*recording, *flags);
  recording->add_option("--slo", flags->slo, "Name of the SLO")->required();
  recording->add_option("--objective", flags->objective, "Its objective, such as 99.95%")->required();
  recording->add_option("--good", flags->good, "Good events since the entry before")->required();
  recording->add_option("--total", flags->total, "All events since the entry before")->required();
  recording->add_option("--source", flags->source, "Who counted; default production");
  recording->callback([flags, &exit_code] { exit_code = record(*flags); });

  CLI::App* showing = budget->add_subcommand("status", "How much of each budget is spent");
  add_ledger_options(*showing, *flags);
  showing->add_option("--slo", flags->slo, "Only this SLO");
  showing->callback([flags, &exit_code] { exit_code = status(*flags, false); });

  CLI::App* checking = budget->add_subcommand("check", "Exit 99 when a budget freezes releases, 98 when unknown");
  add_ledger_options(*checking, *flags);
  checking->add_option("--slo", flags->slo, "Only this SLO");
  checking->callback([flags, &exit_code] { exit_code = status(*flags, true); });

  CLI::App* slo = budget->add_subcommand("slo", "The budget gates of a scenario as OpenSLO v1");
  CLI::App* alerts = budget->add_subcommand("alerts", "Burn alerts of a scenario's budget gates as Prometheus rules");
  for (CLI::App* command : {slo, alerts}) {
    command->add_option("FILE", flags->scenario.path, "Scenario file")->required();
    command->add_option("--variant", flags->scenario.variant, "Variant of the scenario; the first one by default");
  }
  alerts->add_option("--bad-query", flags->bad_query, "Rate of bad events; NAME and {{.window}} are filled in");
  alerts->add_option("--total-query", flags->total_query, "Rate of all events; NAME and {{.window}} are filled in");
  slo->callback([flags, &exit_code] { exit_code = write_slo(*flags); });
  alerts->callback([flags, &exit_code] { exit_code = write_alerts(*flags); });
}

}  // namespace tidegate::cli
