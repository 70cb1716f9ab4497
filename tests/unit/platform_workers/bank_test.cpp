// The bank simulator as its clients see it, in its real frame (runtime, HTTP server, store).

#include <algorithm>
#include <future>

#include "base/file.hpp"
#include "base/http/client.hpp"
#include "platform/bank/bank_api.hpp"
#include "platform/bank/hops.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/platform_workers/support.hpp"

using namespace tidegate;
using namespace tidegate::platform;

namespace {

constexpr const char* kToken = "operator-secret";

class Bank {
 public:
  explicit Bank(const ScratchDirectory& scratch, std::int64_t latency_ms = 0) {
    auto opened = open_sqlite_store(scratch.path(), "bank", bank_migrations());
    REQUIRE(opened.ok());
    store_ = std::move(*opened);
    auto reader = store_->reader();
    REQUIRE(reader.ok());
    ServiceOptions options;
    options.role = "bank-simulator";
    options.ready_file = scratch.file("ready.json");
    options.operator_token = kToken;
    runtime_ = std::make_unique<ServiceRuntime>(options);
    api_ = std::make_unique<BankApi>(*store_, std::move(*reader), *runtime_);
    runtime_->on_close([this] { store_->stop(); });
    std::promise<void> started;
    runtime_->on_start([&] { started.set_value(); });
    thread_ = std::thread([this] { exit_code_ = runtime_->run(); });
    started.get_future().get();
    url_ = "http://" + std::string(parse_json(*read_file(options.ready_file))->at("http").as_string());
    CHECK(put("/admin/behaviour", R"({"latency_ms":)" + std::to_string(latency_ms) + R"(,"jitter_ms":0})").status ==
          200);
  }

  ~Bank() {
    runtime_->request_stop();
    thread_.join();
    CHECK(exit_code_ == 0);
  }

  http::Response call(const std::string& method, const std::string& path, const std::string& body,
                      const std::string& token = kToken) {
    http::ClientRequest request;
    request.method = method;
    request.body = body;
    if (!token.empty()) request.headers.emplace_back("Authorization", "Bearer " + token);
    auto response = http::fetch(url_ + path, request, kDeadline);
    INFO(path << ": " << (response.ok() ? "" : response.error().message));
    REQUIRE(response.ok());
    return std::move(*response);
  }
  Result<http::Response> try_post(const std::string& path, const std::string& body, Nanoseconds limit) {
    http::ClientRequest request;
    request.method = "POST";
    request.body = body;
    return http::fetch(url_ + path, request, limit);
  }
  http::Response get(const std::string& path) { return call("GET", path, ""); }
  http::Response post(const std::string& path, const std::string& body) { return call("POST", path, body); }
  http::Response put(const std::string& path, const std::string& body) { return call("PUT", path, body); }

 private:
  std::unique_ptr<Store> store_;
  std::unique_ptr<ServiceRuntime> runtime_;
  std::unique_ptr<BankApi> api_;
  std::thread thread_;
  std::string url_;
  int exit_code_ = -1;
};

std::string charge(const std::string& reference, std::int64_t amount = 500) {
  return json::serialize(json::object{{"reference", reference},
                                      {"client_key", "key-" + reference},
                                      {"merchant", "mrc_1"},
                                      {"amount", amount},
                                      {"currency", "EUR"},
                                      {"card_token", "tok_1"},
                                      {"capture", true}});
}

json::object body_of(const http::Response& response) {
  return parse_json(response.body)->as_object();
}

}  // namespace

