#include "platform/acquiring/fx.hpp"

#include "platform/acquiring/attempts.hpp"
#include "tests/support/catch.hpp"

using namespace tidegate;
using namespace tidegate::platform;
using std::chrono::seconds;

TEST_CASE("rates are decimals, kept as they were written") {
  struct Row {
    const char* text;
    bool good;
  };
  for (const Row& row : std::vector<Row>{{"1", true},
                                         {"1.0845", true},
                                         {"0.93", true},
                                         {"161.72", true},
                                         {"0.000000001", true},
                                         {"", false},
                                         {"0", false},
                                         {"0.0", false},
                                         {"-1", false},
                                         {"1e3", false},
                                         {".5", false},
                                         {"1.", false},
                                         {"1.2.3", false},
                                         {"1,5", false},
                                         {"1234567890123", false},
                                         {"0.0000000001", false}}) {
    INFO(row.text);
    const auto rate = FxRate::parse(row.text);
    CHECK(rate.ok() == row.good);
    if (rate) CHECK(rate->text() == row.text);
  }
}

TEST_CASE("amounts are converted exactly, halves to the even unit, once") {
  struct Row {
    std::int64_t amount;
    const char *from, *to, *rate;
    std::int64_t result;
    const char* why;
  };
  const std::vector<Row> rows = {
      {1250, "EUR", "USD", "1.0845", 1356, "1355.625 up"},
      {2, "EUR", "USD", "0.25", 0, "0.5 to the even 0"},
      {6, "EUR", "USD", "0.25", 2, "1.5 to the even 2"},
      {10, "EUR", "USD", "0.25", 2, "2.5 to the even 2"},
      {100, "EUR", "JPY", "161.72", 162, "two decimal places to none: 161.72"},
      {100, "JPY", "KWD", "0.002065", 206, "none to three: 206.5 to the even 206"},
      {1, "KWD", "JPY", "484.3", 0, "0.4843 down"},
      {0, "EUR", "USD", "1.0845", 0, "nothing"},
      {999'999'999'999, "EUR", "INR", "90.341", 90'340'999'999'910, "no float could: 90340999999909.659"},
  };
  for (const Row& row : rows) {
    INFO(row.why);
    CHECK(*convert(row.amount, row.from, row.to, *FxRate::parse(row.rate)) == row.result);
  }
  CHECK(convert(INT64_MAX / 1'000, "EUR", "INR", *FxRate::parse("90.341")).ok());
  CHECK_FALSE(convert(INT64_MAX, "EUR", "USD", *FxRate::parse("2")).ok());
  CHECK_FALSE(convert(-1, "EUR", "USD", *FxRate::parse("2")).ok());
}

TEST_CASE("a frozen rate serves for thirty seconds and no longer") {
  FxCache cache;
  CHECK(cache.wants_refresh("EUR", "USD", seconds(0)));
  cache.put("EUR", "USD", *FxRate::parse("1.0845"), seconds(0));
  CHECK_FALSE(cache.wants_refresh("EUR", "USD", seconds(10)));
  CHECK(cache.wants_refresh("EUR", "USD", seconds(11)));
  CHECK(cache.find("EUR", "USD", seconds(30)).has_value());
  CHECK_FALSE(cache.find("EUR", "USD", seconds(31)).has_value());
  CHECK_FALSE(cache.find("USD", "EUR", seconds(0)).has_value());
}

TEST_CASE("a cascade goes over other acquirers, each with a reference of its own") {
  const auto cascade = default_cascade("mer_000001");
  CHECK(cascade.size() == 3);
  CHECK(default_cascade("mer_000001") == cascade);
  Attempt attempt;
  attempt.payment = "pay_1";
  attempt.reference = "pay_1-a1";
  attempt.acquirer = "acq-33";
  attempt.cascade = {"acq-34", "acq-01"};
  const Attempt second = attempt.next();
  CHECK(second.reference == "pay_1-a2");
  CHECK(second.acquirer == "acq-34");
  CHECK(second.next().reference == "pay_1-a3");
  CHECK(second.next().cascade.empty());
}
