#include "platform/events/envelope.hpp"

#include "platform/events/payment_events.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/platform_workers/support.hpp"

using namespace tidegate;
using namespace tidegate::platform;

TEST_CASE("an envelope survives the wire") {
  Envelope event = make_event(7, 42);
  event.tenant = "Ünï \"quoted\" \\ \n\t\x01";
  const auto decoded = Envelope::decode(event.encode());
  REQUIRE(decoded.ok());
  CHECK(decoded->id == event.id);
  CHECK(decoded->type == event.type);
  CHECK(decoded->version == 1);
  CHECK(decoded->payment == event.payment);
  CHECK(decoded->tenant == event.tenant);
  CHECK(decoded->stream == event.stream);
  CHECK(decoded->sequence == 42);
  CHECK(decoded->occurred_at_ms == event.occurred_at_ms);
  CHECK(decoded->traceparent == event.traceparent);
  CHECK(decoded->data == event.data);
  CHECK(decoded->encode() == event.encode());
}

namespace {

/// The encoding of an event with one member replaced, or removed when `value` is undefined.
std::string with(const char* key, const char* value) {
  json::object object = parse_json(make_event(3, 5).encode())->as_object();
  if (value == nullptr) {
    object.erase(key);
  } else {
    object[key] = *parse_json(value);
  }
  return json::serialize(object);
}

}  // namespace

TEST_CASE("a hostile envelope is refused, never guessed at") {
  struct Row {
    const char* why;
    std::string text;
  };
  const std::string valid = make_event(3, 5).encode();
  const std::vector<Row> rows = {
      {"nothing", ""},
      {"not JSON", "payment_created"},
      {"cut short", valid.substr(0, valid.size() / 2)},
      {"trailing bytes", valid + "{}"},
      {"an array", "[" + valid + "]"},
      {"depth beyond any event", std::string(5000, '[')},
      {"no id", with("id", nullptr)},
      {"empty id", with("id", "\"\"")},
      {"id is a number", with("id", "7")},
      {"overlong payment", with("payment", ("\"" + std::string(5000, 'x') + "\"").c_str())},
      {"no tenant", with("tenant", nullptr)},
      {"sequence 0", with("sequence", "0")},
      {"negative sequence", with("sequence", "-1")},
      {"fractional sequence", with("sequence", "1.5")},
      {"sequence as text", with("sequence", "\"5\"")},
      {"sequence beyond 64 bits", with("sequence", "18446744073709551615")},
      {"version 0", with("version", "0")},
      {"no time", with("occurred_at", nullptr)},
      {"negative time", with("occurred_at", "-5")},
      {"stream of two parts", with("stream", "\"gateway-0/payments\"")},
      {"stream of four parts", with("stream", "\"gateway-0/a/b/3\"")},
      {"partition beyond the topic", with("stream", "\"gateway-0/payments/20\"")},
      {"negative partition", with("stream", "\"gateway-0/payments/-1\"")},
      {"partition overflows", with("stream", "\"gateway-0/payments/99999999999999999999\"")},
      {"empty producer", with("stream", "\"/payments/3\"")},
      {"empty topic", with("stream", "\"gateway-0//3\"")},
      {"no data", with("data", nullptr)},
      {"data is an array", with("data", "[1]")},
      {"overlong trace", with("traceparent", ("\"" + std::string(5000, '0') + "\"").c_str())},
  };
  for (const Row& row : rows) {
    INFO(row.why);
    CHECK_FALSE(Envelope::decode(row.text).ok());
  }
  CHECK(Envelope::decode(valid).ok());
  CHECK(Envelope::decode(with("something_new", "{\"later\":1}")).ok());  // members that later versions add
  CHECK(Envelope::decode(with("traceparent", nullptr)).ok());            // tracing is optional
}

