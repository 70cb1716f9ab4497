#pragma once
// Plays a plan against one HTTP API: one thread per loop, metrics and operations handed over once a second.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/http/message.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "loadgen/plan.hpp"
#include "loadgen/samples.hpp"
#include "loadgen/transport_options.hpp"
#include "record/operations.hpp"
#include "record/series.hpp"

namespace tidegate::loadgen {

struct Address;

struct EngineOptions {
  std::string base_url;  ///< http://127.0.0.1:8080, https://…, unix:/path; its path is ignored
  TransportOptions transport;
  int loops = 1;                             ///< threads; loop k plays the arrivals i with i mod loops == k
  double spin = 0;                           ///< share of a core that a loop may burn in waiting for an arrival
  std::map<std::string, std::string> stack;  ///< values of `${stack.NAME}`
  SampleWriter* samples = nullptr;           ///< must outlive the engine; null: no samples are kept
  record::SeriesWriter* series = nullptr;    ///< must outlive the engine; null: metrics are dropped after Progress
  Nanoseconds setup_timeout = std::chrono::seconds(60);  ///< for all set-up steps together
  std::function<bool()> interrupted;                     ///< asked some 20 times a second during set-up; true ends it
  /// Addresses of a host and port (loadgen/connection.hpp); by default from the system's resolver. With
  /// `transport.dns_refresh` it is called again and again, on a thread of its own.
  std::function<Result<std::vector<Address>>(const std::string& host, const std::string& port)> resolve;
  /// Bytes of memory that are left; asked when the engine is made and at each swap. By default of this process.
  std::function<std::optional<std::uint64_t>()> memory_left;
};

/// What the generator could not send, and for want of what.
struct GeneratorLimits {
  std::uint64_t descriptors = 0, ports = 0, memory = 0;
  std::uint64_t all() const noexcept { return descriptors + ports + memory; }
  /// "no local port left for 12, short of memory for 3"; empty when there is nothing to say.
  std::string text() const;
};

/// What the last interval (from swap to swap) looked like.
struct Progress {
  double interval_s = 0;
  double target_rate = 0;    ///< iterations per second that the plan wanted (0 in closed loops)
  double achieved_rate = 0;  ///< iterations per second that ended
  double request_rate = 0;   ///< requests per second that ended, polls included
  Nanoseconds p50{0};        ///< of response_time, all samples that ended in the interval; 0 without samples
  Nanoseconds p99{0};
  std::uint64_t requests = 0;  ///< in the interval, as are the next three
  std::uint64_t errors = 0;    ///< requests that were not as expected
  std::uint64_t dropped = 0;   ///< iterations that were not played: no VU was free, or a limit was met
  GeneratorLimits limits;      ///< of the dropped ones, those that met a limit of the generator
  std::uint64_t late = 0;      ///< arrivals started over 5 ms late
  std::uint64_t vus = 0;       ///< busy now
  std::uint64_t vus_max = 0;   ///< that exist
  Nanoseconds lateness_p99{0};
  std::uint64_t iterations_done = 0;  ///< since the start, whatever their outcome
};

/// A request of the plan, rendered once more.
struct RenderedRequest {
  std::string method;
  std::string target;
  http::Headers headers;     ///< as the step states them, without Host, Content-Length and Content-Type
  std::string content_type;  ///< empty: none
  std::string body;
  std::string key;                    ///< of a Kafka message
  std::vector<std::string> messages;  ///< of a WebSocket conversation
};

/// All calls from one thread (the runner's), except stop_arrivals() and finished(), which any thread may make.
class Engine {
 public:
  /// Resolves the host, puts in the stack's values, and raises the descriptor limit to the hard limit. Errors: a bad
  /// base_url, a host without address, a `${stack.NAME}` or `${env.NAME}` without value.
  static Result<std::unique_ptr<Engine>> create(Plan plan, EngineOptions options);
  /// Stops at once when still running.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Sends the set-up steps and keeps what they capture; blocks. An error names the step, the row and the answer;
  /// Kind::closed when it was interrupted.
  Result<void> run_setup();

  /// Sends the tear-down steps; blocks. After stop(). An error names the step and the answer.
  Result<void> run_teardown();

  /// Starts the loops. Load begins at the clock's zero, which may lie ahead.
  Result<void> start(RunClock clock);
  /// The operations since the last call, in the order of each loop's events. Call it some times a second, and once more
  /// after stop().
  void take_operations(const record::OperationVisit& visit);
  /// Hands the loops' metrics to the series writer, and returns the progress since the last call. Call it once a
  /// second, and once more after stop(). It does not flush the writer.
  Progress swap();
  /// No further iteration starts; those in progress go on. Also for abort.
  void stop_arrivals();
  /// The plan is played (or arrivals were stopped) and no iteration is in progress.
  bool finished() const;
  /// A capacity-search block plays `rate` over [from, from + length) of the run clock, which lies ahead.
  void extend_search(std::size_t block, Nanoseconds from, Nanoseconds length, double rate);
  /// Iterations of capacity-search blocks that are in progress now.
  std::uint64_t searching() const;
  /// It starts nothing more.
  void end_search(std::size_t block);
  /// Blocks: a caller that wants to go on swapping while iterations finish calls stop_arrivals(), waits for finished(),
  /// and then this. Stops arrivals, lets iterations finish within the grace, interrupts the rest (their requests are
  /// recorded as failed with error class `interrupted`, their operations as unknown), and joins the threads. swap() may
  /// be called once more afterwards.
  void stop(Nanoseconds grace);

  /// The request of an operation step, from randomness and data alone; for asking again about unknown outcomes. An
  /// error when the step needs what an earlier answer held, or the time of day. After run_setup().
  Result<RenderedRequest> render(std::size_t block, std::uint64_t iteration, std::size_t step) const;

  /// What set-up captured into a feeder's column, row by row; rows without a value are left out. Empty for an unknown
  /// "FEEDER.COLUMN". After run_setup().
  std::vector<std::string> captured(std::string_view feeder_and_column) const;

  const Plan& plan() const;

 private:
  struct State;
  explicit Engine(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tidegate::loadgen
