#include "platform/reconciliation/desk.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/file.hpp"
#include "base/http/client.hpp"
#include "base/log.hpp"
#include "platform/events/topics.hpp"
#include "platform/events/worker_events.hpp"
#include "platform/reconciliation/records.hpp"
#include "platform/service/trace_context.hpp"
#include "platform/worker/caller.hpp"

namespace tidegate::platform {
namespace {

constexpr Nanoseconds kTimeout = std::chrono::milliseconds(1'500);  // close() waits for it
constexpr int kTries = 20;

#define RUN_COLUMNS "id, status, stage, summary, error, from_ms, to_ms"

RunRow run_from(const Row& row) {
  const auto text = [&](int column) { return std::string(row.text(column)); };
  return {text(0), text(1), text(2), text(3), text(4), row.integer(5), row.integer(6)};
}

/// The header that a bank sends while there is more.
std::optional<std::string> next_after(const http::Response& response) {
  const std::string* value = response.header("Next-After");
  if (value == nullptr) return std::nullopt;
  return *value;
}

}  // namespace

json::object RunRow::to_json() const {
  json::object object{{"id", id}, {"status", status}, {"stage", stage}, {"from_ms", from_ms}, {"to_ms", to_ms}};
  if (!error.empty()) object["error"] = error;
  if (const auto parsed = summary.empty() ? Result<json::value>(usage_error("")) : parse_json(summary)) {
    object["summary"] = *parsed;
  }
  return object;
}

Result<std::optional<RunRow>> find_run(Connection& reader, const std::string& id) {
  std::optional<RunRow> found;
  auto read = reader.query("SELECT " RUN_COLUMNS " FROM runs WHERE id = ?1", {id}, [&](const Row& row) {
    found = run_from(row);
    return false;
  });
  if (!read) return read.error();
  return found;
}

ReconciliationDesk::ReconciliationDesk(ServiceRuntime& runtime, Store& store, Outbox& outbox,
                                       ReconciliationRun::Manner manner)
    : runtime_(runtime), store_(store), outbox_(outbox), manner_(manner) {}

ReconciliationDesk::~ReconciliationDesk() {
  stop();
}

std::string ReconciliationDesk::directory_of(const std::string& id) const {
  return runtime_.options().data_directory + "/reconciliations/" + id;
}

Result<void> ReconciliationDesk::start(Connection& reader) {
  auto own = store_.reader();
  if (!own) return own.error();
  reader_ = std::move(*own);
  auto read = reader.query("SELECT " RUN_COLUMNS
                           " FROM runs WHERE status NOT IN ('finished', 'failed') ORDER BY"
                           " created_at_ms",
                           {}, [&](const Row& row) {
                             waiting_.push_back(run_from(row));
                             return true;
                           });
  if (!read) return read;
  thread_ = std::thread([this] { work(); });
  return {};
}

void ReconciliationDesk::submit(const RunRow& run) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(run);
  }
  wake_.notify_one();
}

void ReconciliationDesk::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void ReconciliationDesk::work() {
  while (true) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    RunRow run = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    play(std::move(run));
  }
}

void ReconciliationDesk::play(RunRow run) {
  // Both files are whole once the marker is there: a run that is resumed matches the same rows.
  const std::string marker = directory_of(run.id) + "/collected";
  if (access(marker.c_str(), F_OK) != 0) {
    run.status = "collecting";
    note(run);
    auto collected = collect(run);
    if (collected) collected = write_file_atomically(marker, "");
    if (!collected) {
      if (stopping_) return;
      run.status = "failed";
      run.error = collected.error().message;
      return note(run);
    }
  }
  run.status = "running";
  note(run);
  ReconciliationRun work(directory_of(run.id), manner_);
  work.on_progress([&](std::string_view stage, std::int64_t, std::int64_t) {
    if (run.stage == stage) return;
    run.stage = stage;
    note(run);
  });
  const auto summary = work.run(stopping_);
  if (summary) {
    run.status = "finished";
    run.summary = json::serialize(summary->to_json());
    return note_end(run, *summary);
  }
  if (stopping_) return;
  run.status = "failed";
  run.error = summary.error().message;
  note(run);
}

