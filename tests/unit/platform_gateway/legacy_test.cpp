// The legacy departures: what they add to the modern path, and nothing else.

#include <condition_variable>
#include <future>
#include <mutex>

#include "base/http/server.hpp"
#include "platform/legacy/connection_pool.hpp"
#include "platform/legacy/pooled_path.hpp"
#include "platform/legacy/serial_hops_path.hpp"
#include "tests/unit/platform_gateway/gateway_support.hpp"

namespace tidegate::platform {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

/// The remote services of the legacy platform, as slow and as unreliable as they are told to be.
class FakeBank {
 public:
  FakeBank()
      : server_(context_.get_executor(),
                [this](const http::Request& request) { return answer(std::string(request.path)); }) {
    REQUIRE(server_.start().ok());
    thread_ = std::thread([this] { context_.run(); });
  }
  ~FakeBank() {
    hold(false);
    asio::co_spawn(context_, server_.stop(std::chrono::seconds(5)), asio::detached);
    thread_.join();
  }

  std::string address() const { return "127.0.0.1:" + std::to_string(server_.port()); }
  std::vector<std::string> calls() {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  int in_progress() {
    const std::lock_guard lock(mutex_);
    return in_progress_;
  }
  /// The next `count` calls of the service get 500.
  void fail(const std::string& service, int count) {
    const std::lock_guard lock(mutex_);
    failures_["/v1/hops/" + service] = count;
  }
  /// While held, calls wait.
  void hold(bool held) {
    asio::post(context_, [this, held] {
      held_ = held;
      for (asio::steady_timer* timer : waiting_) timer->cancel();
    });
  }

 private:
  asio::awaitable<http::Response> answer(std::string path) {
    http::Response response;
    response.body = "{}";
    {
      const std::lock_guard lock(mutex_);
      calls_.push_back(path.substr(path.rfind('/') + 1));
      ++in_progress_;
      if (failures_[path] > 0) --failures_[path], response.status = 500;
    }
    if (held_) {
      asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::seconds(20));
      waiting_.push_back(&timer);
      co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
      std::erase(waiting_, &timer);
    }
    const std::lock_guard lock(mutex_);
    --in_progress_;
    co_return response;
  }

  asio::io_context context_{1};
  http::Server server_;
  bool held_ = false;
  std::vector<asio::steady_timer*> waiting_;
  std::mutex mutex_;
  std::vector<std::string> calls_;
  std::map<std::string, int> failures_;
  int in_progress_ = 0;
  std::thread thread_;
};

RunningGateway::Options options_for(FakeBank& bank, const std::string& profile,
                                    std::map<std::string, std::string> switches = {}) {
  RunningGateway::Options options;
  options.profile = profile;
  options.switches = std::move(switches);
  options.peers = {{"bank-simulator.http", bank.address()}};
  return options;
}

TEST_CASE("legacy: the hops are asked one after the other, before the payment is written") {
  struct Case {
    const char* profile;
    std::map<std::string, std::string> switches;
    std::size_t hops;
    bool pool;
  };
  const Case cases[] = {
      {"modern", {}, 0, false},
      {"legacy", {}, 4, true},
      {"modern", {{"serial_hops", "true"}}, 4, false},
      {"modern", {{"pool_35", "true"}}, 0, true},
      {"legacy", {{"serial_hops", "false"}}, 0, true},
      {"legacy", {{"pool_35", "false"}}, 4, false},
      {"legacy", {{"pool_35", "false"}, {"serial_hops", "false"}}, 0, false},
  };
  for (const Case& tried : cases) {
    INFO(tried.profile << " " << tried.switches.size() << " switches");
    FakeBank bank;
    const ScratchDirectory scratch;
    RunningGateway gateway(scratch.path(), options_for(bank, tried.profile, tried.switches));
    const Tenant tenant = gateway.new_tenant();
    const std::string body = payment_body(100, "EUR", tenant.card_token);
    const Answer paid = gateway.pay(tenant.api_key, "k", body);
    CHECK(paid.status == 202);
    const std::vector<std::string> all{"availability", "fx", "identity", "fraud"};
    CHECK(bank.calls() == std::vector<std::string>(all.begin(), all.begin() + static_cast<long>(tried.hops)));
    CHECK((gateway.get("/metrics", "").text.find("\nlegacy_pool_in_use 0") != std::string::npos) == tried.pool);
    // Idempotency is the same; the hops are paid for again.
    CHECK(gateway.pay(tenant.api_key, "k", body).text == paid.text);
    CHECK(bank.calls().size() == 2 * tried.hops);
  }
}

TEST_CASE("legacy: a hop is tried once more, then the payment fails and nothing is written") {
  FakeBank bank;
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path(), options_for(bank, "legacy"));
  const Tenant tenant = gateway.new_tenant();
  const std::string body = payment_body(100, "EUR", tenant.card_token);
  bank.fail("identity", 1);
  CHECK(gateway.pay(tenant.api_key, "retried", body).status == 202);
  CHECK(bank.calls() == std::vector<std::string>{"availability", "fx", "identity", "identity", "fraud"});
  bank.fail("fx", 2);
  const Answer failed = gateway.pay(tenant.api_key, "failed", body);
  CHECK(failed.status == 503);
  CHECK(failed.header("Retry-After") == "1");
  CHECK(bank.calls().size() == 8);
  CHECK(gateway.get("/v1/payments?key=failed", tenant.api_key).status == 404);
  CHECK(gateway.metric("legacy_hop_failures_total") == 3);
  CHECK(gateway.pay(tenant.api_key, "failed", body).status == 202);
  CHECK(gateway.metric("legacy_pool_in_use") == 0);  // failed or not, the connection came back
}

