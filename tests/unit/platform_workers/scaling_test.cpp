#include "platform/autoscaler/scaling.hpp"

#include "platform/autoscaler/quota_bus.hpp"
#include "tests/support/catch.hpp"

using namespace tidegate;
using namespace tidegate::platform;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

using Held = std::map<std::string, std::set<int>>;

ScalingLimits limits_of(int least, int most) {
  ScalingLimits limits;
  limits.least = least;
  limits.most = most;
  return limits;
}

std::vector<std::string> workers_of(int count) {
  std::vector<std::string> workers;
  for (int i = 1; i <= count; ++i) workers.push_back("worker-" + std::to_string(i));
  return workers;
}

}  // namespace

TEST_CASE("the number of workers follows the lag") {
  Scaling scaling(limits_of(2, 20));
  CHECK(scaling.decide(seconds(100), std::nullopt) == 2);        // nothing is known yet
  CHECK(scaling.decide(seconds(101), seconds(1)) == 2);          // below the target
  CHECK(scaling.decide(seconds(102), seconds(3)) == 3);          // half as much again
  CHECK(scaling.decide(seconds(103), seconds(30)) == 3);         // what was added is not felt yet
  CHECK(scaling.decide(seconds(104), seconds(30)) == 6);         // at most twice as many
  CHECK(scaling.decide(seconds(106), milliseconds(2001)) == 7);  // at least one more
  CHECK(scaling.decide(seconds(107), std::nullopt) == 7);
  CHECK(scaling.decide(seconds(108), seconds(60)) == 14);
  CHECK(scaling.decide(seconds(110), seconds(60)) == 20);  // the most

  // One less for each 30 s of calm; a lag near the target is no calm.
  CHECK(scaling.decide(seconds(120), milliseconds(100)) == 20);
  CHECK(scaling.decide(seconds(149), milliseconds(100)) == 20);
  CHECK(scaling.decide(seconds(150), milliseconds(100)) == 19);
  CHECK(scaling.decide(seconds(170), seconds(1)) == 19);
  CHECK(scaling.decide(seconds(180), milliseconds(100)) == 19);
  CHECK(scaling.decide(seconds(209), milliseconds(100)) == 19);
  CHECK(scaling.decide(seconds(210), milliseconds(100)) == 18);
  for (int i = 0; i < 100; ++i) scaling.decide(seconds(240 + 30 * i), Nanoseconds{0});
  CHECK(scaling.wanted() == 2);
  scaling.change(limits_of(5, 6));
  CHECK(scaling.decide(seconds(9000), Nanoseconds{0}) == 5);
}

TEST_CASE("from 12 to 47 workers in 22 s when the load of 47 comes at once") {
  // 1K-to-100K: each worker takes in 2,000 events a second, 91,000 come.
  Scaling scaling(limits_of(12, 60));
  LagWatch watch;
  std::int64_t published = 0;
  std::int64_t applied = 0;
  Nanoseconds reached{0};
  int workers = 12;
  for (Nanoseconds now = seconds(1000); now < seconds(1060); now += milliseconds(250)) {
    published += 91'000 / 4;
    applied = std::min(published, applied + workers * 2'000 / 4);
    const auto lag = watch.observe(now, {{"s", published}}, {{"s", applied}});
    workers = scaling.decide(now, lag.age);
    if (workers >= 47 && reached == Nanoseconds{0}) reached = now - seconds(1000);
  }
  CHECK(reached > Nanoseconds{0});
  CHECK(reached <= seconds(22));
}

TEST_CASE("units are spread evenly and move only when they must") {
  const Held first = spread(20, workers_of(2), {});
  CHECK(first.at("worker-1").size() == 10);
  CHECK(first.at("worker-2").size() == 10);
  CHECK(spread(20, workers_of(2), first) == first);

  const Held more = spread(20, workers_of(3), first);
  std::size_t moved = 0;
  std::set<int> all;
  for (const auto& [worker, units] : more) {
    CHECK(units.size() >= 6);
    CHECK(units.size() <= 7);
    all.insert(units.begin(), units.end());
    for (const int unit : units) moved += first.count(worker) == 0 || first.at(worker).count(unit) == 0 ? 1 : 0;
  }
  CHECK(all.size() == 20);
  CHECK(moved == 6);  // what the third one needs, no more

  Held without = more;
  without.erase("worker-1");
  const Held less = spread(20, {"worker-2", "worker-3"}, without);
  for (const auto& [worker, units] : without) {
    for (const int unit : units) CHECK(less.at(worker).count(unit) == 1);  // nothing moves between those that stay
  }
  CHECK(less.at("worker-2").size() + less.at("worker-3").size() == 20);
  CHECK(spread(3, workers_of(5), {}).at("worker-5").empty());
  CHECK(spread(20, {}, first).empty());
}

TEST_CASE("the lag is the age of the oldest event that is not applied") {
  LagWatch watch;
  CHECK(watch.observe(seconds(10), {{"s", 5}}, {{"s", 5}}).age == Nanoseconds{0});
  CHECK(watch.observe(seconds(11), {{"s", 7}}, {{"s", 5}}).age == Nanoseconds{0});  // seen for the first time now
  CHECK(watch.observe(seconds(12), {{"s", 9}}, {{"s", 6}}).age == seconds(1));
  const auto lag = watch.observe(seconds(14), {{"s", 9}, {"t", 4}}, {{"s", 7}});
  CHECK(lag.age == seconds(2));  // of numbers 8 and 9, which came at 12
  CHECK(lag.events == 2 + 4);    // of a stream that nobody applies, everything
  CHECK(watch.observe(seconds(20), {{"s", 9}, {"t", 4}}, {{"s", 9}, {"t", 4}}).age == Nanoseconds{0});
  CHECK(watch.observe(seconds(30), {{"s", 9}}, {{"s", 9}}).events == 0);
}

TEST_CASE("a quota is a second's worth at most, and what is not used is given back") {
  Quota quota(100);
  CHECK(quota.take(10, seconds(5)) == 0);  // it begins empty
  CHECK(quota.take(10, milliseconds(5050)) == 5);
  CHECK(quota.take(10, milliseconds(5050)) == 0);
  quota.give_back(3);
  CHECK(quota.take(10, milliseconds(5050)) == 3);
  CHECK(quota.take(1000, seconds(60)) == 100);
}