TEST_CASE("the bank charges once per reference") {
  const ScratchDirectory scratch;
  Bank bank(scratch);
  const auto first = bank.post("/v1/charges", charge("r1"));
  CHECK(first.status == 201);
  CHECK(body_of(first).at("status").as_string() == "approved");
  const auto again = bank.post("/v1/charges", charge("r1"));
  CHECK(again.status == 200);
  CHECK(again.body == first.body);
  CHECK(bank.post("/v1/charges", charge("r1", 501)).status == 409);
  const auto statement = body_of(bank.get("/v1/statement")).at("items").as_array();
  REQUIRE(statement.size() == 1);
  CHECK(statement[0].at("reference").as_string() == "r1");
  CHECK(statement[0].at("client_key").as_string() == "key-r1");
  CHECK(statement[0].at("amount").as_int64() == 500);
  CHECK(statement[0].at("status").as_string() == "approved");
}

TEST_CASE("an enquiry tells what was recorded, or that nothing was") {
  const ScratchDirectory scratch;
  Bank bank(scratch);
  CHECK(bank.get("/v1/charges/r1").status == 404);
  const auto posted = bank.post("/v1/charges", charge("r1"));
  const auto found = bank.get("/v1/charges/r1");
  CHECK(found.status == 200);
  CHECK(found.body == posted.body);
}

