#include "platform/service/handover.hpp"

#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/catch.hpp"

using namespace tidegate;
using namespace tidegate::platform;

TEST_CASE("handover: everything arrives once, in the order of each pusher, and on the loop") {
  constexpr int kThreads = 3, kItems = 20'000;
  asio::io_context loop;
  auto work = asio::make_work_guard(loop);
  std::vector<int> next(kThreads, 0);
  int arrived = 0;
  bool in_order = true, elsewhere = false, empty = false;
  std::thread::id loop_thread;
  Handover<std::pair<int, int>> handover(loop.get_executor(), [&](std::vector<std::pair<int, int>> items) {
    elsewhere = elsewhere || std::this_thread::get_id() != loop_thread;
    empty = empty || items.empty();
    for (const auto& [thread, number] : items) {
      in_order = in_order && next[static_cast<std::size_t>(thread)]++ == number;
    }
    arrived += static_cast<int>(items.size());
    if (arrived == kThreads * kItems) work.reset();
  });
  std::thread running([&] {
    loop_thread = std::this_thread::get_id();
    loop.run_for(std::chrono::seconds(60));
  });
  std::vector<std::thread> pushers;
  for (int thread = 0; thread < kThreads; ++thread) {
    pushers.emplace_back([&handover, thread] {
      for (int number = 0; number < kItems; ++number) handover.push({thread, number});
    });
  }
  for (std::thread& pusher : pushers) pusher.join();
  running.join();
  CHECK(arrived == kThreads * kItems);
  CHECK(in_order);
  CHECK_FALSE(elsewhere);
  CHECK_FALSE(empty);
}

TEST_CASE("handover: a burst is one call, and what comes while it is taken is another") {
  asio::io_context loop;
  std::vector<std::size_t> sizes;
  std::unique_ptr<Handover<int>> handover;
  handover = std::make_unique<Handover<int>>(loop.get_executor(), [&](std::vector<int> items) {
    if (sizes.empty()) handover->push(4);
    sizes.push_back(items.size());
  });
  for (int item : {1, 2, 3}) handover->push(item);
  loop.run();
  CHECK(sizes == std::vector<std::size_t>{3, 1});
}

TEST_CASE("handover: what was pushed arrives when the handover is gone") {
  asio::io_context loop;
  std::size_t arrived = 0;
  {
    Handover<std::unique_ptr<int>> handover(loop.get_executor(), [&](auto items) { arrived += items.size(); });
    for (int item : {1, 2}) handover.push(std::make_unique<int>(item));
  }
  loop.run();
  CHECK(arrived == 2);
}
