#include <fstream>
#include <iostream>

#include "base/file.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "loadgen/imports/imports.hpp"

namespace tidegate::cli {
namespace {

constexpr const char* kStarter =
    R"(# A scenario: what runs, what is sent, how fast, and what must hold. Every key: `tidegate schema`, docs/scenario-language.md.
tidegate: 1
name: starter
title: A first rehearsal

stack:
  base_url: http://127.0.0.1:8080          # the system under test; https:// and unix:/path work too
  # http: {version: 2, tls: {ca: ca.pem}}  # HTTP/2, TLS, a proxy

variables: {rate: 20/s, warmup: 5s, steady: 30s}     # --set rate=200/s overrides

# data:
#   users: {file: users.csv, pick: random}           # CSV or NDJSON; random, sequential, unique, zipf(1.1)

flows:
  visit:
    - get: /
      name: front_page                               # the metric tag
      expect: {status: 200}
    - think: {from: 200ms, to: 1s}
    - post: /items
      name: create_item
      json: {id: "${uuid()}", amount: "${int(1, 100)}"}
      timeout: 2s
      capture: {item: $.id}                          # also {header: NAME}, {regex: EXPRESSION}, {cookie: NAME}
      expect: {status: 2xx}
    - get: /items/${item}
      name: read_item

phases:
  warmup: {for: "${warmup}", judged: false}
  steady: {for: "${steady}"}

load:
  visitors:
    executor: constant-arrival-rate                  # an open loop: arrivals do not wait for answers
    rate: "${rate}"
    arrivals: poisson
    flows: {visit: 100}

gates:
  fast:
    expect: p95(response_time{name=front_page}) < 300ms
  mostly_right:
    expect: rate(http_req_failed) < 1%

# outputs:
#   samples: {format: csv}                           # every request as a line
#   prometheus: {listen: "127.0.0.1:9464"}           # metrics while it runs
)";

struct NewFlags {
  std::string from, file, out;
};

Result<std::string> text_of(const NewFlags& flags) {
  if (flags.from.empty()) return std::string(kStarter);
  const auto source = read_file(flags.file);
  if (!source) return usage_error(source.error().message);
  const auto imported = flags.from == "har" ? loadgen::import_har(*source) : loadgen::import_openapi(*source);
  if (!imported) return usage_error(flags.file + ": " + imported.error().message);
  return loadgen::imported_text(*imported, flags.file);
}

int make(const NewFlags& flags) {
  if (flags.from.empty() != flags.file.empty()) {
    return fail(usage_error("--from har|openapi and FILE go together"));
  }
  const auto text = text_of(flags);
  if (!text) return fail(text.error());
  if (flags.out.empty()) {
    std::cout << *text;
    return 0;
  }
  if (std::ifstream(flags.out)) return fail(usage_error(flags.out + " is there already; it was not touched"));
  if (auto written = write_file_atomically(flags.out, *text); !written) return fail(written.error());
  std::cout << flags.out << "\n";
  return 0;
}

}  // namespace

void add_new(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<NewFlags>();
  CLI::App* command = app.add_subcommand("new", "Print a starter scenario, or one made from a HAR or OpenAPI file");
  command->add_option("--from", flags->from, "har or openapi")->check(CLI::IsMember({"har", "openapi"}));
  command->add_option("FILE", flags->file, "The HTTP archive, or the OpenAPI 3 description (JSON or YAML)");
  command->add_option("--out", flags->out, "File to write instead of printing; never overwrites");
  command->callback([flags, &exit_code] { exit_code = make(*flags); });
}

}  // namespace tidegate::cli
