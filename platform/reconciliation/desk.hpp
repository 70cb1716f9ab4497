#pragma once
// Runs reconciliations one after the other on a thread of its own; what a killed process left unfinished goes on.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "platform/outbox/outbox.hpp"
#include "platform/reconciliation/engine.hpp"
#include "platform/worker/role_database.hpp"

namespace tidegate::platform {

struct RunRow {
  std::string id, status, stage = {}, summary = {}, error = {};
  std::int64_t from_ms = 0, to_ms = 0;

  json::object to_json() const;
};
Result<std::optional<RunRow>> find_run(Connection& reader, const std::string& id);

/// Statuses: waiting, collecting (our records and the provider's statement are written to files), running, finished,
/// failed.
class ReconciliationDesk {
 public:
  ReconciliationDesk(ServiceRuntime& runtime, Store& store, Outbox& outbox, ReconciliationRun::Manner manner);
  ~ReconciliationDesk();

  /// Resumes what is unfinished and starts the thread.
  Result<void> start(Connection& reader);
  /// The row is written; its turn comes.
  void submit(const RunRow& run);
  void stop();
  /// Where the run's report lies once it is finished.
  std::string report_path(const std::string& id) const { return directory_of(id) + "/report.zip"; }

 private:
  std::string directory_of(const std::string& id) const;
  void work();
  void play(RunRow run);
  Result<void> collect(const RunRow& run);
  Result<void> fetch_statement(const RunRow& run);
  void note(const RunRow& run);
  void note_end(const RunRow& run, const ReconciliationSummary& summary);

  ServiceRuntime& runtime_;
  Store& store_;
  Outbox& outbox_;
  const ReconciliationRun::Manner manner_;
  std::unique_ptr<Connection> reader_;  // the thread's
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<RunRow> waiting_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace tidegate::platform
