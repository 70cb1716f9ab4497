#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "audit/audit.hpp"
#include "audit/history_export.hpp"
#include "audit/life.hpp"
#include "base/file.hpp"
#include "base/units.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "reports/html.hpp"
#include "runner/judge.hpp"

namespace tidegate::cli {
namespace {

struct AuditFlags {
  std::string path, operation, format = "ndjson";
  std::vector<std::string> checkers;
  bool json = false;
  int threads = 2;
};

std::string_view mark_of(const record::AuditFinding& finding) {
  if (finding.outcome == "true") return "holds  ";
  return finding.outcome == "false" ? "BROKEN " : "unknown";
}

void print(const record::AuditFinding& finding) {
  std::cout << fmt::format("{}  {:<20}  {}\n", mark_of(finding), finding.checker, finding.reason);
  for (const json::value& example : finding.counterexamples) {
    const json::object& object = example.as_object();
    std::cout << "\n    " << string_member(object, "what").value_or("") << "\n";
    const json::value* life = object.if_contains("life");
    if (life == nullptr || !life->is_array()) continue;
    for (const json::value& row : life->as_array()) std::cout << "      " << std::string_view(row.as_string()) << "\n";
  }
  if (!finding.counterexamples.empty()) std::cout << "\n";
}

// Findings that were not asked for again stay as they are.
Result<std::vector<record::AuditFinding>> replace_findings(const record::RunDirectory& directory,
                                                           const std::vector<record::AuditFinding>& fresh) {
  auto known = directory.read_findings();
  if (!known) return known.error();
  std::vector<record::AuditFinding> all = *known ? **known : std::vector<record::AuditFinding>{};
  for (const record::AuditFinding& finding : fresh) {
    const auto old = std::ranges::find(all, finding.checker, &record::AuditFinding::checker);
    if (old == all.end()) {
      all.push_back(finding);
    } else {
      *old = finding;
    }
  }
  if (auto written = directory.write_findings(all); !written) return written.error();
  return all;
}

int audit_again(const AuditFlags& flags) {
  if (flags.path.empty()) return fail(usage_error("which run? Give its directory: tidegate audit DIR"));
  auto directory = record::RunDirectory::open(flags.path);
  if (!directory) return fail(directory.error());
  const auto info = directory->read_info();
  if (!info) return fail(info.error());
  if (info->extra.contains("merged_from")) {
    return fail(usage_error(flags.path +
                            " was merged from several runs, each of which read the system at a point of its "
                            "own: audit those; here each checker is as bad as its worst part"));
  }
  const std::vector<std::string> known = audit::checker_names();
  for (const std::string& name : flags.checkers) {
    if (std::ranges::find(known, name) != known.end()) continue;
    const std::string near = nearest_spelling(name, known);
    return fail(
        usage_error("there is no checker '" + name + "'" + (near.empty() ? "" : "; did you mean " + near + "?")));
  }
  audit::CheckOptions options;
  options.threads = flags.threads;
  const auto findings = audit::check(*directory, flags.checkers.empty() ? known : flags.checkers, options);
  if (auto replaced = replace_findings(*directory, findings); !replaced) return fail(replaced.error());
  auto verdict = runner::judge_directory(*directory);
  if (!verdict) return fail(verdict.error());
  if (auto written = directory->write_verdict(*verdict); !written) return fail(written.error());
  if (auto written = reports::write_html(*directory); !written) return fail(written.error());
  if (flags.json) {
    auto text = read_file(directory->findings());
    if (!text) return fail(text.error());
    std::cout << *text;
  } else {
    for (const record::AuditFinding& finding : findings) print(finding);
    std::cout << record::verdict_word(*verdict) << "\n";
  }
  return verdict->exit_code;
}

int show(const AuditFlags& flags) {
  auto directory = record::RunDirectory::open(flags.path);
  if (!directory) return fail(directory.error());
  const auto life = audit::read_life(*directory, flags.operation);
  if (!life) return fail(life.error());
  std::cout << audit::to_text(*life);
  return 0;
}

int export_all(const AuditFlags& flags) {
  auto directory = record::RunDirectory::open(flags.path);
  if (!directory) return fail(directory.error());
  const auto format = flags.format == "edn" ? audit::HistoryFormat::edn : audit::HistoryFormat::ndjson;
  const auto cut = audit::export_history(*directory, format, [](std::string_view line) { std::cout << line; });
  if (!cut) return fail(cut.error());
  std::cout.flush();
  if (!std::cout) return fail(machine_error("the history could not be written to standard output"));
  if (*cut) std::cerr << "tidegate: the history was cut short: its last records are missing\n";
  return *cut ? record::exit_code::inconclusive : 0;
}

}  // namespace

void add_audit(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<AuditFlags>();
  CLI::App* command = app.add_subcommand("audit", "Audit a run again; show one payment's life; export the history");
  command->add_option("DIR", flags->path, "Run directory");
  command->add_option("--checker", flags->checkers, "Only this checker; repeatable")->allow_extra_args(false);
  command->add_option("--threads", flags->threads, "Threads that check")->check(CLI::Range(1, 64));
  command->add_flag("--json", flags->json, "Print the findings as JSON");
  CLI::App* one = command->add_subcommand("show", "One payment's whole life on one clock");
  one->add_option("DIR", flags->path, "Run directory")->required();
  one->add_option("OPERATION", flags->operation, "A key, a payment's id, an event's id or a bank reference")
      ->required();
  one->callback([flags, &exit_code] { exit_code = show(*flags); });
  CLI::App* all = command->add_subcommand("export", "The operation history with its faults, on standard output");
  all->add_option("DIR", flags->path, "Run directory")->required();
  all->add_option("--format", flags->format, "ndjson, or edn as Jepsen's checkers read it")
      ->check(CLI::IsMember({"ndjson", "edn"}));
  all->callback([flags, &exit_code] { exit_code = export_all(*flags); });
  command->callback([flags, command, &exit_code] {
    if (command->get_subcommands().empty()) exit_code = audit_again(*flags);
  });
}

}  // namespace tidegate::cli
