// The figures marked (published) are those of HdrHistogram's own tests for three significant digits.

#include "base/histogram.hpp"

#include <limits>

#include "tests/support/catch.hpp"

namespace tidegate {
namespace {

std::uint64_t lowest(std::uint64_t value) {
  return Histogram::lowest_of_index(Histogram::index_of(value));
}
std::uint64_t highest(std::uint64_t value) {
  return Histogram::highest_of_index(Histogram::index_of(value));
}

Histogram one_to(std::uint64_t last) {
  Histogram out;
  for (std::uint64_t value = 1; value <= last; ++value) out.record(value);
  return out;
}

}  // namespace

TEST_CASE("a value's bucket has the published bounds") {
  struct Row {
    std::uint64_t value, low, high;
  };
  const auto row = GENERATE(Row{0, 0, 0},                                  // zero is a value of its own
                            Row{1, 1, 1}, Row{1025, 1025, 1025},           // (published)
                            Row{2047, 2047, 2047},                         // the last one kept exactly (published)
                            Row{2048, 2048, 2049},                         // the first bucket of two
                            Row{2049, 2048, 2049}, Row{2500, 2500, 2501},  // (published)
                            Row{4095, 4094, 4095}, Row{4096, 4096, 4099},  // steps of four begin
                            Row{8180, 8180, 8183}, Row{8191, 8188, 8191},  // (published)
                            Row{8193, 8192, 8199}, Row{9995, 9992, 9999},  // (published)
                            Row{10007, 10000, 10007},                      // (published)
                            Row{10008, 10008, 10015}, Row{10009, 10008, 10015});  // (published)
  CHECK(lowest(row.value) == row.low);
  CHECK(highest(row.value) == row.high);
}

TEST_CASE("buckets touch, keep three digits, and are found from both their ends") {
  const int last = Histogram::index_of(Histogram::kHighestTrackable);
  REQUIRE(last == 22 * 1024 + 692);  // 3.6e9 / 2^21 = 1716.6, and 1716 - 1024 = 692 into the last half
  for (int index = 0; index <= last; ++index) {
    const std::uint64_t low = Histogram::lowest_of_index(index), high = Histogram::highest_of_index(index);
    if (index > 0 && low != Histogram::highest_of_index(index - 1) + 1) FAIL("gap before index " << index);
    if (Histogram::index_of(low) != index) FAIL("lowest of index " << index << " is elsewhere");
    if (index < last && Histogram::index_of(high) != index) FAIL("highest of index " << index << " is elsewhere");
    if ((high - low) * 1000 > low) FAIL("index " << index << " is wider than a thousandth");
  }
}

TEST_CASE("values over the highest trackable count as it") {
  Histogram histogram;
  histogram.record(Histogram::kHighestTrackable + 1);
  histogram.record(std::numeric_limits<std::uint64_t>::max());
  CHECK(histogram.count() == 2);
  CHECK(histogram.min() == lowest(Histogram::kHighestTrackable));
  CHECK(histogram.count_at_or_over(std::numeric_limits<std::uint64_t>::max()) == 2);  // nobody knows how far over
  CHECK(histogram.max() == highest(Histogram::kHighestTrackable));
}

TEST_CASE("an empty histogram answers zero everywhere") {
  const Histogram histogram;
  CHECK(histogram.empty());
  CHECK(histogram.min() == 0);
  CHECK(histogram.max() == 0);
  CHECK(histogram.mean() == 0);
  CHECK(histogram.value_at_percentile(99) == 0);
  CHECK(histogram.value_at_rank(1) == 0);
  CHECK(histogram.count_at_or_over(0) == 0);
}

TEST_CASE("percentiles of 1 to 10,000") {
  struct Row {
    double percentile;
    std::uint64_t value;
  };
  const auto row = GENERATE(Row{0.001, 1},       // never below the first observation
                            Row{10, 1000},       // kept exactly
                            Row{50, 5003},       // 5000, in a bucket of four
                            Row{90, 9007},       // 9000, in a bucket of eight
                            Row{99, 9903},       // 9900 begins four into its bucket of eight
                            Row{99.9, 9991},     // rank 9990: the product must not round up to 9991's bucket
                            Row{99.99, 9999},    // rank 9999
                            Row{99.991, 10007},  // one step over it: rank 10000
                            Row{100, 10007}, Row{250, 10007});  // more than all is all
  CAPTURE(row.percentile);
  CHECK(one_to(10'000).value_at_percentile(row.percentile) == row.value);
}

TEST_CASE("a percentile that is a whole rank takes that rank") {
  // 99.9 % of 1,000 in binary comes out a little over 999; 1000 and 1002 lie in different buckets of the scale below.
  Histogram histogram;
  histogram.record(100, 999);
  histogram.record(5000, 1);
  CHECK(histogram.value_at_percentile(99.9) == 100);
  CHECK(histogram.value_at_percentile(99.91) == 5003);
}

TEST_CASE("percentiles of ten thousand quick ones and one slow one (published)") {
  Histogram histogram;
  histogram.record(1000, 10'000);
  histogram.record(100'000'000);
  CHECK(histogram.value_at_percentile(30) == 1000);
  CHECK(histogram.value_at_percentile(99.99) == 1000);
  CHECK(histogram.value_at_percentile(99.999) == highest(100'000'000));
  CHECK(histogram.max() == highest(100'000'000));
  CHECK(histogram.mean() == Approx((1000.0 * 10'000 + 100'000'000) / 10'001).epsilon(0.001));
}

TEST_CASE("ranks count from one and stay inside") {
  const Histogram histogram = one_to(100);
  CHECK(histogram.value_at_rank(1) == 1);
  CHECK(histogram.value_at_rank(57) == 57);
  CHECK(histogram.value_at_rank(100) == 100);
  CHECK(histogram.value_at_rank(0) == 1);
  CHECK(histogram.value_at_rank(101) == 100);
}

TEST_CASE("whatever is not provably below the limit counts as over it") {
  Histogram histogram;
  histogram.record(500'000);  // its bucket: 499,968 to 500,223
  REQUIRE(lowest(500'000) == 499'968);
  REQUIRE(highest(500'000) == 500'223);
  CHECK(histogram.count_at_or_over(499'000) == 1);
  CHECK(histogram.count_at_or_over(500'000) == 1);
  CHECK(histogram.count_at_or_over(500'223) == 1);  // it may have been exactly that
  CHECK(histogram.count_at_or_over(500'224) == 0);
  histogram.record(100);
  CHECK(histogram.count_at_or_over(0) == 2);
  CHECK(histogram.count_at_or_over(101) == 1);
}

TEST_CASE("merging equals recording into one") {
  Histogram odd, even, both;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const std::uint64_t value = i * i * 17;
    (i % 2 ? odd : even).record(value);
    both.record(value);
  }
  odd.merge(even);
  CHECK(odd == both);
  CHECK(odd.count() == 2000);
  odd.merge(Histogram{});
  CHECK(odd == both);
  even.merge(even);  // with itself: doubled
  CHECK(even.count() == 2000);
}

TEST_CASE("a reset histogram equals a new one, and an unused page is nothing") {
  Histogram histogram = one_to(5000);
  histogram.reset();
  CHECK(histogram.empty());
  CHECK(histogram == Histogram{});
  CHECK(histogram.max() == 0);
  histogram.record(7);
  CHECK(histogram.value_at_percentile(100) == 7);
}

TEST_CASE("copies are apart, and what was moved from is empty") {
  Histogram first = one_to(10);
  Histogram copy = first;
  copy.record(99);
  CHECK(first.count() == 10);
  CHECK_FALSE(copy == first);
  first = first;  // NOLINT: to itself
  CHECK(first.count() == 10);
  const Histogram taken = std::move(first);
  CHECK(taken.count() == 10);
  CHECK(first.count() == 0);  // NOLINT: the state after the move is the point
  CHECK(first.value_at_percentile(50) == 0);
}

}  // namespace tidegate