TEST_CASE("a charge is on disk before it is answered") {
  const ScratchDirectory scratch;
  {
    Bank bank(scratch, 60'000);  // the answer waits a minute; the record does not
    std::thread caller([&] { (void)bank.try_post("/v1/charges", charge("r1"), std::chrono::milliseconds(200)); });
    CHECK(becomes_true([&] { return bank.get("/v1/charges/r1").status == 200; }));
    caller.join();
  }
  Bank reopened(scratch);
  CHECK(reopened.get("/v1/charges/r1").status == 200);
  CHECK(reopened.post("/v1/charges", charge("r1")).status == 200);
}

TEST_CASE("declines follow from the reference and the share alone") {
  CHECK_FALSE(declines("r", 0));
  CHECK(declines("r", 1));
  int declined = 0;
  for (int i = 0; i < 20'000; ++i) declined += declines("pay_" + std::to_string(i) + "-a1", 0.005) ? 1 : 0;
  CHECK(declined > 50);  // 100 expected
  CHECK(declined < 170);
  for (int i = 0; i < 200; ++i) {  // a reference declined at a share is declined at any larger one
    const std::string reference = "r" + std::to_string(i);
    if (declines(reference, 0.1)) CHECK(declines(reference, 0.2));
  }
}

TEST_CASE("what was decided stays decided when the share changes") {
  const ScratchDirectory scratch;
  Bank bank(scratch);
  CHECK(bank.put("/admin/behaviour", R"({"decline_share":1})").status == 200);
  CHECK(body_of(bank.post("/v1/charges", charge("r1"))).at("status").as_string() == "declined");
  CHECK(bank.put("/admin/behaviour", R"({"decline_share":0})").status == 200);
  CHECK(body_of(bank.post("/v1/charges", charge("r1"))).at("status").as_string() == "declined");
  CHECK(body_of(bank.post("/v1/charges", charge("r2"))).at("status").as_string() == "approved");
}

TEST_CASE("errors are answered before or after the record, by the share") {
  const ScratchDirectory scratch;
  Bank bank(scratch);
  CHECK(bank.put("/admin/behaviour", R"({"error_share":1})").status == 200);
  for (int i = 0; i < 40; ++i) CHECK(bank.post("/v1/charges", charge("r" + std::to_string(i))).status == 503);
  const std::size_t recorded = body_of(bank.get("/v1/statement")).at("items").as_array().size();
  CHECK(recorded > 5);
  CHECK(recorded < 35);
}

TEST_CASE("requests that are no charge are refused and leave no record") {
  struct Row {
    const char* why;
    int status;
    std::string body;
  };
  const auto with = [](const char* key, json::value value) {
    json::object object = parse_json(charge("r1"))->as_object();
    object[key] = std::move(value);
    return json::serialize(object);
  };
  const std::vector<Row> rows = {
      {"no JSON", 400, "charge please"},
      {"an array", 400, "[]"},
      {"nothing", 400, ""},
      {"no reference", 422, with("reference", nullptr)},
      {"overlong reference", 422, with("reference", json::string(5000, 'x'))},
      {"amount 0", 422, with("amount", 0)},
      {"negative amount", 422, with("amount", -5)},
      {"fractional amount", 422, with("amount", 1.5)},
      {"amount as text", 422, with("amount", "500")},
      {"unknown currency form", 422, with("currency", "euro")},
      {"no card", 422, with("card_token", "")},
      {"no client key", 422, with("client_key", "")},
      {"an acquirer that does not exist", 422, with("acquirer", "acq-35")},
      {"larger than the limit", 413, with("merchant", json::string(70'000, 'x'))},
  };
  const ScratchDirectory scratch;
  Bank bank(scratch);
  for (const Row& row : rows) {
    INFO(row.why);
    const auto response = bank.post("/v1/charges", row.body);
    CHECK(response.status == row.status);
  }
  CHECK(body_of(bank.get("/v1/statement")).at("items").as_array().empty());
}

TEST_CASE("the statement comes in pages, as of one point") {
  const ScratchDirectory scratch;
  Bank bank(scratch);
  for (int i = 1; i <= 7; ++i) CHECK(bank.post("/v1/charges", charge("r" + std::to_string(i))).status == 201);
  const auto first = body_of(bank.get("/v1/statement?limit=3"));
  CHECK(first.at("items").as_array().size() == 3);
  CHECK(first.at("as_of").as_int64() == 7);
  CHECK(bank.post("/v1/charges", charge("late")).status == 201);
  const auto second = body_of(bank.get("/v1/statement?limit=3&as_of=7&after=3"));
  CHECK(second.at("next").as_int64() == 6);
  const auto third = body_of(bank.get("/v1/statement?limit=3&as_of=7&after=6"));
  CHECK(third.at("items").as_array().size() == 1);
  CHECK(third.at("next").is_null());
  for (const char* bad :
       {"limit=0", "limit=x", "limit=100001", "after=-1", "as_of=abc", "after=99999999999999999999"}) {
    INFO(bad);
    CHECK(bank.get(std::string("/v1/statement?") + bad).status == 400);
  }
}

TEST_CASE("the operator's endpoints need the operator's token") {
  const ScratchDirectory scratch;
  Bank bank(scratch);
  for (const char* token : {"", "wrong", "operator-secre", "operator-secret-and-more"}) {
    INFO(token);
    CHECK(bank.call("GET", "/v1/statement", "", token).status == 401);
    CHECK(bank.call("PUT", "/admin/behaviour", R"({"latency_ms":1})", token).status == 401);
  }
  CHECK(bank.call("GET", "/healthz", "", "").status == 200);
  CHECK(bank.call("GET", "/readyz", "", "").status == 200);
  const auto metrics = bank.call("GET", "/metrics", "", "").body;
  CHECK(metrics.find("process_cpu_seconds_total ") != std::string::npos);
  CHECK(metrics.find("http_requests_total{route=\"GET /v1/statement\",status=\"401\"} 4") != std::string::npos);
}

TEST_CASE("knobs are checked") {
  const ScratchDirectory scratch;
  Bank bank(scratch);
  for (const char* body : {R"({"latency":5})", R"({"latency_ms":-1})", R"({"latency_ms":1.5})",
                           R"({"jitter_ms":60001})", R"({"decline_share":1.01})", R"({"error_share":"all"})"}) {
    INFO(body);
    CHECK(bank.put("/admin/behaviour", body).status == 422);
  }
  CHECK(bank.put("/admin/behaviour", "latency").status == 400);
  CHECK(bank.put("/admin/behaviour", R"({"decline_share":0.25})").status == 200);
  const auto now = body_of(bank.get("/admin/behaviour"));
  CHECK(now.at("decline_share").as_double() == Approx(0.25));
  CHECK(now.at("latency_ms").as_int64() == 0);
}

TEST_CASE("hops slow down with the calls in progress, up to the case's peak") {
  using std::chrono::milliseconds;
  CHECK(mean_hop_delay("fx", 0) == milliseconds(88));
  CHECK(mean_hop_delay("fx", 168) == milliseconds(420));
  CHECK(mean_hop_delay("fx", 100'000) == milliseconds(420));
  CHECK(mean_hop_delay("fx", 84) > milliseconds(250));
  CHECK(mean_hop_delay("fx", 84) < milliseconds(258));
  CHECK(mean_hop_delay("fraud-engine", 0) == milliseconds(480));
  CHECK(mean_hop_delay("fraud-engine", 160) == milliseconds(1'840));
  CHECK(mean_hop_delay("fraud-engine", 1'000) == milliseconds(3'200));
  Hops hops;
  CHECK(hops.calls_of("") == nullptr);
  CHECK(hops.calls_of("../etc") == nullptr);
  CHECK(hops.calls_of(std::string(33, 'a')) == nullptr);
  int* fx = hops.calls_of("fx");
  REQUIRE(fx != nullptr);
  {
    const Hops::Call one(*fx);
    const Hops::Call two(*fx);
    CHECK(*hops.calls_of("fx") == 2);
    CHECK(*hops.calls_of("fraud") == 0);
  }
  CHECK(*fx == 0);
  for (int i = 0; i < 1000; ++i) (void)hops.calls_of("s" + std::string(1 + static_cast<std::size_t>(i % 30), 'x'));
  CHECK(hops.calls_of("one-service-too-many-for-the-map") == nullptr);
}

TEST_CASE("four hops in a row at the peak are what the case measured, on average and at the slowest hundredth") {
  constexpr int kRequests = 20'000;
  Hops hops;
  std::vector<double> seconds;
  double sum = 0;
  for (int i = 0; i < kRequests; ++i) {
    Nanoseconds all{0};
    for (int hop = 0; hop < 4; ++hop) all += hop_delay("fx", 168, hops.next_draws());
    seconds.push_back(to_seconds(all));
    sum += seconds.back();
  }
  std::ranges::sort(seconds);
  CHECK(sum / kRequests == Approx(1.68).epsilon(0.01));
  CHECK(seconds[kRequests * 99 / 100] == Approx(2.8).epsilon(0.03));
  CHECK(seconds.front() > 0);
  // The same calls are as slow in every run; PayStream's engine is what the case says, always.
  CHECK(hop_delay("fx", 3, Hops().next_draws()) == hop_delay("fx", 3, Hops().next_draws()));
  CHECK(hop_delay("fraud-engine", 160, hops.next_draws()) == std::chrono::milliseconds(1'840));
}

TEST_CASE("a hop over HTTP") {
  const ScratchDirectory scratch;
  Bank bank(scratch);
  CHECK(bank.get("/v1/hops/fx?delay_ms=0").status == 200);
  CHECK(bank.get("/v1/hops/fx?delay_ms=-1").status == 400);
  CHECK(bank.get("/v1/hops/fx?delay_ms=99999").status == 400);
  CHECK(bank.get("/v1/hops/FX?delay_ms=0").status == 404);
}

namespace {

std::string operation(const std::string& reference, std::int64_t amount) {
  return json::serialize(json::object{{"reference", reference}, {"amount", amount}, {"currency", "EUR"}});
}

}  // namespace

TEST_CASE("an authorisation is captured in parts, refunded in parts, each once per reference") {
  const ScratchDirectory scratch;
  Bank bank(scratch);
  CHECK(bank.put("/admin/behaviour", R"({"decline_share":0})").status == 200);
  json::object authorise = parse_json(charge("r1"))->as_object();
  authorise["capture"] = false;
  const auto made = body_of(bank.post("/v1/charges", json::serialize(authorise)));
  CHECK(made.at("status").as_string() == "approved");
  CHECK(made.at("expires_at_ms").as_int64() > 0);
  struct Row {
    const char *path, *reference;
    std::int64_t amount;
    int status;
    const char* outcome;
  };
  const std::vector<Row> rows = {
      {"captures", "c1", 300, 201, "approved"},
      {"captures", "c1", 300, 200, "approved"},
      {"captures", "c1", 200, 409, ""},
      {"captures", "c2", 201, 201, "declined"},
      {"captures", "c3", 200, 201, "approved"},
      {"captures", "c4", 1, 201, "declined"},
      {"refunds", "f1", 501, 201, "declined"},
      {"refunds", "f2", 500, 201, "approved"},
      {"refunds", "f3", 1, 201, "declined"},
      {"voids", "v1", 500, 201, "declined"},
      {"captures", "", 1, 422, ""},
      {"captures", "c5", 0, 422, ""},
  };
  for (const Row& row : rows) {
    INFO(row.path << " " << row.reference);
    const auto response = bank.post(std::string("/v1/charges/r1/") + row.path, operation(row.reference, row.amount));
    CHECK(response.status == row.status);
    if (*row.outcome != 0) CHECK(body_of(response).at("status").as_string() == row.outcome);
  }
  CHECK(bank.post("/v1/charges/never/captures", operation("c9", 1)).status == 422);
  CHECK(body_of(bank.get("/v1/operations/c1")).at("status").as_string() == "approved");
  CHECK(bank.get("/v1/operations/never").status == 404);
  const auto item = body_of(bank.get("/v1/statement")).at("items").at(0);
  CHECK(item.at("captured").as_int64() == 500);
  CHECK(item.at("refunded").as_int64() == 500);
}

TEST_CASE("a void ends an authorisation for good") {
  const ScratchDirectory scratch;
  Bank bank(scratch);
  CHECK(bank.put("/admin/behaviour", R"({"decline_share":0})").status == 200);
  json::object authorise = parse_json(charge("r1"))->as_object();
  authorise["capture"] = false;
  CHECK(bank.post("/v1/charges", json::serialize(authorise)).status == 201);
  CHECK(body_of(bank.post("/v1/charges/r1/voids", operation("v1", 500))).at("status").as_string() == "approved");
  CHECK(body_of(bank.post("/v1/charges/r1/captures", operation("c1", 1))).at("status").as_string() == "declined");
  CHECK(body_of(bank.get("/v1/statement")).at("items").at(0).at("status").as_string() == "voided");
}

TEST_CASE("an expired authorisation cannot be captured") {
  const ScratchDirectory scratch;
  Bank bank(scratch);
  CHECK(bank.put("/admin/behaviour", R"({"decline_share":0})").status == 200);
  json::object authorise = parse_json(charge("r1"))->as_object();
  authorise["capture"] = false;
  authorise["expires_in_ms"] = 1;
  CHECK(bank.post("/v1/charges", json::serialize(authorise)).status == 201);
  REQUIRE(becomes_true([&] {
    const auto answer =
        bank.post("/v1/charges/r1/captures", operation("c" + std::to_string(monotonic_now().count()), 1));
    return body_of(answer).at("status").as_string() == "declined";
  }));
}

TEST_CASE("a provider's own knobs hold for it alone") {
  const ScratchDirectory scratch;
  Bank bank(scratch);
  CHECK(bank.put("/admin/behaviour/acq-07", R"({"elsewhere_share":1})").status == 200);
  CHECK(bank.put("/admin/behaviour/acq-35", R"({"elsewhere_share":1})").status == 404);
  CHECK(bank.put("/admin/behaviour/acq-07", R"({"elsewhere":1})").status == 422);
  CHECK(bank.put("/admin/behaviour", R"({"decline_share":0})").status == 200);
  json::object at_seven = parse_json(charge("r7"))->as_object();
  at_seven["acquirer"] = "acq-07";
  const auto declined = body_of(bank.post("/v1/charges", json::serialize(at_seven)));
  CHECK(declined.at("status").as_string() == "declined");
  CHECK(declined.at("try_elsewhere").as_bool());
  CHECK(body_of(bank.post("/v1/charges", charge("r1"))).at("status").as_string() == "approved");
  CHECK(body_of(bank.get("/admin/behaviour/acq-07")).at("decline_share").as_double() == Approx(0));
}

TEST_CASE("the settlement statement is as wrong as its knobs say, and the true one is not") {
  const ScratchDirectory scratch;
  Bank bank(scratch);
  CHECK(bank.put("/admin/behaviour", R"({"decline_share":0,"statement_missing_share":1})").status == 200);
  CHECK(bank.post("/v1/charges", charge("r1")).status == 201);
  const std::string header = "sequence,reference,amount,currency,at_ms\n";
  const auto statement = [&] { return bank.get("/v1/settlement-statement").body; };
  CHECK(statement() == header);
  CHECK(bank.put("/admin/behaviour", R"({"statement_missing_share":0,"statement_mismatch_share":1})").status == 200);
  CHECK(statement().substr(0, header.size() + 12) == header + "1,r1,501,EUR");
  CHECK(bank.put("/admin/behaviour", R"({"statement_mismatch_share":0,"statement_duplicate_share":1})").status == 200);
  const std::string twice = statement();
  CHECK(std::count(twice.begin(), twice.end(), '\n') == 3);
  CHECK(bank.put("/admin/behaviour", R"({"statement_duplicate_share":0,"statement_late_ms":60000})").status == 200);
  CHECK(statement() == header);
  CHECK(bank.put("/admin/behaviour", R"({"statement_late_ms":0})").status == 200);
  CHECK(bank.post("/v1/charges", charge("r2")).status == 201);
  const auto first = bank.get("/v1/settlement-statement?limit=1");
  REQUIRE(first.header("Next-After") != nullptr);
  CHECK(*first.header("Next-After") == "1");
  CHECK(body_of(bank.get("/v1/statement")).at("items").as_array().size() == 2);
}

TEST_CASE("the other providers: rates, identity, the fraud model, payout networks") {
  const ScratchDirectory scratch;
  Bank bank(scratch);
  CHECK(bank.put("/admin/behaviour", R"({"decline_share":0})").status == 200);
  CHECK(body_of(bank.get("/v1/fx/rates/EUR-USD")).at("rate").as_string() == "1.084500");
  for (const char* pair : {"EUR-XXX", "EURUSD", "EUR-USDX", "-"})
    CHECK(bank.get("/v1/fx/rates/" + std::string(pair)).status == 404);
  CHECK(body_of(bank.post("/v1/identity/checks", R"({"card_token":"tok_1"})")).at("status").as_string() == "verified");
  CHECK(bank.post("/v1/identity/checks", "{}").status == 400);
  CHECK(bank.put("/admin/behaviour/identity", R"({"decline_share":1})").status == 200);
  CHECK(body_of(bank.post("/v1/identity/checks", R"({"card_token":"tok_1"})")).at("status").as_string() == "denied");
  const auto scores = body_of(
      bank.post("/v1/fraud/scores", R"({"payments":[{"payment":"a","points":0},{"payment":"b","points":1000}]})"));
  CHECK(scores.at("scores").as_array().size() == 2);
  CHECK(bank.post("/v1/fraud/scores", R"({"payments":7})").status == 400);
  const std::string payout = R"({"reference":"po1","network":"network-12","amount":5,"currency":"EUR"})";
  CHECK(bank.post("/v1/network-payouts", payout).status == 201);
  CHECK(bank.post("/v1/network-payouts", payout).status == 200);
  CHECK(bank.post("/v1/network-payouts", R"({"reference":"po1","network":"network-12","amount":6,"currency":"EUR"})")
            .status == 409);
  CHECK(bank.post("/v1/network-payouts", R"({"reference":"po2","network":"network-13","amount":5,"currency":"EUR"})")
            .status == 422);
  CHECK(body_of(bank.get("/v1/network-payouts/po1")).at("status").as_string() == "paid");
  CHECK(bank.get("/v1/network-payouts/po9").status == 404);
}
