#include <limits>

#include "base/histogram.hpp"
#include "base/random.hpp"
#include "tests/support/catch.hpp"

namespace tidegate {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

std::string encoded(const Histogram& histogram) {
  std::string out;
  histogram.encode(out);
  return out;
}

}  // namespace

TEST_CASE("the form is the documented one") {
  Histogram histogram;
  CHECK(encoded(histogram) == "H");  // nothing after the format byte
  histogram.record(0);
  CHECK(encoded(histogram) == std::string("H\x02", 2));  // a count of one: ZigZag 2
  histogram.record(2, 64);
  CHECK(encoded(histogram) == std::string("H\x02\x00\x80\x01", 5));  // one empty index, then 64: 128 in two bytes
  histogram.record(5);
  CHECK(encoded(histogram) == std::string("H\x02\x00\x80\x01\x03\x02", 7));  // two empty indices: -2, ZigZag 3
}

TEST_CASE("what was encoded is decoded to an equal histogram") {
  Histogram histogram;
  Draws draws(1, 2, 3);
  const int observations = GENERATE(0, 1, 10, 5000);
  for (int i = 0; i < observations; ++i) {
    histogram.record(static_cast<std::uint64_t>(draws.exponential() * 1e5), 1 + draws.next() % 1000);
  }
  const auto decoded = Histogram::decode(bytes_of(encoded(histogram)));
  REQUIRE(decoded.ok());
  CHECK(*decoded == histogram);
  CHECK(decoded->count() == histogram.count());
}

TEST_CASE("the last bucket is reached by a run of zeros") {
  const std::string last("H\xe7\xea\x02\x02", 5);  // 23,220 empty ones, then a count of one
  const auto decoded = Histogram::decode(bytes_of(last));
  REQUIRE(decoded.ok());
  CHECK(decoded->count_at_or_over(Histogram::kHighestTrackable) == 1);
}

TEST_CASE("the largest count and the highest value survive") {
  Histogram histogram;
  histogram.record(Histogram::kHighestTrackable, std::numeric_limits<std::int64_t>::max());
  const auto decoded = Histogram::decode(bytes_of(encoded(histogram)));
  REQUIRE(decoded.ok());
  CHECK(*decoded == histogram);
}

TEST_CASE("anything else is refused") {
  const std::string all_ones(9, '\xff');                        // the most negative number but one
  const std::string largest = "\xfe" + std::string(8, '\xff');  // the largest count
  const std::string rows[] = {
      "",                                    // not even a format
      "V\x02",                               // another format
      "H\x80",                               // cut short
      std::string("H\x82\x00", 3),           // longer than need be
      std::string("H\x02\x00", 3),           // ends in zeros
      "H\x03",                               // only zeros
      "H\x01\x02",                           // -1: one zero has a shorter form
      std::string("H\x00\x00\x02", 4),       // a run of zeros in two parts
      "H\x03\x03\x02",                       // the same with two runs
      "H" + all_ones,                        // -2^63: its opposite does not exist
      "H" + all_ones + "\x02",               // the same, and a count behind it
      "H\xff\xff\x03\x02",                   // a run past the last bucket
      std::string("H\xe9\xea\x02\x02", 5),   // to just behind the last bucket
      "H" + std::string(24 * 1024, '\x02'),  // more counts than buckets
      "H" + largest + largest + largest,     // the sum overflows
      "H\x02 and more",                      // rubbish behind a good start: an odd byte is a run
  };
  for (const auto& row : rows) {
    CAPTURE(row);
    const auto decoded = Histogram::decode(bytes_of(row));
    REQUIRE_FALSE(decoded.ok());
    CHECK(decoded.error().kind == Error::Kind::protocol);
  }
}

TEST_CASE("a damaged form is refused or is the form of what it decodes to") {
  Histogram histogram;
  for (std::uint64_t value = 1; value < 3'000'000'000; value = value * 5 / 3 + 1) histogram.record(value, value % 300);
  const std::string good = encoded(histogram);
  Draws draws(4, 5, 6);
  for (int round = 0; round < 3000; ++round) {
    std::string bad = good;
    for (int flips = 0; flips < 3; ++flips) {
      bad[draws.next() % bad.size()] = static_cast<char>(draws.next());
    }
    bad.resize(draws.next() % (bad.size() + 1));
    const auto decoded = Histogram::decode(bytes_of(bad));
    if (decoded && encoded(*decoded) != bad) FAIL("two forms of one histogram in round " << round);
  }
}

}  // namespace tidegate
