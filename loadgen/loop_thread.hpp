#pragma once
// A loop and its thread, as the engine sees them.

#include <sys/types.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "loadgen/loop.hpp"
#include "loadgen/thread_usage.hpp"

namespace tidegate::loadgen {

/// What a loop filled, for something empty. It is asked one question at a time: one that it was too busy to answer is
/// waited for at the next call, and answered before the next, so that what it gives stays in order.
template <typename Filled>
class Exchange {
 public:
  /// `running`: the loop's thread answers; otherwise it has ended, or was never started. Nothing, one answer, or a late
  /// one and then another. `empty` is taken unless the last question is still open.
  std::vector<Filled> exchange(Loop& loop, Filled& empty, bool running) {
    std::vector<Filled> answers;
    if (late_ && take(*late_, answers)) late_.reset();
    if (!running) {
      answers.push_back(loop.exchange(std::move(empty)));
    } else if (!late_) {
      late_ = ask(loop, std::move(empty));
      if (wait_and_take(*late_, answers)) late_.reset();
    }
    return answers;
  }

 private:
  static constexpr Nanoseconds kLongest = std::chrono::milliseconds(500);
  struct Asked {
    std::mutex mutex;
    std::condition_variable changed;
    Filled answer;
    bool done = false;
  };

  static std::shared_ptr<Asked> ask(Loop& loop, Filled empty) {
    auto asked = std::make_shared<Asked>();
    asked->answer = std::move(empty);
    loop.post([asked, &loop] {
      const std::lock_guard lock(asked->mutex);
      asked->answer = loop.exchange(std::move(asked->answer));
      asked->done = true;
      asked->changed.notify_one();
    });
    return asked;
  }

  static bool wait_and_take(Asked& asked, std::vector<Filled>& answers) {
    {
      std::unique_lock lock(asked.mutex);
      asked.changed.wait_for(lock, kLongest, [&] { return asked.done; });
    }
    return take(asked, answers);
  }

  static bool take(Asked& asked, std::vector<Filled>& answers) {
    const std::lock_guard lock(asked.mutex);
    if (asked.done) answers.push_back(std::move(asked.answer));
    return asked.done;
  }

  std::shared_ptr<Asked> late_;
};

struct LoopThread {
  std::unique_ptr<Loop> loop;
  std::thread thread;
  std::atomic<pid_t> id{0};
  ThreadUsage usage;  ///< as last read
  Nanoseconds spun{0};
  Exchange<std::unique_ptr<MetricBuffer>> buffers;
  Exchange<OperationNotes> operations;
  std::unique_ptr<MetricBuffer> spare;
  OperationNotes spare_operations;
  OperationReading reading;
};

}  // namespace tidegate::loadgen
