// tidegate drill: a scenario whose faults must be noticed, played with its runbook.
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <iostream>
#include <mutex>
#include <sstream>
#include <thread>

#include "base/file.hpp"
#include "base/units.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/runbook.hpp"
#include "record/events.hpp"
#include "record/run.hpp"
#include "runner/rehearsal.hpp"

namespace tidegate::cli {
namespace {

struct DrillFlags {
  runner::RunOptions run;
  std::string runbook;
  bool json = false, strict = false, pause = false;
};

/// Prints each step when it is due; with `pause` waits for Enter beside the run, and records how long that took.
class Conductor {
 public:
  Conductor(std::vector<RunbookStep> steps, bool pause, bool quiet)
      : steps_(std::move(steps)), pause_(pause), quiet_(quiet), done_(steps_.size()) {}
  ~Conductor() { stop(); }

  void begin() {
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (steps_[i].fault.empty()) show(i);
    }
  }

  void changed(const chaos::FaultProgress& fault, const runner::RunOptions::Emit& emit) {
    const std::lock_guard lock(mutex_);
    if (pause_ && !thread_.joinable()) thread_ = std::thread([this] { read_answers(); });
    emit_ = emit;
    if (fault.stage == chaos::FaultProgress::Stage::failed) return;  // no step is due: the run tells why
    const char* moment = fault.stage == chaos::FaultProgress::Stage::active ? "injected" : "healed";
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (steps_[i].fault != fault.name || steps_[i].moment != moment || done_[i].shown) continue;
      show(i);
      emit("runbook_step", {{"step", steps_[i].title}, {"fault", fault.name}});
    }
  }

  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
    const std::lock_guard lock(mutex_);
    emit_ = {};
  }

  /// What the table says of the steps of a fault.
  std::string steps_of(const std::string& fault) const {
    std::string text;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (steps_[i].fault != fault) continue;
      text += (text.empty() ? "" : "; ") + steps_[i].title;
      if (done_[i].by_hand_s) text += fmt::format(" ({} by hand)", format_seconds(*done_[i].by_hand_s));
    }
    return text;
  }

 private:
  struct Done {
    bool shown = false;
    Nanoseconds shown_at{0};
    std::optional<double> by_hand_s;
  };

  void show(std::size_t index) {
    done_[index].shown = true;
    done_[index].shown_at = monotonic_now();
    if (quiet_) return;
    std::cerr << "\n  RUNBOOK  " << steps_[index].title << "\n";
    std::istringstream lines(steps_[index].text);
    for (std::string line; std::getline(lines, line);) std::cerr << "           " << line << "\n";
    if (pause_ && !steps_[index].fault.empty()) std::cerr << "           Press Enter when it is done.\n";
  }

  // Each line from the terminal answers the oldest step that was shown and waits.
  void read_answers() {
    while (!stopping_) {
      pollfd input{STDIN_FILENO, POLLIN, 0};
      if (::poll(&input, 1, 100) <= 0) continue;
      std::string line;
      if (!std::getline(std::cin, line)) return;
      const std::lock_guard lock(mutex_);
      answered();
    }
  }

  void answered() {
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (!done_[i].shown || done_[i].by_hand_s || steps_[i].fault.empty()) continue;
      done_[i].by_hand_s = to_seconds(monotonic_now() - done_[i].shown_at);
      if (emit_) emit_("runbook_step_done", {{"step", steps_[i].title}, {"seconds", *done_[i].by_hand_s}});
      std::cerr << "           done after " << format_seconds(*done_[i].by_hand_s) << "\n";
      return;
    }
  }

  std::vector<RunbookStep> steps_;
  bool pause_, quiet_;
  std::vector<Done> done_;
  std::mutex mutex_;
  runner::RunOptions::Emit emit_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

std::string gates_during(const record::Verdict& verdict, const std::string& fault) {
  std::string text;
  for (const auto& gate : verdict.gates) {
    if (gate.during != "during:" + fault) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", gate.name, record::to_string(gate.outcome));
  }
  return text.empty() ? "-" : text;
}

std::string invariants(const record::Verdict& verdict) {
  if (verdict.audit.empty()) return "not audited";
  std::string broken;
  for (const auto& finding : verdict.audit) {
    if (finding.outcome != "true") broken += (broken.empty() ? "" : ", ") + finding.checker + " " + finding.outcome;
  }
  return broken.empty() ? fmt::format("all {} hold", verdict.audit.size()) : broken;
}

