#include "tests/unit/platform_gateway/fake_vault.hpp"

#include "base/json.hpp"
#include "base/random.hpp"
#include "platform/service/problem.hpp"
#include "tests/support/catch.hpp"

namespace tidegate::platform::test {

FakeVault::FakeVault()
    : server_(context_.get_executor(), [this](const http::Request& request) { return answer(request); }) {
  REQUIRE(server_.start().ok());
  thread_ = std::thread([this] { context_.run(); });
}

FakeVault::~FakeVault() {
  asio::co_spawn(context_, stop(), asio::detached);
  thread_.join();
}

std::vector<std::string> FakeVault::taken() const {
  const std::lock_guard lock(mutex_);
  return taken_;
}

asio::awaitable<http::Response> FakeVault::answer(const http::Request& request) {
  if (failing_) co_return problem(503, "not now");
  if (request.path != "/v1/tokens") co_return problem(404, "no such token");
  const auto body = parse_json(request.body);
  const bool object = body && body->is_object();
  const std::string number = object ? string_member(body->as_object(), "number").value_or("") : std::string();
  if (number.size() < 12) co_return problem(422, "no card number");
  const std::lock_guard lock(mutex_);
  taken_.push_back(std::string(request.header("tidegate-tenant").value_or("")) + " " + number);
  co_return json_response(
      201, json::object{{"token", "tok_" + random_hex(16)}, {"last_four", number.substr(number.size() - 4)}});
}

asio::awaitable<void> FakeVault::stop() {
  co_await server_.stop(std::chrono::seconds(1));
  context_.stop();
}

}  // namespace tidegate::platform::test
