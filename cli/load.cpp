#include "base/units.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "runner/url_rehearsal.hpp"

namespace tidegate::cli {
namespace {

struct LoadFlags {
  std::string rate, duration = "10s", timeout;
  std::vector<std::string> headers;
  std::uint32_t vus = 0;
  bool json = false;
  runner::UrlRehearsal rehearsal;
};

Result<void> fill(LoadFlags& flags) {
  auto& load = flags.rehearsal.load;
  const auto duration = parse_duration(flags.duration);
  if (!duration) return usage_error("--for " + flags.duration + ": " + duration.error().message);
  load.duration = *duration;
  if (!flags.timeout.empty()) {
    const auto timeout = parse_duration(flags.timeout);
    if (!timeout) return usage_error("--timeout " + flags.timeout + ": " + timeout.error().message);
    load.timeout = *timeout;
  }
  if (!flags.rate.empty() && flags.vus != 0) return usage_error("--rate and --vus exclude each other");
  if (!flags.rate.empty()) {
    const auto rate = parse_rate(flags.rate);
    if (!rate) return usage_error("--rate " + flags.rate + ": " + rate.error().message);
    load.rate = *rate;
  } else {
    load.vus = flags.vus == 0 ? 64 : flags.vus;
  }
  for (const std::string& header : flags.headers) {
    const auto colon = header.find(':');
    if (colon == std::string::npos || colon == 0) return usage_error("--header '" + header + "': expected NAME: VALUE");
    const auto value = header.find_first_not_of(" \t", colon + 1);
    load.headers.emplace_back(header.substr(0, colon), value == std::string::npos ? "" : header.substr(value));
  }
  return {};
}

int play(LoadFlags& flags) {
  if (auto filled = fill(flags); !filled) return fail(filled.error());
  flags.rehearsal.run.command = command_line();
  const auto outcome = runner::rehearse_url(flags.rehearsal);
  if (!outcome) return fail(outcome.error());
  return finish(outcome->info, outcome->verdict, outcome->directory, flags.json, flags.rehearsal.run.quiet, false);
}

}  // namespace

void add_load(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<LoadFlags>();
  CLI::App* command = app.add_subcommand("load", "Load one URL, without a scenario file");
  command->add_option("URL", flags->rehearsal.load.url, "http://host:port/path")->required();
  command->add_option("--rate", flags->rate, "Open loop: requests per second, as in 400/s");
  command->add_option("--vus", flags->vus, "Closed loop: this many at once (default 64)")->check(CLI::Range(1, 100000));
  command->add_option("--for", flags->duration, "How long, as in 30s")->capture_default_str();
  command->add_option("--method", flags->rehearsal.load.method, "HTTP method")->capture_default_str();
  command->add_option("--header", flags->headers, "NAME: VALUE; repeatable")->allow_extra_args(false);
  command->add_option("--body", flags->rehearsal.load.body, "Request body");
  command->add_option("--timeout", flags->timeout, "Per request (default 30s)");
  command->add_option("--expect", flags->rehearsal.expectations, "A gate, as in 'p99 < 300ms'; repeatable")
      ->allow_extra_args(false);
  command->add_option("--seed", flags->rehearsal.load.seed, "Seed");
  command->add_option("--out", flags->rehearsal.run.out, "Run directory (default: runs/load-TIME)");
  command->add_flag("--quiet", flags->rehearsal.run.quiet, "Only the verdict");
  command->add_flag("--json", flags->json, "Print verdict.json instead of the summary");
  command->callback([flags, &exit_code] { exit_code = play(*flags); });
}

}  // namespace tidegate::cli