TEST_CASE("legacy: without the bank's address a payment fails at once") {
  const ScratchDirectory scratch;
  RunningGateway::Options options;
  options.profile = "legacy";
  RunningGateway gateway(scratch.path(), options);
  const Tenant tenant = gateway.new_tenant();
  CHECK(gateway.pay(tenant.api_key, "k", payment_body(1, "EUR", tenant.card_token)).status == 503);
}

TEST_CASE("legacy: 35 payments at a time, the others wait for a connection") {
  FakeBank bank;
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path(), options_for(bank, "legacy"));
  const Tenant tenant = gateway.new_tenant();
  bank.hold(true);
  std::vector<std::future<Answer>> payments;
  constexpr int kPayments = 40;
  for (int i = 0; i < kPayments; ++i) {
    payments.push_back(std::async(std::launch::async, [&, i] {
      return gateway.pay(tenant.api_key, "k" + std::to_string(i), payment_body(1, "EUR", tenant.card_token));
    }));
  }
  wait_until([&] { return gateway.metric("legacy_pool_waiting") == kPayments - 35; });
  wait_until([&] { return bank.in_progress() == 35; });
  CHECK(gateway.metric("legacy_pool_in_use") == 35);
  CHECK(gateway.get("/healthz", "").status == 200);  // the rest of the API does not wait
  bank.hold(false);
  for (auto& payment : payments) CHECK(payment.get().status == 202);
  CHECK(gateway.metric("legacy_pool_in_use") == 0);
  CHECK(gateway.metric("legacy_pool_waiting") == 0);
  CHECK(gateway.get("/v1/payments/export", kOperatorToken).json.at("items").as_array().size() == kPayments);
}

TEST_CASE("legacy: a gateway that is stopped with payments under way ends in order, and wrote none of them") {
  FakeBank bank;
  const ScratchDirectory scratch;
  std::vector<std::future<bool>> answered;
  {
    RunningGateway gateway(scratch.path(), options_for(bank, "legacy"));
    const Tenant tenant = gateway.new_tenant();
    bank.hold(true);
    for (int i = 0; i < 40; ++i) {
      http::ClientRequest request;
      request.method = "POST";
      request.headers = {{"Authorization", "Bearer " + tenant.api_key}, {"Idempotency-Key", "k" + std::to_string(i)}};
      request.body = payment_body(1, "EUR", tenant.card_token);
      answered.push_back(std::async(std::launch::async, [url = gateway.base_url(), request] {
        const auto response = http::fetch(url + "/v1/payments", request, std::chrono::seconds(20));
        return response && response->status == 202;
      }));
    }
    wait_until([&] { return gateway.metric("legacy_pool_waiting") == 5; });
  }
  for (auto& payment : answered) CHECK_FALSE(payment.get());
  bank.hold(false);
  RunningGateway restarted(scratch.path(), options_for(bank, "modern"));
  CHECK(restarted.get("/v1/payments/export", kOperatorToken).json.at("items").as_array().empty());
}

asio::awaitable<void> borrow(ConnectionPool& pool, int number, std::vector<int>& order, asio::steady_timer& until) {
  const auto connection = co_await pool.take();
  order.push_back(connection ? number : -number);
  if (connection) co_await until.async_wait(asio::as_tuple(asio::use_awaitable));
}

TEST_CASE("legacy pool: first come, first served, closing sends the waiting away") {
  asio::io_context context;
  ConnectionPool pool(2, std::chrono::minutes(1));
  std::vector<int> order;
  asio::steady_timer until(context, asio::steady_timer::time_point::max());
  const auto run = [&] {
    context.restart();
    context.poll();
  };
  for (int i = 1; i <= 6; ++i) asio::co_spawn(context, borrow(pool, i, order, until), asio::detached);
  run();
  CHECK(order == std::vector<int>{1, 2});
  CHECK(pool.in_use() == 2);
  CHECK(pool.waiting() == 4);
  until.cancel();  // both give back
  run();
  CHECK(order == std::vector<int>{1, 2, 3, 4});
  CHECK(pool.in_use() == 2);
  CHECK(pool.waiting() == 2);
  pool.close();
  run();
  CHECK(order == std::vector<int>{1, 2, 3, 4, -5, -6});
  CHECK(pool.waiting() == 0);
  until.cancel();
  run();
  CHECK(pool.in_use() == 0);
  asio::co_spawn(context, borrow(pool, 7, order, until), asio::detached);
  run();
  CHECK(order.back() == -7);
}

}  // namespace
}  // namespace tidegate::platform
