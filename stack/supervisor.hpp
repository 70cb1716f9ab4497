#pragma once
// Starts, watches, kills, restarts and stops the processes of a topology. The only parent they have: they die with it.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "stack/topology.hpp"

namespace tidegate::stack {

struct SupervisorOptions {
  std::string directory;      ///< data, ready and peers files of each process go to DIRECTORY/NAME
  std::string log_directory;  ///< LOG_DIRECTORY/NAME.log
  std::string profile = "modern";
  std::map<std::string, std::string> switches;
  /// "FROM->TO" to the address FROM shall use instead of TO's own: the fault proxy's.
  std::map<std::string, std::string> link_addresses;
  /// process_started, process_ready, process_exited as in record/events.hpp; called on the supervisor's thread.
  std::function<void(std::string_view type, json::object fields)> on_event;
  /// A process reported an endpoint ("bank-simulator.http", "127.0.0.1:4000"); called on the supervisor's thread.
  std::function<void(const std::string& endpoint, const std::string& address)> on_address;
};

/// Thread-safe. All children are started by one thread that lives as long as the supervisor, since the kernel ties
/// "die with the parent" to the starting thread.
class Supervisor {
 public:
  Supervisor(Topology topology, SupervisorOptions options);
  /// Stops everything (SIGKILL after each one's grace).
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  /// Starts all and waits until all are ready. The error names the process, why, and its log. `interrupted` is asked
  /// every 20 ms; when it says true, start gives up with Kind::closed.
  Result<void> start(const std::function<bool()>& interrupted = {});

  /// Sends the signal; the exit counts as asked for.
  Result<void> kill(const std::string& process, int signal_number);
  /// Starts a process that ended, on the port it held. Returns once it runs; readiness comes later.
  Result<void> restart(const std::string& process);
  /// The same for this start only with more switches, which replace those of the same name. Usage error for a process
  /// whose command has no ${switches}.
  Result<void> restart(const std::string& process, const std::map<std::string, std::string>& switches);
  /// Since when (monotonic) the current instance is ready; none while it is not.
  std::optional<Nanoseconds> ready_since(const std::string& process) const;
  /// Of the instance that runs now; none while none does.
  std::optional<int> pid(const std::string& process) const;
  /// Waits for readiness.
  Result<void> wait_ready(const std::string& process, Nanoseconds limit) const;

  /// The address behind "gateway.http", as the given process (or "harness") shall use it.
  Result<std::string> address(const std::string& endpoint, const std::string& from = "harness") const;
  /// Secrets by name, generated ones included.
  const std::map<std::string, std::string>& secrets() const;
  const Topology& topology() const;
  /// CPU time used by each running process so far.
  std::map<std::string, Nanoseconds> cpu_times() const;
  /// Processes that ended without being asked to, with their status.
  std::vector<std::pair<std::string, std::string>> deaths() const;

  /// SIGTERM one after the other in reverse order of the file, SIGKILL after the grace (8 s for all together); returns
  /// when all are gone. Idempotent.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tidegate::stack
