#include <cmath>
#include <limits>

#include "base/units.hpp"
#include "tests/support/catch.hpp"

namespace tidegate {

using namespace std::chrono_literals;

TEST_CASE("durations as people read them") {
  struct Row {
    Nanoseconds duration;
    const char* want;
  };
  const auto row = GENERATE(Row{0ns, "0 s"}, Row{850ns, "850 ns"}, Row{84us, "84 us"}, Row{1200us, "1.2 ms"},
                            Row{999'700ns, "1 ms"},  // not 1000 us
                            Row{999'400ns, "999 us"}, Row{15s, "15 s"}, Row{59'960ms, "1 min"}, Row{90s, "1.5 min"},
                            Row{259'200ms, "4.32 min"}, Row{171'360s, "47.6 h"}, Row{48h, "2 d"}, Row{720h, "30 d"},
                            Row{87600h, "3650 d"}, Row{-1500ms, "-1.5 s"}, Row{1234567ns, "1.23 ms"});
  CHECK(format_duration(row.duration) == row.want);
}

TEST_CASE("seconds that are no number") {
  CHECK(format_seconds(std::nan("")) == "unknown");
  CHECK(format_seconds(std::numeric_limits<double>::infinity()) == "forever");
  CHECK(format_seconds(1e-12) == "0.001 ns");
}

TEST_CASE("shares keep the nines that matter") {
  struct Row {
    double share;
    const char* want;
  };
  const auto row = GENERATE(Row{0, "0 %"}, Row{1, "100 %"}, Row{0.9995, "99.95 %"}, Row{0.99999, "99.999 %"},
                            Row{0.999995, "99.9995 %"},        // an objective must not read 100 %
                            Row{0.999999999, "99.9999999 %"},  // nor a single failure in a thousand million
                            Row{0.000001, "0.0001 %"}, Row{0.021, "2.1 %"}, Row{1.0 / 3, "33.33 %"}, Row{1.5, "150 %"},
                            Row{0.23456, "23.46 %"}, Row{0.0012345678, "0.1235 %"});
  CAPTURE(row.share);
  CHECK(format_share(row.share) == row.want);
}

TEST_CASE("rates, sizes and counts") {
  CHECK(format_rate(0) == "0/s");
  CHECK(format_rate(0.5) == "0.5/s");
  CHECK(format_rate(400) == "400/s");
  CHECK(format_rate(4800.4) == "4,800/s");
  CHECK(format_rate(999.7) == "1,000/s");
  CHECK(format_bytes(0) == "0 B");
  CHECK(format_bytes(512) == "512 B");
  CHECK(format_bytes(1023) == "1023 B");
  CHECK(format_bytes(65536) == "64 KiB");
  CHECK(format_bytes(1572864) == "1.5 MiB");
  CHECK(format_count(0) == "0");
  CHECK(format_count(999) == "999");
  CHECK(format_count(1000) == "1,000");
  CHECK(format_count(29956) == "29,956");
  CHECK(format_count(18446744073709551615ULL) == "18,446,744,073,709,551,615");
}

TEST_CASE("edit distance") {
  struct Row {
    const char *a, *b;
    int want;
  };
  const auto row = GENERATE(Row{"", "", 0}, Row{"", "abc", 3}, Row{"abc", "", 3}, Row{"phase", "phase", 0},
                            Row{"phasse", "phase", 1}, Row{"phaes", "phase", 1},  // neighbours swapped count once
                            Row{"kitten", "sitting", 3}, Row{"ca", "abc", 3});    // optimal string alignment, not 2
  CHECK(edit_distance(row.a, row.b) == row.want);
  CHECK(edit_distance(row.b, row.a) == row.want);
}

TEST_CASE("the nearest spelling is offered when it is near") {
  const std::vector<std::string> names = {"phase", "for", "to", "over"};
  CHECK(nearest_spelling("phasse", names) == "phase");
  CHECK(nearest_spelling("ovre", names) == "over");
  CHECK(nearest_spelling("completely_else", names).empty());
  CHECK(nearest_spelling("x", names).empty());
  CHECK(nearest_spelling("anything", std::vector<std::string>{}).empty());
}

}  // namespace tidegate
