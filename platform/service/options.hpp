#pragma once
// What every role of the platform is started with, and how it finds the others.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace tidegate::platform {

/// Command line: `tidegate-platform ROLE --data DIR --ready-file FILE --peers FILE [--port N] [--operator-token T]
/// [--profile modern|legacy] [--switch NAME[=VALUE]]... [--workers N --worker-index I]`.
struct ServiceOptions {
  std::string role;                             ///< gateway, worker, bank-simulator, broker
  std::vector<std::string> roles;               ///< of a worker: acquiring, ledger, ...; each owns a database
  std::string data_directory;                   ///< databases live here; made when missing
  std::string ready_file;                       ///< written atomically once listening: {"http": "127.0.0.1:40001", ...}
  std::string peers_file;                       ///< addresses of the others, see PeerDirectory
  std::uint16_t port = 0;                       ///< of the HTTP listener; 0: chosen by the system
  std::string operator_token;                   ///< bearer token of /admin; empty: /admin answers 401 to everyone
  std::string profile = "modern";               ///< modern | legacy
  std::map<std::string, std::string> switches;  ///< single departures: serial_hops, pool_35
  int shards = 1;                               ///< databases that the gateway's payments are split over
  std::vector<std::string> reports{
      "acquiring"};  ///< services whose reports the gateway takes: acquiring, fraud, ledger
  std::vector<std::string>
      prune_after;  ///< consumers that must have applied an event before it is deleted; none: never
  Nanoseconds keep_events = std::chrono::hours(1);  ///< how long an event stays at least, where they are deleted
  Nanoseconds key_expiry = std::chrono::hours(24);  ///< how long an idempotency key stands for its result
  bool thread_affinity = false;  ///< of the gateway: its loop and its writers keep to processors of their own
  int workers = 1;               ///< processes of this role (static membership)
  int worker_index = 0;
};

/// The addresses of peers, kept current by whoever supervises the processes: a JSON file
/// `{"generation": 1, "peers": {"bank-simulator.http": "127.0.0.1:4000", "broker.kafka": "127.0.0.1:1,127.0.0.1:2"}}`,
/// replaced atomically. `generation` changes when the embedded broker was restarted. Thread-safe; re-reads when the
/// file's modification time or size changes, at most every 100 ms.
class PeerDirectory {
 public:
  explicit PeerDirectory(std::string path);
  ~PeerDirectory();
  PeerDirectory(const PeerDirectory&) = delete;
  PeerDirectory& operator=(const PeerDirectory&) = delete;

  /// "ROLE.ENDPOINT" to its address, when it is known.
  std::optional<std::string> find(const std::string& endpoint);
  /// Waits for it; the error names the endpoint and the file.
  Result<std::string> wait(const std::string& endpoint, Nanoseconds limit);
  int generation();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// `127.0.0.1:4000` apart.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};
Result<HostPort> parse_address(const std::string& address);

/// Writes the ready file.
Result<void> announce_ready(const ServiceOptions& options, const std::map<std::string, std::string>& endpoints);

/// A role runs until SIGTERM or SIGINT, drains and returns the exit code. One per role, each in its folder:
int run_gateway(const ServiceOptions& options);
int run_edge(const ServiceOptions& options);
int run_bank_simulator(const ServiceOptions& options);
int run_broker(const ServiceOptions& options);

}  // namespace tidegate::platform
