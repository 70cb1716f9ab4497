// Unknown outcomes: the same key and body once more. A platform that keeps its promise answers with the stored result
// of the first attempt, or does the work now; either way the outcome is known. "Not found" under the key would prove
// nothing (the request may still sit in a socket or a commit batch), so nobody asks that.
#include <atomic>
#include <mutex>
#include <thread>

#include "audit/audit.hpp"
#include "audit/history.hpp"
#include "base/http/client.hpp"
#include "base/json.hpp"

namespace tidegate::audit {
namespace {

constexpr auto kPause = std::chrono::milliseconds(100);

enum class Answer { ok, fail, open };

// 409, 425 and 429 say "not now"; 404 says nothing about a request on its way; 5xx has no final meaning.
Answer meaning_of(int status) {
  if (status >= 200 && status < 300) return Answer::ok;
  if (status == 404 || status == 408 || status == 409 || status == 425 || status == 429) return Answer::open;
  return status >= 400 && status < 500 ? Answer::fail : Answer::open;
}

std::string id_in(const std::string& body) {
  const auto value = parse_json(body);
  if (!value || !value->is_object()) return {};
  return string_member(value->as_object(), "id").value_or(std::string());
}

class Resolver {
 public:
  Resolver(const ResolveOptions& options, std::vector<record::Operation> open)
      : options_(options), open_(std::move(open)), deadline_(monotonic_now() + options.limit) {}

  void run() {
    std::vector<std::thread> threads;
    const auto count = std::min<std::size_t>(static_cast<std::size_t>(options_.at_once), open_.size());
    for (std::size_t i = 0; i < count; ++i) threads.emplace_back([this] { work(); });
    for (std::thread& thread : threads) thread.join();
  }

  std::vector<record::Operation> resolved;

 private:
  bool over() const { return monotonic_now() >= deadline_ || (options_.interrupted && options_.interrupted()); }

  void work() {
    for (;;) {
      const std::size_t index = next_++;
      if (index >= open_.size()) return;
      resolve(open_[index]);
    }
  }

  void resolve(record::Operation operation) {
    const auto request = options_.render(operation.block, operation.iteration, operation.step);
    if (!request) return;
    while (!over()) {
      const auto answer = http::fetch(options_.base_url + request->target,
                                      {request->method, "", request->headers, request->body}, options_.request_timeout);
      const Answer meaning = answer ? meaning_of(answer->status) : Answer::open;
      if (meaning != Answer::open) {
        operation.event =
            meaning == Answer::ok ? record::OperationEvent::resolved_ok : record::OperationEvent::resolved_fail;
        operation.status = static_cast<std::uint16_t>(answer->status);
        operation.time = options_.clock.now();
        if (meaning == Answer::ok) operation.set_id(id_in(answer->body));
        const std::lock_guard lock(mutex_);
        resolved.push_back(operation);
        return;
      }
      std::this_thread::sleep_for(kPause);
    }
  }

  const ResolveOptions& options_;
  std::vector<record::Operation> open_;
  Nanoseconds deadline_;
  std::atomic<std::size_t> next_{0};
  std::mutex mutex_;
};

}  // namespace

Result<Resolution> resolve_unknowns(const record::RunDirectory& directory, const ResolveOptions& options) {
  auto history = read_history(directory.operations());
  if (!history) return history.error();
  std::vector<record::Operation> open;
  for (const auto& [id, key] : history->keys) {
    if (key.fate == Fate::unknown) open.push_back(key.sample);
  }
  Resolution resolution;
  resolution.unknown = open.size();
  if (open.empty()) return resolution;
  Resolver resolver(options, std::move(open));
  resolver.run();
  for (const record::Operation& operation : resolver.resolved) {
    const bool ok = operation.event == record::OperationEvent::resolved_ok;
    ++(ok ? resolution.resolved_ok : resolution.resolved_fail);
    const auto& key = history->keys.at({operation.scope, std::string(operation.key_text())});
    resolution.longest_s = std::max(resolution.longest_s, to_seconds(operation.time - key.last));
  }
  resolution.open = resolution.unknown - resolver.resolved.size();
  auto writer = record::OperationWriter::append_to(directory.operations());
  if (!writer) return writer.error();
  if (auto written = (*writer)->write(resolver.resolved); !written) return written.error();
  return resolution;
}

}  // namespace tidegate::audit
