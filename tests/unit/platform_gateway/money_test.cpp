#include "platform/money/money.hpp"

#include "tests/support/catch.hpp"

namespace tidegate::platform {
namespace {

TEST_CASE("money: every currency has the exponent of ISO 4217, and what is none has none") {
  const std::pair<const char*, int> known[] = {{"EUR", 2}, {"USD", 2}, {"INR", 2}, {"JPY", 0}, {"KRW", 0}, {"ISK", 0},
                                               {"CLP", 0}, {"KWD", 3}, {"BHD", 3}, {"TND", 3}, {"AED", 2}, {"ZWL", 2}};
  for (const auto& [code, exponent] : known) {
    INFO(code);
    CHECK(currency_exponent(code) == exponent);
  }
  for (const char* none : {"", "E", "EU", "eur", "EURO", "EUX", "XAU", "XXX", "XTS", "   ", "D A", "UR ", "AED "}) {
    INFO(none);
    CHECK_FALSE(currency_exponent(none).has_value());
  }
}

TEST_CASE("money: arithmetic says when it does not fit") {
  CHECK(add_money(1, 2) == 3);
  CHECK(add_money(INT64_MAX, 0) == INT64_MAX);
  CHECK_FALSE(add_money(INT64_MAX, 1).has_value());
  CHECK_FALSE(add_money(INT64_MIN, -1).has_value());
  CHECK(subtract_money(1, 2) == -1);
  CHECK_FALSE(subtract_money(INT64_MIN, 1).has_value());
}

TEST_CASE("money: as people write it") {
  CHECK(money_text(1250, "EUR") == "12.50 EUR");
  CHECK(money_text(5, "EUR") == "0.05 EUR");
  CHECK(money_text(-5, "EUR") == "-0.05 EUR");
  CHECK(money_text(1250, "JPY") == "1250 JPY");
  CHECK(money_text(1, "KWD") == "0.001 KWD");
  CHECK(money_text(0, "EUR") == "0.00 EUR");
  CHECK(money_text(INT64_MIN, "EUR") == "-92233720368547758.08 EUR");
}

}  // namespace
}  // namespace tidegate::platform
