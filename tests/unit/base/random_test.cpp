#include "base/random.hpp"

#include <cmath>
#include <limits>
#include <set>

#include "tests/support/catch.hpp"

namespace tidegate {

TEST_CASE("Philox4x32-10 gives Random123's known answers") {
  using Counter = std::array<std::uint32_t, 4>;
  CHECK(philox({0, 0, 0, 0}, {0, 0}) == Counter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox({~0U, ~0U, ~0U, ~0U}, {~0U, ~0U}) == Counter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Counter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("stable_hash never changes") {
  // FNV-1a's published hashes of these texts, each folded once through splitmix64.
  CHECK(stable_hash("") == 0xc3817c016ba4ff30);
  CHECK(stable_hash("a") == 0x5f29c2aadd9b8527);
  CHECK(stable_hash("foobar") == 0x5df295413403de4f);
  CHECK(stable_hash("create_payment") == 0xdd81ca32598c9d95);
}

TEST_CASE("draws never change between builds") {
  const Draws draws(20241129, 7, 123456789012);
  CHECK(draws.at(0) == 0x20b079af1769e78f);
  CHECK(draws.at(1) == 0x5652c472bbd775c3);
  CHECK(draws.at(2) == 0x9bdc018e6189cb12);
}

TEST_CASE("a draw depends on its place alone") {
  Draws walked(1, 2, 3);
  for (std::uint32_t k = 0; k < 5; ++k) CHECK(walked.next() == Draws(1, 2, 3).at(k));
}

TEST_CASE("seed, stream, index and draw all matter, in all their bits") {
  std::set<std::uint64_t> seen;
  int made = 0;
  const auto add = [&](std::uint64_t seed, std::uint64_t stream, std::uint64_t index, std::uint32_t k) {
    seen.insert(Draws(seed, stream, index).at(k));
    ++made;
  };
  add(0, 0, 0, 0);
  for (int bit = 0; bit < 64; ++bit) {
    add(1ULL << bit, 0, 0, 0);
    add(0, 1ULL << bit, 0, 0);
    add(0, 0, 1ULL << bit, 0);
    if (bit < 32) add(0, 0, 0, 1U << bit);
  }
  CHECK(static_cast<int>(seen.size()) == made);
}

TEST_CASE("uniform draws fill 0 to 1 evenly") {
  Draws draws(1, 1, 1);
  std::array<int, 10> tenths{};
  for (int i = 0; i < 100'000; ++i) {
    const double u = draws.uniform();
    REQUIRE((u >= 0 && u < 1));
    ++tenths[static_cast<std::size_t>(u * 10)];
  }
  for (const int count : tenths) CHECK(std::abs(count - 10'000) < 500);  // five standard deviations
}

TEST_CASE("between includes both ends and nothing else") {
  Draws draws(9, 9, 9);
  std::set<std::int64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(draws.between(-2, 3));
  CHECK(seen == std::set<std::int64_t>{-2, -1, 0, 1, 2, 3});
  CHECK(draws.between(7, 7) == 7);
  // The widest range has no modulus; it must not divide by zero.
  const std::uint64_t next = Draws(5, 5, 5).at(0);
  CHECK(Draws(5, 5, 5).between(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()) ==
        static_cast<std::int64_t>(next + 0x8000000000000000ULL));
}

TEST_CASE("between has no modulo bias") {
  // Three quarters of 2^64: with a bare modulo the lower third would come up twice as often as each of the others.
  Draws draws(3, 1, 4);
  constexpr std::int64_t low = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t third = 0x4000000000000000;
  int lower = 0;
  for (int i = 0; i < 30'000; ++i) lower += draws.between(low, third - 1) < low + third ? 1 : 0;
  CHECK(std::abs(lower - 10'000) < 500);
}

TEST_CASE("exponential and normal draws have their moments") {
  Draws draws(2, 7, 1);
  constexpr int kDraws = 100'000;
  double sum = 0, normal_sum = 0, normal_squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double wait = draws.exponential(), z = draws.normal();
    REQUIRE((wait >= 0 && std::isfinite(wait) && std::isfinite(z)));
    sum += wait;
    normal_sum += z;
    normal_squares += z * z;
  }
  CHECK(sum / kDraws == Approx(1).margin(0.02));
  CHECK(normal_sum / kDraws == Approx(0).margin(0.02));
  CHECK(normal_squares / kDraws == Approx(1).margin(0.03));
}

TEST_CASE("UUIDs are of version 4 and RFC 9562's variant") {
  CHECK(Draws(20241129, 7, 0).uuid() == "e43639cd-83b0-4aed-8057-316e056056e2");
  std::set<std::string> seen;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const std::string uuid = Draws(20241129, 7, i).uuid();
    REQUIRE(uuid.size() == 36);
    REQUIRE(uuid[14] == '4');
    REQUIRE(std::string("89ab").find(uuid[19]) != std::string::npos);
    REQUIRE((uuid[8] == '-' && uuid[13] == '-' && uuid[18] == '-' && uuid[23] == '-'));
    REQUIRE(uuid.find_first_not_of("0123456789abcdef-") == std::string::npos);
    seen.insert(uuid);
  }
  CHECK(seen.size() == 1000);
}

TEST_CASE("secrets are hex of the asked length and differ") {
  CHECK(random_hex(0).empty());
  const std::string one = random_hex(16), other = random_hex(16);
  CHECK(one.size() == 32);
  CHECK(one.find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(one != other);
}

}  // namespace tidegate
