#include <algorithm>
#include <list>
#include <vector>

#include "base/random.hpp"
#include "loadgen/timers.hpp"
#include "tests/support/catch.hpp"

namespace tidegate::loadgen {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

}  // namespace

TEST_CASE("a deadline fires at its time or a tick later, never before") {
  for (const auto start : {Nanoseconds{0}, Nanoseconds(seconds(5000))}) {
    for (const auto delay : {milliseconds(1), milliseconds(4), milliseconds(799), milliseconds(2048),
                             milliseconds(2049), milliseconds(30'000)}) {
      INFO(start.count() << " + " << delay.count() << " ms");
      DeadlineWheel wheel;
      DeadlineNode node;
      CHECK(wheel.take_expired(start) == nullptr);
      wheel.add(node, start + delay);
      Nanoseconds fired{-1};
      for (Nanoseconds now = start; now <= start + delay + milliseconds(50) && fired.count() < 0;
           now += milliseconds(1)) {
        if (wheel.take_expired(now) == &node) fired = now;
      }
      REQUIRE(fired >= start + delay);
      CHECK(fired <= start + delay + DeadlineWheel::kTick);
      CHECK_FALSE(node.linked());
    }
  }
}

TEST_CASE("a loop that was away for long finds every deadline that passed") {
  DeadlineWheel wheel;
  std::list<DeadlineNode> nodes(3);
  CHECK(wheel.take_expired(Nanoseconds{0}) == nullptr);
  int at = 0;
  for (DeadlineNode& node : nodes) wheel.add(node, seconds(++at));
  int fired = 0;
  while (wheel.take_expired(seconds(3600)) != nullptr) ++fired;
  CHECK(fired == 3);
}

TEST_CASE("a deadline that has passed already fires at the next look") {
  DeadlineWheel wheel;
  DeadlineNode node;
  CHECK(wheel.take_expired(seconds(10)) == nullptr);
  wheel.add(node, seconds(1));
  CHECK(wheel.take_expired(seconds(10) + DeadlineWheel::kTick) == &node);
}

TEST_CASE("a node that leaves does not fire, and can come again") {
  DeadlineWheel wheel;
  DeadlineNode node;
  wheel.add(node, milliseconds(10));
  node.unlink();
  node.unlink();
  CHECK(wheel.take_expired(seconds(1)) == nullptr);
  wheel.add(node, seconds(1) + milliseconds(10));
  {
    DeadlineNode dies;
    wheel.add(dies, seconds(1) + milliseconds(10));
  }
  CHECK(wheel.take_expired(seconds(2)) == &node);
  CHECK(wheel.take_expired(seconds(2)) == nullptr);
}

TEST_CASE("random deadlines, adds and removals agree with a sorted list") {
  DeadlineWheel wheel;
  std::list<DeadlineNode> nodes(200);
  std::vector<std::pair<Nanoseconds, DeadlineNode*>> expected;
  Draws draws(1, 2, 3);
  Nanoseconds now{0};
  for (int round = 0; round < 2000; ++round) {
    now += milliseconds(draws.between(0, 30));
    for (DeadlineNode& node : nodes) {
      if (node.linked() || draws.between(0, 9) != 0) continue;
      const Nanoseconds deadline = now + milliseconds(draws.between(1, 5000));
      wheel.add(node, deadline);
      expected.emplace_back(deadline, &node);
    }
    while (DeadlineNode* node = wheel.take_expired(now)) {
      const auto found =
          std::find_if(expected.begin(), expected.end(), [&](const auto& each) { return each.second == node; });
      REQUIRE(found != expected.end());
      REQUIRE(found->first <= now);
      expected.erase(found);
    }
    for (const auto& each : expected) REQUIRE(each.first > now - DeadlineWheel::kTick);
    if (!expected.empty() && draws.between(0, 3) == 0) {
      expected.back().second->unlink();
      expected.pop_back();
    }
  }
}

TEST_CASE("sleeps end in the order of their times, equal ones in the order they began") {
  SleepHeap<int> heap;
  int a = 0, b = 1, c = 2, d = 3;
  CHECK_FALSE(heap.next());
  heap.push(milliseconds(20), &a, 1);
  heap.push(milliseconds(10), &b, 2);
  heap.push(milliseconds(10), &c, 3);
  heap.push(milliseconds(30), &d, 4);
  CHECK(heap.next() == milliseconds(10));
  CHECK_FALSE(heap.take_due(milliseconds(9)));
  CHECK(heap.take_due(milliseconds(25))->sleeper == &b);
  CHECK(heap.take_due(milliseconds(25))->sleeper == &c);
  CHECK(heap.take_due(milliseconds(25))->ticket == 1);
  CHECK_FALSE(heap.take_due(milliseconds(25)));
  CHECK(heap.take_due(milliseconds(30))->sleeper == &d);
  CHECK_FALSE(heap.next());
}

}  // namespace tidegate::loadgen