Result<void> ReconciliationDesk::collect(const RunRow& run) {
  if (auto made = make_directories(directory_of(run.id)); !made) return made;
  auto ours = write_ours(*reader_, run.from_ms, run.to_ms, directory_of(run.id) + "/ours.csv");
  if (!ours) return ours.error();
  return fetch_statement(run);
}

Result<void> ReconciliationDesk::fetch_statement(const RunRow& run) {
  const std::string path = directory_of(run.id) + "/statement.csv";
  std::FILE* file = std::fopen(path.c_str(), "we");
  if (file == nullptr) return system_error("make " + path, errno);
  std::string after = "0";
  bool first = true;
  Result<void> outcome;
  for (int tries = 0; !stopping_;) {
    const auto address = runtime_.peers().find("bank-simulator.http");
    http::ClientRequest request;
    request.headers.emplace_back("Authorization", "Bearer " + runtime_.options().operator_token);
    const auto response =
        address ? http::fetch("http://" + *address + "/v1/settlement-statement?limit=10000&after=" + after, request,
                              kTimeout)
                : Result<http::Response>(closed_error("the bank's address is not known yet"));
    if (!response || response->status != 200) {
      const std::string why = response ? "it answered " + std::to_string(response->status) : response.error().message;
      outcome = machine_error("the statement cannot be fetched: " + why);
      if (++tries >= kTries) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(250));
      continue;
    }
    outcome = {};
    std::string_view csv = response->body;
    if (!first) csv.remove_prefix(std::min(csv.size(), csv.find('\n') + 1));  // each page has the header
    first = false;
    if (std::fwrite(csv.data(), 1, csv.size(), file) != csv.size()) {
      outcome = system_error("write " + path, errno);
      break;
    }
    const auto next = next_after(*response);
    if (!next) break;
    after = *next;
    tries = 0;
  }
  if (std::fclose(file) != 0 && outcome) outcome = system_error("write " + path, errno);
  if (stopping_) return closed_error("stopped");
  return outcome;
}

void ReconciliationDesk::note(const RunRow& run) {
  const auto noted = store_.run([&](Connection& connection) -> Result<void> {
    auto changed = connection.execute("UPDATE runs SET status = ?2, stage = ?3, error = ?4 WHERE id = ?1",
                                      {run.id, run.status, run.stage, run.error});
    if (!changed) return changed.error();
    return {};
  });
  if (!noted)
    log::warn("a reconciliation's progress cannot be noted", {{"run", run.id}, {"why", noted.error().message}});
}

void ReconciliationDesk::note_end(const RunRow& run, const ReconciliationSummary& summary) {
  Envelope event;
  event.type = event_type::reconciliation_finished;
  event.payment = run.id;
  event.tenant = "platform";
  event.traceparent = continue_trace("");
  const Tally& tally = summary.tally;
  event.data = {{"run", run.id},
                {"matched", tally.of(Match::matched)},
                {"mismatched", tally.of(Match::amount_mismatch)},
                {"missing", tally.of(Match::missing)},
                {"unexpected", tally.of(Match::unexpected)},
                {"duplicates", tally.of(Match::duplicate)},
                {"late", tally.of(Match::late)}};
  store_.submit(
      [this, &event, &run](Connection& connection) -> Result<void> {
        auto changed = connection.execute("UPDATE runs SET status = ?2, stage = 'report', summary = ?3 WHERE id = ?1",
                                          {run.id, run.status, run.summary});
        if (!changed) return changed.error();
        return outbox_.append(connection, event);
      },
      [this, &event](Result<void> outcome) {
        if (outcome) outbox_.committed(event);
      });
  // Behind it in the queue: what the two refer to lives until both have run.
  (void)store_.run([](Connection&) -> Result<void> { return {}; });
}

}  // namespace tidegate::platform
