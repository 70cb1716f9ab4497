#include "platform/vault/card.hpp"

#include <filesystem>

#include "base/file.hpp"
#include "platform/vault/cipher.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/platform_workers/support.hpp"

using namespace tidegate;
using namespace tidegate::platform;

TEST_CASE("a card is checked, and an error never repeats what was sent") {
  struct Row {
    const char* why;
    const char* body;
    bool good;
  };
  const std::vector<Row> rows = {
      {"a card", R"({"number":"4000000000010019","expiry_month":12,"expiry_year":2030,"cvv":"123"})", true},
      {"with spaces", R"({"number":"4000 0000 0001 0019","expiry_month":12,"expiry_year":2030})", true},
      {"a wrong check digit", R"({"number":"4000000000010018","expiry_month":12,"expiry_year":2030})", false},
      {"two digits swapped", R"({"number":"4000000000001019","expiry_month":12,"expiry_year":2030})", false},
      {"too short", R"({"number":"42","expiry_month":12,"expiry_year":2030})", false},
      {"too long", R"({"number":"40000000000000000000","expiry_month":12,"expiry_year":2030})", false},
      {"letters", R"({"number":"40000000000100l9","expiry_month":12,"expiry_year":2030})", false},
      {"a number", R"({"number":4000000000010019,"expiry_month":12,"expiry_year":2030})", false},
      {"no number", R"({"expiry_month":12,"expiry_year":2030})", false},
      {"month 13", R"({"number":"4000000000010019","expiry_month":13,"expiry_year":2030})", false},
      {"a short year", R"({"number":"4000000000010019","expiry_month":1,"expiry_year":30})", false},
      {"a long cvv", R"({"number":"4000000000010019","expiry_month":1,"expiry_year":2030,"cvv":"12345"})", false},
  };
  for (const Row& row : rows) {
    INFO(row.why);
    const auto card = CardDetails::from_request(parse_json(row.body)->as_object());
    CHECK(card.ok() == row.good);
    if (!card) CHECK(card.error().message.find("4000") == std::string::npos);
  }
}

TEST_CASE("brands are told by the leading digits") {
  CHECK(brand_of("4000000000010019") == "visa");
  CHECK(brand_of("5105105105105100") == "mastercard");
  CHECK(brand_of("2221000000000009") == "mastercard");
  CHECK(brand_of("378282246310005") == "amex");
  CHECK(brand_of("9999999999999999") == "unknown");
}

TEST_CASE("what is sealed opens again, under its own context and key alone") {
  ScratchDirectory scratch;
  const auto cipher = Cipher::open(scratch.file("vault.key"));
  REQUIRE(cipher.ok());
  const auto sealed = cipher->seal("4000000000010019", "tok_1");
  REQUIRE(sealed.ok());
  CHECK(sealed->find("4000000000010019") == std::string::npos);
  CHECK(*cipher->open_sealed(*sealed, "tok_1") == "4000000000010019");
  CHECK_FALSE(cipher->open_sealed(*sealed, "tok_2").ok());  // a row swapped with another
  std::string changed = *sealed;
  changed.back() = changed.back() == '0' ? '1' : '0';
  CHECK_FALSE(cipher->open_sealed(changed, "tok_1").ok());
  CHECK_FALSE(cipher->open_sealed("", "tok_1").ok());
  CHECK(*cipher->seal("4000000000010019", "tok_1") != *sealed);  // a nonce of its own each time
  CHECK(cipher->fingerprint("a") == cipher->fingerprint("a"));
  CHECK(cipher->fingerprint("a") != cipher->fingerprint("b"));

  const auto again = Cipher::open(scratch.file("vault.key"));
  REQUIRE(again.ok());
  CHECK(*again->open_sealed(*sealed, "tok_1") == "4000000000010019");
  const auto other = Cipher::open(scratch.file("other.key"));
  REQUIRE(other.ok());
  CHECK_FALSE(other->open_sealed(*sealed, "tok_1").ok());
  CHECK(std::filesystem::status(scratch.file("vault.key")).permissions() ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  REQUIRE(write_file_atomically(scratch.file("bad.key"), "short").ok());
  CHECK_FALSE(Cipher::open(scratch.file("bad.key")).ok());
}
