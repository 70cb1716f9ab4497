#include "audit/webhook_sink.hpp"

#include "audit/base64.hpp"
#include "base/http/client.hpp"
#include "tests/unit/audit/books.hpp"

using namespace tidegate;
using namespace std::chrono_literals;
using audit::Signature;

namespace {

// The example of the specification (https://github.com/standard-webhooks/standard-webhooks, spec 1.0).
constexpr const char* kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr const char* kId = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr const char* kTime = "1614265330";
constexpr const char* kBody = R"({"test": 2432232314})";
constexpr const char* kSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
constexpr auto kNow = std::chrono::seconds(1614265330);

int deliver(const audit::WebhookSink& sink, const std::string& id, bool sign = true) {
  const std::string time = std::to_string(std::chrono::duration_cast<std::chrono::seconds>(unix_now()).count());
  http::ClientRequest request{"POST", "", {{"webhook-id", id}, {"webhook-timestamp", time}}, "{}"};
  const auto signature = audit::sign_webhook(kSecret, id, time, "{}");
  REQUIRE(signature.ok());
  request.headers.emplace_back("webhook-signature", sign ? *signature : "v1,AAAA");
  const auto answer = http::fetch(sink.url() + "/m1", request, 10s);
  REQUIRE(answer.ok());
  return answer->status;
}

}  // namespace

TEST_CASE("signatures are those of the specification") {
  const auto signature = audit::sign_webhook(kSecret, kId, kTime, kBody);
  REQUIRE(signature.ok());
  CHECK(*signature == kSignature);
  const auto verify = [](std::string_view secret, std::string_view id, std::string_view time, std::string_view body,
                         std::string_view signatures, Nanoseconds now) {
    return audit::verify_webhook(secret, id, time, body, signatures, now, 5min);
  };
  CHECK(verify(kSecret, kId, kTime, kBody, kSignature, kNow) == Signature::valid);
  CHECK(verify(kSecret, kId, kTime, kBody, std::string("v1,AAAA v2,x ") + kSignature, kNow) == Signature::valid);
  CHECK(verify(kSecret, kId, kTime, "{}", kSignature, kNow) == Signature::wrong);
  CHECK(verify(kSecret, "msg_other", kTime, kBody, kSignature, kNow) == Signature::wrong);
  CHECK(verify(kSecret, kId, "1614265331", kBody, kSignature, kNow) == Signature::wrong);
  CHECK(verify(kSecret, kId, "soon", kBody, kSignature, kNow) == Signature::wrong);
  CHECK(verify("whsec_AAAA", kId, kTime, kBody, kSignature, kNow) == Signature::wrong);
  CHECK(verify("no secret", kId, kTime, kBody, kSignature, kNow) == Signature::wrong);
  CHECK(verify(kSecret, kId, kTime, kBody, "", kNow) == Signature::missing);
  CHECK(verify(kSecret, kId, kTime, kBody, kSignature, kNow + 6min) == Signature::stale);
  CHECK(verify(kSecret, kId, kTime, kBody, kSignature, kNow - 6min) == Signature::stale);
}

TEST_CASE("base64") {
  CHECK(audit::base64_decode(audit::base64_encode("a")) == std::optional<std::string>("a"));
  for (const char* wrong : {"", "abc", "a===b", "****"}) CHECK_FALSE(audit::base64_decode(wrong));
}

TEST_CASE("deliveries are checked, answered and written down") {
  const test::BooksDirectory run;
  audit::SinkOptions options;
  options.log_path = run.truth("webhooks");
  auto sink = audit::WebhookSink::start(options);
  REQUIRE(sink.ok());
  CHECK(deliver(**sink, "ev-0") == 401);  // no secret is known yet
  (*sink)->add_secret("whsec_AAAA");
  (*sink)->add_secret(kSecret);
  CHECK(deliver(**sink, "ev-1") == 204);
  CHECK(deliver(**sink, "ev-1") == 204);
  CHECK(deliver(**sink, "ev-2", false) == 401);
  CHECK(http::fetch((*sink)->url(), 10s)->status == 404);
  CHECK((*sink)->received() == 4);
  REQUIRE((*sink)->stop().ok());
  REQUIRE((*sink)->stop().ok());
  std::vector<std::string> seen;
  REQUIRE(record::read_truth(run.truth("webhooks"), [&seen](std::string_view line) {
            const json::object object = parse_json(line)->as_object();
            seen.push_back(std::string(object.at("event").as_string()) + " " +
                           std::string(object.at("signature").as_string()) + " " +
                           json::serialize(object.at("delivery")) + " " + json::serialize(object.at("status")));
            return true;
          }).ok());
  CHECK(seen ==
        std::vector<std::string>{"ev-0 wrong 1 401", "ev-1 valid 1 204", "ev-1 valid 2 204", "ev-2 wrong 1 401"});
}

TEST_CASE("failures are those that were asked for, the same each time") {
  const test::BooksDirectory run;
  const auto play = [&run](const audit::SinkFailures& failures) {
    audit::SinkOptions options;
    options.log_path = run.truth("webhooks");
    options.failures = failures;
    options.seed = 7;
    auto sink = audit::WebhookSink::start(options);
    REQUIRE(sink.ok());
    (*sink)->add_secret(kSecret);
    std::vector<int> statuses;
    for (int event = 0; event < 20; ++event) {
      for (int delivery = 0; delivery < 3; ++delivery)
        statuses.push_back(deliver(**sink, "ev-" + std::to_string(event)));
    }
    return statuses;
  };
  audit::SinkFailures first;
  first.first = 2;
  first.status = 503;
  for (const auto& statuses = play(first); const int i : {0, 1, 2})
    CHECK(statuses[static_cast<std::size_t>(i)] == (i < 2 ? 503 : 204));
  audit::SinkFailures some;
  some.share = 0.3;
  some.never = 0.2;
  const auto once = play(some), again = play(some);
  CHECK(once == again);
  CHECK(std::ranges::count(once, 500) > 5);
  CHECK(std::ranges::count(once, 204) > 5);
}
