#include "base/units.hpp"

#include "tests/support/catch.hpp"

namespace tidegate {

using namespace std::chrono_literals;

TEST_CASE("durations") {
  struct Row {
    const char* text;
    Nanoseconds want;
  };
  const auto row = GENERATE(Row{"7ns", 7ns}, Row{"250us", 250us}, Row{"300ms", 300ms}, Row{"15m", 15min}, Row{"2h", 2h},
                            Row{"30d", 720h}, Row{"0s", 0s}, Row{"1.5s", 1500ms},     // a fraction
                            Row{"0.1s", 100ms}, Row{"1.1s", 1100ms},                  // that binary cannot hold
                            Row{"1m30s", 90s}, Row{"1h0.5m250ms", 1h + 30s + 250ms},  // compounds
                            Row{"106751d", 106751 * 24h});                            // the last whole day that fits
  CAPTURE(row.text);
  const auto have = parse_duration(row.text);
  REQUIRE(have.ok());
  CHECK(have->count() == row.want.count());
}

TEST_CASE("what is no duration is refused, and the message names the units") {
  const char* text = GENERATE("15",                                           // no unit
                              "", "s", "ms",                                  // no number
                              "-5s", "+5s",                                   // a sign
                              "5 s", " 5s", "5s ",                            // blanks
                              "5S", "5min", "5sec",                           // units that are not ours
                              "1.s", ".5s", "1e3s", "0x10s", "infs", "nans",  // numbers that are not ours
                              "1s1s", "30s1m", "1ms1s",                       // compounds must descend, each unit once
                              "1m30",                                         // the last part has no unit
                              "106752d", "99999999999999999999s",             // longer than 292 years
                              "5s\n", "${warmup}");
  CAPTURE(text);
  const auto have = parse_duration(text);
  REQUIRE_FALSE(have.ok());
  CHECK(have.error().kind == Error::Kind::usage);
  CHECK(have.error().message ==
        "expected a duration with its unit, such as 300ms or 15s, found '" + std::string(text) + "'");
}

TEST_CASE("rates are per second") {
  CHECK(*parse_rate("400/s") == 400);
  CHECK(*parse_rate("30/m") == 0.5);
  CHECK(*parse_rate("3600/h") == 1);
  CHECK(*parse_rate("0.5/s") == 0.5);
  CHECK(*parse_rate("0/s") == 0);
  for (const char* text : {"400", "/s", "400/", "400/d", "400 /s", "-1/s", "400/s/s", "400rps", "4,800/s", ""}) {
    CAPTURE(text);
    const auto have = parse_rate(text);
    REQUIRE_FALSE(have.ok());
    CHECK(have.error().message.find("400/s, 30/m or 10/h") != std::string::npos);
  }
}

TEST_CASE("shares are of one") {
  CHECK(*parse_share("99.95%") == 0.9995);
  CHECK(*parse_share("0%") == 0);
  CHECK(*parse_share("150%") == 1.5);  // over 100 % is for the caller to judge
  for (const char* text : {"0.9995", "99.95", "%", "99.95 %", "-1%", "99.95%%", "99,95%"}) {
    CAPTURE(text);
    const auto have = parse_share(text);
    REQUIRE_FALSE(have.ok());
    CHECK(have.error().message.find("99.95%") != std::string::npos);
  }
}

TEST_CASE("sizes") {
  CHECK(*parse_bytes("512B") == 512);
  CHECK(*parse_bytes("64KiB") == 65536);
  CHECK(*parse_bytes("1.5MiB") == 1572864);
  CHECK(*parse_bytes("1GiB") == 1073741824);
  CHECK(*parse_bytes("2TiB") == 2199023255552);
  CHECK(*parse_bytes("10kB") == 10000);
  CHECK(*parse_bytes("10MB") == 10000000);
  for (const char* text : {"512", "64K", "64kb", "64kib", "64KiBs", "1.5B", "-1B", "KiB", "99999999TiB"}) {
    CAPTURE(text);
    const auto have = parse_bytes(text);
    REQUIRE_FALSE(have.ok());
    CHECK(have.error().message.find("64KiB") != std::string::npos);
  }
}

TEST_CASE("whole numbers") {
  CHECK(*parse_integer("0") == 0);
  CHECK(*parse_integer("-17") == -17);
  CHECK(*parse_integer("9223372036854775807") == 9223372036854775807);
  CHECK(*parse_integer("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
  for (const char* text : {"", "-", "+1", "1.0", "1e3", "0x10", " 1", "1 ", "9223372036854775808", "1_000", "one"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_integer(text).ok());
  }
}

TEST_CASE("decimal numbers") {
  CHECK(*parse_number("0.3") == 0.3);
  CHECK(*parse_number("-2.5e3") == -2500);
  CHECK(*parse_number("7") == 7);
  for (const char* text :
       {"", "-", "nan", "inf", "-inf", "infinity", "1e999", "0x1p3", ".5", "+1", "1,5", "1.5.2", "1 "}) {
    CAPTURE(text);
    CHECK_FALSE(parse_number(text).ok());
  }
}

}  // namespace tidegate