/// The drill table: one fault a line.
std::string drill_table(const record::Verdict& verdict, const Conductor& conductor) {
  const auto seconds = [](const std::optional<double>& value) {
    return value ? format_seconds(*value) : std::string("-");
  };
  std::string table = fmt::format("\n{:<22} {:>8} {:>10} {:>10}  {:<34} {}\n", "FAULT", "HITS", "DETECTED", "RECOVERED",
                                  "GATES DURING", "RUNBOOK");
  for (const auto& fault : verdict.faults) {
    table += fmt::format("{:<22} {:>8} {:>10} {:>10}  {:<34} {}\n", fault.name, format_count(fault.hits),
                         seconds(fault.time_to_detect_s), seconds(fault.time_to_recover_s),
                         gates_during(verdict, fault.name), conductor.steps_of(fault.name));
  }
  return table + "invariants after: " + invariants(verdict) + "\n";
}

/// A line per fault that touched requests which can be told: how they fared, against those of the same seconds.
std::string effects(const std::string& directory) {
  std::string text;
  const auto run = record::RunDirectory::open(directory);
  const auto log = run ? record::read_events(run->events()) : Result<record::EventLog>(run.error());
  if (!log) return text;
  for (const record::Event& event : log->events) {
    if (event.type != "fault_touched") continue;
    const auto count = [&](const char* name) {
      return format_count(static_cast<std::uint64_t>(integer_member(event.fields, name).value_or(0)));
    };
    const auto seconds = [&](const char* name) {
      return format_seconds(number_member(event.fields, name).value_or(0));
    };
    text += fmt::format("{} touched {} requests: p50 {}, {} failed; {} others of the same seconds: p50 {}, {} failed\n",
                        string_member(event.fields, "fault").value_or(""), count("requests"), seconds("p50_s"),
                        count("failed"), count("others"), seconds("others_p50_s"), count("others_failed"));
  }
  return text;
}

/// Beside the drill, of the same name.
std::string runbook_path(const std::string& scenario) {
  return scenario.substr(0, scenario.rfind('.')) + ".md";
}

Result<std::vector<RunbookStep>> read_steps(const runner::Scenario& scenario, const std::string& path) {
  bool expects = false;
  std::vector<std::string> faults;
  for (const auto& fault : scenario.faults) {
    faults.push_back(fault.name);
    expects = expects || fault.expect;
  }
  if (!expects) {
    return usage_error(scenario.path + " is no drill: none of its faults has expect: {gate: NAME, within: TIME}");
  }
  const auto text = read_file(path);
  if (!text) return usage_error("a drill has a runbook: " + text.error().message + " (--runbook names another file)");
  Diagnostics diagnostics;
  auto steps = parse_runbook(*text, path, faults, diagnostics);
  if (!diagnostics.empty()) return diagnostics.to_error();
  return steps;
}

int play(const runner::ScenarioOptions& options, DrillFlags flags) {
  auto scenario = runner::load_scenario(options);
  if (!scenario) return fail(scenario.error());
  auto steps = read_steps(*scenario, flags.runbook.empty() ? runbook_path(options.path) : flags.runbook);
  if (!steps) return fail(steps.error());
  Conductor conductor(std::move(*steps), flags.pause, flags.run.quiet || flags.json);
  flags.run.command = command_line();
  flags.run.on_fault = [&conductor](const chaos::FaultProgress& fault, const runner::RunOptions::Emit& emit) {
    conductor.changed(fault, emit);
  };
  conductor.begin();
  auto outcome = runner::rehearse(std::move(*scenario), flags.run);
  conductor.stop();
  if (!outcome) return fail(outcome.error());
  if (!flags.json && !flags.run.quiet) {
    std::cout << drill_table(outcome->verdict, conductor) << effects(outcome->directory) << "\n";
  }
  return finish(outcome->info, outcome->verdict, outcome->directory, flags.json, flags.run.quiet, flags.strict);
}

}  // namespace

void add_drill(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("drill", "Play a scenario whose faults must be noticed, with its runbook");
  auto options = add_scenario_options(*command);
  auto flags = std::make_shared<DrillFlags>();
  command->add_option("--runbook", flags->runbook, "Markdown file of steps (default: beside FILE, of the same name)");
  command->add_flag("--pause", flags->pause, "Wait for Enter at each step, beside the run, and time it");
  command->add_option("--out", flags->run.out, "Run directory (default: runs/NAME-TIME)");
  command->add_flag("--quiet", flags->run.quiet, "Only the verdict");
  command->add_flag("--json", flags->json, "Print verdict.json instead of the summary");
  command->add_flag("--strict", flags->strict, "WARN exits with 99");
  command->callback([options, flags, &exit_code] { exit_code = play(*options, *flags); });
}

}  // namespace tidegate::cli
