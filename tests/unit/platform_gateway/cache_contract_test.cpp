// What every Cache does, whoever implements it: one suite, run on each implementation.

#include "platform/cache/cache.hpp"

#include <functional>

#include "tests/support/catch.hpp"

namespace tidegate::platform {
namespace {

template <typename T>
T wait(asio::awaitable<T> awaited) {
  asio::io_context context;
  std::optional<T> result;
  asio::co_spawn(
      context,
      [](asio::awaitable<T> inner, std::optional<T>& out) -> asio::awaitable<void> { out = co_await std::move(inner); }(
                                                              std::move(awaited), result),
      asio::detached);
  context.run();
  REQUIRE(result.has_value());
  return std::move(*result);
}

void wait(asio::awaitable<void> awaited) {
  asio::io_context context;
  asio::co_spawn(context, std::move(awaited), asio::detached);
  context.run();
}

struct Implementation {
  const char* name;
  std::function<std::unique_ptr<Cache>(std::size_t, const Clock&)> make;
};

const Implementation kImplementations[] = {{"in this process", make_process_cache}};

constexpr Nanoseconds kMinute = std::chrono::minutes(1);

TEST_CASE("cache contract: what was put is got, replaced, erased, and lapses") {
  for (const Implementation& tried : kImplementations) {
    INFO(tried.name);
    SimulatedClock clock;
    const auto cache = tried.make(100, clock);
    CHECK_FALSE(wait(cache->get("a")).has_value());
    wait(cache->put("a", "1", kMinute));
    wait(cache->put("b", std::string("\0\n", 2), kMinute));
    CHECK(wait(cache->get("a")) == "1");
    CHECK(wait(cache->get("b")) == std::string("\0\n", 2));
    wait(cache->put("a", "2", 2 * kMinute));
    CHECK(wait(cache->get("a")) == "2");
    CHECK(cache->size() == 2);
    clock.advance(kMinute);
    CHECK_FALSE(wait(cache->get("b")).has_value());  // at its time, not after it
    CHECK(wait(cache->get("a")) == "2");
    wait(cache->erase("a"));
    wait(cache->erase("never"));
    CHECK_FALSE(wait(cache->get("a")).has_value());
    wait(cache->put("c", "3", kMinute));
    wait(cache->put("c", "4", Nanoseconds{0}));  // no lifetime: gone
    CHECK_FALSE(wait(cache->get("c")).has_value());
  }
}

TEST_CASE("cache contract: it is bounded, what was used last stays, and a share can be forgotten") {
  for (const Implementation& tried : kImplementations) {
    INFO(tried.name);
    SimulatedClock clock;
    const auto cache = tried.make(10, clock);
    for (int i = 0; i < 10; ++i) wait(cache->put(std::to_string(i), "x", kMinute));
    CHECK(wait(cache->get("0")).has_value());
    wait(cache->put("10", "x", kMinute));
    CHECK(cache->size() == 10);
    CHECK(wait(cache->get("0")).has_value());
    CHECK_FALSE(wait(cache->get("1")).has_value());
    CHECK(wait(cache->evict(0.5)) == 5);
    CHECK(cache->size() == 5);
    CHECK(wait(cache->get("0")).has_value());
    CHECK(wait(cache->evict(7)) == 5);
    CHECK(wait(cache->evict(1)) == 0);
    CHECK(wait(cache->evict(-1)) == 0);
    const auto none = tried.make(0, clock);
    wait(none->put("a", "1", kMinute));
    CHECK_FALSE(wait(none->get("a")).has_value());
  }
}

}  // namespace
}  // namespace tidegate::platform
