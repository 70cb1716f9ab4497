#include "base/units.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "runner/url_rehearsal.hpp"

namespace tidegate::cli {
namespace {

struct LoadFlags {
  std::string rate, duration = "10s", timeout, segment;
  std::vector<std::string> headers;
  std::uint32_t vus = 0;
  bool json = false, http2 = false, insecure = false;
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
  if (!flags.segment.empty()) {
    const auto segment = loadgen::parse_segment(flags.segment);
    if (!segment) return segment.error();
    load.segment = *segment;
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
  flags.rehearsal.transport.tls.verify = !flags.insecure;
  if (flags.http2) flags.rehearsal.transport.http_version = 2;
  const auto& tls = flags.rehearsal.transport.tls;
  if (tls.certificate_file.empty() != tls.key_file.empty()) return fail(usage_error("--cert and --key go together"));
  const auto outcome = runner::rehearse_url(flags.rehearsal);
  if (!outcome) return fail(outcome.error());
  return finish(outcome->info, outcome->verdict, outcome->directory, flags.json, flags.rehearsal.run.quiet, false);
}

}  // namespace

void add_load(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<LoadFlags>();
  CLI::App* command = app.add_subcommand("load", "Load one URL, without a scenario file");
  command->add_option("URL", flags->rehearsal.load.url, "http:// or https://host:port/path")->required();
  command->add_option("--rate", flags->rate, "Open loop: requests per second, as in 400/s");
  command->add_option("--vus", flags->vus, "Closed loop: this many at once (default 64)")->check(CLI::Range(1, 100000));
  command->add_option("--for", flags->duration, "How long, as in 30s")->capture_default_str();
  command->add_option("--method", flags->rehearsal.load.method, "HTTP method")->capture_default_str();
  command->add_option("--header", flags->headers, "NAME: VALUE; repeatable")->allow_extra_args(false);
  command->add_option("--body", flags->rehearsal.load.body, "Request body");
  command->add_option("--timeout", flags->timeout, "Per request (default 30s)");
  auto& transport = flags->rehearsal.transport;
  command->add_flag("--http2", flags->http2, "HTTP/2; without TLS by prior knowledge");
  command->add_option("--proxy", transport.proxy, "http://host:port or socks5://host:port");
  command
      ->add_option("--source", transport.source_addresses,
                   "Local address or range that connections start from, in turn; repeatable")
      ->allow_extra_args(false);
  command->add_flag("--insecure", flags->insecure, "Accept any TLS certificate");
  command->add_option("--cacert", transport.tls.ca_file, "PEM file of the authorities to trust")
      ->check(CLI::ExistingFile);
  command->add_option("--cert", transport.tls.certificate_file, "PEM file of the client's certificate")
      ->check(CLI::ExistingFile);
  command->add_option("--key", transport.tls.key_file, "PEM file of the client's key")->check(CLI::ExistingFile);
  command->add_option("--expect", flags->rehearsal.expectations, "A gate, as in 'p99 < 300ms'; repeatable")
      ->allow_extra_args(false);
  command->add_option("--seed", flags->rehearsal.load.seed, "Seed");
  command->add_option("--segment", flags->segment, "i/n: plays the i-th (from 0) of n equal parts of the load");
  command->add_option("--out", flags->rehearsal.run.out, "Run directory (default: runs/load-TIME)");
  command->add_flag("--quiet", flags->rehearsal.run.quiet, "Only the verdict");
  command->add_flag("--json", flags->json, "Print verdict.json instead of the summary");
  add_live_options(*command, flags->rehearsal.run);
  add_generator_options(*command, flags->rehearsal.run);
  command->callback([flags, &exit_code] { exit_code = play(*flags); });
}

}  // namespace tidegate::cli
