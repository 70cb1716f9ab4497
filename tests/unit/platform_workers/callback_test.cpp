#include "platform/worker/callback_signature.hpp"

#include <string>
#include <vector>

#include "tests/support/catch.hpp"

using namespace tidegate::platform;

TEST_CASE("only a signature with the shared secret, over this body and time, is believed") {
  const std::string body = R"({"reference":"pay_1-a1","status":"approved"})";
  const std::string good = sign_callback("secret", 1'000'000, body);
  CHECK(verify_callback("secret", good, body, 1'000'000));
  CHECK(verify_callback("secret", good, body, 1'000'300));
  struct Row {
    const char* why;
    std::string secret, signature, body;
    std::int64_t now_s;
  };
  for (const Row& row : std::vector<Row>{
           {"another secret", "other", good, body, 1'000'000},
           {"no secret", "", sign_callback("", 1'000'000, body), body, 1'000'000},
           {"another body", "secret", good, body + " ", 1'000'000},
           {"too old", "secret", good, body, 1'000'301},
           {"from the future", "secret", good, body, 999'699},
           {"another time", "secret", "t=1000001" + good.substr(good.find(',')), body, 1'000'001},
           {"nothing", "secret", "", body, 1'000'000},
           {"no time", "secret", "t=,v1=00", body, 1'000'000},
           {"cut short", "secret", good.substr(0, good.size() - 1), body, 1'000'000},
       }) {
    INFO(row.why);
    CHECK_FALSE(verify_callback(row.secret, row.signature, row.body, row.now_s));
  }
}
