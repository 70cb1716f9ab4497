#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <thread>

#include "audit/history.hpp"
#include "audit/resolver.hpp"

namespace tidegate::audit {

struct LiveResolver::State {
  ResolveOptions resolve;
  Options options;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<OpenOutcome> waiting;                       // by the time at which they became unknown
  std::set<std::pair<std::uint64_t, Identity>> settled;  // keys acknowledged, or asked about already
  std::vector<record::Operation> resolved;
  bool stopping = false;
  std::vector<std::thread> threads;

  using Key = std::pair<std::uint64_t, Identity>;
  static Key key_of(const record::Operation& operation) { return {operation.scope, identity_of(operation.key_text())}; }

  bool chosen(const Key& key) const { return static_cast<double>(key.second.high >> 11) * 0x1.0p-53 < options.sample; }

  /// Under the lock.
  void note(const record::Operation& operation) {
    if (operation.event != record::OperationEvent::ok && operation.event != record::OperationEvent::unknown) return;
    // Nearly every operation of a healthy run: nothing to look up.
    if (operation.event == record::OperationEvent::ok && waiting.empty()) return;
    const Key key = key_of(operation);
    if (!chosen(key)) return;
    // Only keys that are waited for are kept: one that is acknowledged drops out of the queue.
    if (operation.event == record::OperationEvent::ok) {
      std::erase_if(waiting, [&](const OpenOutcome& open) { return key_of(open.operation) == key; });
      return;
    }
    if (waiting.size() >= options.most_waiting || settled.contains(key)) return;
    if (std::ranges::any_of(waiting, [&](const OpenOutcome& open) { return key_of(open.operation) == key; })) return;
    auto request = resolve.render(operation.block, operation.iteration, operation.step);
    if (!request) return;
    waiting.push_back({operation, std::move(*request), operation.time});
    changed.notify_one();
  }

  bool over() {
    const std::lock_guard lock(mutex);
    return stopping;
  }

  std::optional<OpenOutcome> next() {
    std::unique_lock lock(mutex);
    while (!stopping) {
      if (waiting.empty()) {
        changed.wait(lock);
        continue;
      }
      const Nanoseconds due = waiting.front().since + options.wait - resolve.clock.now();
      if (due > Nanoseconds{0}) {
        changed.wait_for(lock, due);
        continue;
      }
      OpenOutcome open = std::move(waiting.front());
      waiting.pop_front();
      settled.insert(key_of(open.operation));
      return open;
    }
    return std::nullopt;
  }

  void work() {
    while (auto open = next()) {
      const auto done = resolve_one(*open, resolve, [this] { return over(); });
      const std::lock_guard lock(mutex);
      if (done) resolved.push_back(*done);
    }
  }
};

LiveResolver::LiveResolver(ResolveOptions resolve, Options options) : state_(std::make_unique<State>()) {
  state_->resolve = std::move(resolve);
  state_->options = options;
  for (int i = 0; i < options.at_once; ++i) state_->threads.emplace_back([state = state_.get()] { state->work(); });
}

LiveResolver::~LiveResolver() {
  stop();
}

void LiveResolver::note(std::span<const record::Operation> operations) {
  const std::lock_guard lock(state_->mutex);
  for (const record::Operation& operation : operations) state_->note(operation);
}

std::vector<record::Operation> LiveResolver::take() {
  const std::lock_guard lock(state_->mutex);
  return std::exchange(state_->resolved, {});
}

void LiveResolver::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    state_->changed.notify_all();
  }
  for (std::thread& thread : state_->threads) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace tidegate::audit