TEST_CASE("an envelope reads the same whether or not it is written as our own services write it") {
  const std::string own = make_event(3, 5).encode();
  const auto edited = [&](const std::string& from, const std::string& to) {
    std::string text = own;
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
  };
  struct Row {
    const char* what;
    std::string text;
    bool valid;
  };
  const std::vector<Row> rows = {
      {"a blank in front", " " + own, true},
      {"blanks between members", edited(",\"type\":", " , \"type\" : "), true},
      {"an escape in a name", edited("payment_created", "payment\\u005fcreated"), true},
      {"a member between head and data", edited(",\"data\":", ",\"later\":{\"x\":1},\"data\":"), true},
      {"a member behind the data", own.substr(0, own.size() - 1) + ",\"later\":1}", true},
      {"another order",
       with("id", nullptr).substr(0, with("id", nullptr).size() - 1) + ",\"id\":\"" + make_event(3, 5).id + "\"}",
       true},
      {"a number with a zero in front", edited("\"sequence\":5", "\"sequence\":05"), false},
      {"a number that goes on", edited("\"sequence\":5", "\"sequence\":5e0x"), false},
      {"a byte that is no UTF-8", edited("payment_created", "payment_\xff"), false},
      {"a brace too few", own.substr(0, own.size() - 1), false},
      {"a brace too many", own + "}", false},
      {"a second value", own + own, false},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    const auto decoded = Envelope::decode(row.text);
    REQUIRE(decoded.ok() == row.valid);
    if (row.valid) CHECK(decoded->encode() == own);
  }
}

TEST_CASE("an envelope of a type that nobody looks at is numbered all the same, with or without its data") {
  const Envelope event = make_event(3, 5);
  const std::string_view wanted[] = {"capture_requested", "payment_created"};
  const std::string_view others[] = {"capture_requested", "payment_create", "payment_created_"};
  CHECK(Envelope::decode(event.encode(), wanted)->data == event.data);
  Envelope bare = event;
  bare.data = {};
  const auto decoded = Envelope::decode(event.encode(), others);
  REQUIRE(decoded.ok());
  CHECK(decoded->encode() == bare.encode());  // everything else is there
  // What is not written as our own services write it is read whole.
  CHECK(Envelope::decode(" " + event.encode(), others)->data == event.data);
  for (const char* bad : {"", "{}", "payment_created", R"({"id":"e","type":"t"})"}) {
    INFO(bad);
    CHECK_FALSE(Envelope::decode(bad, others).ok());
  }
}

TEST_CASE("a payment's partition is stable and within the topic") {
  CHECK(partition_of("pay_1") == partition_of("pay_1"));
  std::vector<int> hits(kPartitions, 0);
  for (int i = 0; i < 2000; ++i) hits.at(static_cast<std::size_t>(partition_of("pay_" + std::to_string(i)))) += 1;
  for (const int count : hits) CHECK(count > 40);  // 100 expected; all in one place would be a broken hash
}

TEST_CASE("event data is checked") {
  const json::object good = PaymentCreated{100, "EUR", "tok", "key"}.to_data();
  REQUIRE(PaymentCreated::from_data(good).ok());
  CHECK(PaymentCreated::from_data(good)->amount == 100);
  const auto broken = [&](const char* key, json::value value) {
    json::object data = good;
    data[key] = std::move(value);
    return PaymentCreated::from_data(data).ok();
  };
  CHECK_FALSE(broken("amount", 0));
  CHECK_FALSE(broken("amount", -1));
  CHECK_FALSE(broken("amount", 10.5));
  CHECK_FALSE(broken("amount", "100"));
  CHECK_FALSE(broken("currency", "eur"));
  CHECK_FALSE(broken("currency", "EURO"));
  CHECK_FALSE(broken("currency", nullptr));
  CHECK_FALSE(broken("card_token", ""));
  CHECK_FALSE(broken("client_key", ""));
  CHECK_FALSE(PaymentFinished::from_data({{"amount", 0}, {"currency", "EUR"}}).ok());
  CHECK_FALSE(AcquirerResult::from_data({{"auth_code", "X"}}).ok());
}
