// tidegate-platform ROLE: one process of the reference payment platform.

#include <cstdio>

#include "base/log.hpp"
#include "platform/autoscaler/autoscaler.hpp"
#include "platform/autoscaler/unit_host.hpp"
#include "platform/legacy/compose_workers.hpp"
#include "platform/roles.hpp"
#include "platform/service/command_line.hpp"
#include "platform/service/priority.hpp"

// jemalloc reads this (its manual, TUNING). Batches of events and pages come and go within the ten seconds after which
// it gives memory back by default: what it gave back was asked for again, 2 % of a payment's CPU. After a minute, then.
extern "C" {
extern const char* malloc_conf;                                         // NOLINT: jemalloc's name
const char* malloc_conf = "dirty_decay_ms:60000,muzzy_decay_ms:60000";  // NOLINT
}

int main(int argc, char** argv) {
  using namespace tidegate::platform;
  const CommandLine line = parse_command_line(argc, argv);
  if (!line.run) {
    std::fputs(line.text.c_str(), line.exit_code == 0 ? stdout : stderr);
    return line.exit_code;
  }
  const ServiceOptions& options = line.options;
  tidegate::log::configure(options.role);
  if (options.role == "gateway") return run_gateway(options);
  if (options.role == "edge") return run_edge(options);
  if (options.role != "vault") stand_back();
  if (options.role == "bank-simulator") return run_bank_simulator(options);
  if (options.role == "broker") return run_broker(options);
  if (options.role == "autoscaler") return run_autoscaler(options, line.scaling);
  if (options.role == "unit-host") return run_unit_host(options, line.scaling, worker_roles());
  return run_worker(options, worker_roles(), compose_workers(options));
}
