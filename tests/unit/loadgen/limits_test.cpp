// Limits of the generator itself: memory, and where connections start from and go to.

#include <atomic>

#include "loadgen/memory_watch.hpp"
#include "loadgen/name_refresh.hpp"
#include "loadgen/source_addresses.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/loadgen/played.hpp"
#include "tests/unit/loadgen/scripted_server.hpp"
#include "tests/unit/loadgen/sections_text.hpp"

namespace tidegate::loadgen {
namespace {

constexpr std::uint64_t kMebibyte = 1U << 20;

void ok(Conversation& conversation) {
  conversation.answer(200, "{}");
}

/// As a machine that has enough for the engine to be made, and nothing afterwards.
PlayOptions without_memory() {
  PlayOptions options;
  options.memory_left = [asked = std::make_shared<std::atomic<int>>(0)]() -> std::optional<std::uint64_t> {
    return ++*asked == 1 ? 4096 * kMebibyte : kMebibyte;
  };
  return options;
}

std::vector<Address> addresses_of(const std::string& text) {
  auto addresses = parse_source_addresses({text});
  REQUIRE(addresses.ok());
  return *std::move(addresses);
}

}  // namespace

TEST_CASE("memory is short below a reserve, and enough again at twice that") {
  struct Row {
    std::uint64_t at_start, now;  // MiB
    bool is_short;
  };
  const std::vector<std::vector<Row>> tables = {
      // 5 % of what there was
      {{4000, 4000, false},
       {4000, 201, false},
       {4000, 199, true},
       {4000, 399, true},
       {4000, 401, false},
       {4000, 201, false}},
      {{100, 65, false}, {100, 63, true}, {100, 127, true}, {100, 129, false}},  // at least 64 MiB
      {{90'000, 513, false}, {90'000, 511, true}},                               // at most 512 MiB
  };
  for (const auto& table : tables) {
    std::uint64_t left = table.front().at_start;
    MemoryWatch watch([&left]() -> std::optional<std::uint64_t> { return left * kMebibyte; });
    for (const Row& row : table) {
      INFO(row.at_start << " MiB at the start, " << row.now << " now");
      left = row.now;
      CHECK(watch.look() == row.is_short);
    }
  }
}

TEST_CASE("memory that cannot be read is never short") {
  MemoryWatch watch([]() -> std::optional<std::uint64_t> { return std::nullopt; });
  CHECK_FALSE(watch.look());
  const auto left = memory_left();
  REQUIRE(left.has_value());
  CHECK(*left > 16 * kMebibyte);
}

TEST_CASE("short of memory, arrivals are dropped and counted") {
  ScriptedServer server(ok);
  const Played played =
      play("load: {l: {executor: constant-arrival-rate, rate: 50/s, duration: 1s}}", server.url(), without_memory());
  CHECK(played.finished);
  CHECK(played.count("scheduled_iterations") == 50);
  const double unsent = played.count("errors", {{"class", "memory"}});
  CHECK(unsent > 0);
  CHECK(played.count("dropped_iterations") == unsent);
  CHECK(played.count("iterations") == 50 - unsent);
  CHECK(played.count("http_reqs") == 50 - unsent);
}

TEST_CASE("short of memory, a closed loop waits before it tries again") {
  ScriptedServer server(ok);
  const Played played =
      play("load: {l: {executor: constant-vus, vus: 2, duration: 1s}}", server.url(), without_memory());
  CHECK(played.finished);
  const double unsent = played.count("errors", {{"class", "memory"}});
  CHECK(unsent > 0);
  CHECK(unsent <= 2 * 21);  // one every 50 ms each
  CHECK(played.count("dropped_iterations") == unsent);
}

TEST_CASE("more virtual users than memory are refused before anything starts") {
  const Compiled compiled =
      compile_text(with_defaults("load: {l: {executor: constant-vus, vus: 900000, duration: 1s}}"));
  REQUIRE(compiled.plan);
  EngineOptions options;
  options.base_url = "http://127.0.0.1:1";
  options.memory_left = []() -> std::optional<std::uint64_t> { return 1000 * kMebibyte; };
  const auto engine = Engine::create(*compiled.plan, options);
  REQUIRE_FALSE(engine.ok());
  CHECK(engine.error().message.find("load block 'l' take at least 1318 MiB; 1000 MiB of memory are left") !=
        std::string::npos);
}

TEST_CASE("source addresses") {
  const std::pair<std::vector<std::string>, std::vector<std::string>> good[] = {
      {{}, {}},
      {{"127.0.0.2"}, {"127.0.0.2"}},
      {{"127.0.0.254-127.0.1.1"}, {"127.0.0.254", "127.0.0.255", "127.0.1.0", "127.0.1.1"}},
      {{"::1", "127.0.0.2"}, {"::1", "127.0.0.2"}},
      {{"255.255.255.255-255.255.255.255"}, {"255.255.255.255"}},
  };
  for (const auto& [texts, wanted] : good) {
    const auto parsed = parse_source_addresses(texts);
    REQUIRE(parsed.ok());
    std::vector<std::string> found;
    for (const Address& address : *parsed) found.push_back(address_text(address));
    CHECK(found == wanted);
  }
  const std::pair<std::vector<std::string>, const char*> bad[] = {
      {{""}, "'' is not an IP address"},
      {{"localhost"}, "'localhost' is not an IP address"},
      {{"127.0.0.1-"}, "is not an IP address"},
      {{"::1-::9"}, "is not an IP address"},
      {{"127.0.0.2-127.0.0.1"}, "from a higher address to a lower one"},
      {{"0.0.0.0-255.255.255.255"}, "more than 4096"},
      {{"127.0.0.0-127.0.15.255", "127.0.16.0"}, "more than 4096"},
  };
  for (const auto& [texts, why] : bad) {
    const auto parsed = parse_source_addresses(texts);
    INFO(texts.front());
    REQUIRE_FALSE(parsed.ok());
    CHECK_THAT(parsed.error().message, Catch::Contains(why));
  }
  CHECK(check_source_addresses(addresses_of("127.0.0.2-127.0.0.9")).ok());
  CHECK_FALSE(check_source_addresses(addresses_of("192.0.2.1")).ok());
}

TEST_CASE("a host that moves is followed: new connections go where it is now") {
  ScriptedServer before(ok), after(ok);
  const auto port_of = [](const ScriptedServer& server) { return server.url().substr(server.url().rfind(':') + 1); };
  PlayOptions options;
  options.dns_refresh = std::chrono::milliseconds(20);
  auto moved = std::make_shared<std::atomic<bool>>(false);
  options.resolve = [=, here = port_of(before), there = port_of(after)](const std::string& host, const std::string&) {
    if (host != "shop.test") return Result<std::vector<Address>>(machine_error("no such host: " + host));
    return resolve_addresses("127.0.0.1", *moved ? there : here);
  };
  options.while_playing = [&] { *moved = before.requests() > 0; };
  const Played played =
      play("load: {l: {executor: constant-arrival-rate, rate: 100/s, duration: 2s}}", "http://shop.test:80", options);
  CHECK(played.count("iterations", {{"outcome", "ok"}}) == 200);
  CHECK(before.requests() > 0);
  CHECK(after.requests() > 0);
  CHECK(before.requests() + after.requests() == 200);
  // Once it has moved, nothing goes to the old place: its connection is not used again.
  CHECK(before.requests() < 200);
}

TEST_CASE("a look-up that fails, or finds the same, changes nothing") {
  std::atomic<int> asked{0}, told{0};
  const auto known = addresses_of("127.0.0.2-127.0.0.3");
  auto turned = known;
  std::swap(turned[0], turned[1]);
  {
    NameRefresh refresh(
        std::chrono::milliseconds(1), known,
        [&]() -> Result<std::vector<Address>> {
          if (++asked % 2 == 0) return machine_error("the resolver is away");
          return turned;
        },
        [&](const std::vector<Address>&) { ++told; });
    const Nanoseconds until = monotonic_now() + std::chrono::seconds(20);
    while (asked < 6 && monotonic_now() < until) {
    }
  }
  CHECK(asked >= 6);
  CHECK(told == 0);
}

}  // namespace tidegate::loadgen
