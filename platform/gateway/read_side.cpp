#include "platform/gateway/read_side.hpp"

#include "base/time.hpp"

namespace tidegate::platform {

ReadSide::ReadSide(PeerClients& clients, Metrics& metrics, std::string operator_token)
    : clients_(clients),
      token_(std::move(operator_token)),
      answered_(metrics.counter("read_model_answers_total", "Status reads that the read model answered.")),
      passed_over_(metrics.counter("read_model_passed_over_total",
                                   "Status reads that the store answered in the read model's place.")) {}

asio::awaitable<std::optional<http::Response>> ReadSide::payment(std::string merchant, std::string name) {
  if (monotonic_now() < asks_from_) {
    passed_over_.add();
    co_return std::nullopt;
  }
  const auto client = clients_.client("read-model.http");
  if (!client) co_return std::nullopt;  // there is none
  http::ClientRequest request;
  request.target = "/v1/read/payments/" + name + "?at_most_ms=" +
                   std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(kOldest).count());
  request.headers.emplace_back("Authorization", "Bearer " + token_);
  request.headers.emplace_back("Tidegate-Tenant", std::move(merchant));
  auto answer = co_await (*client)->send(std::move(request), kLimit);
  if (!answer) asks_from_ = monotonic_now() + kLeftAlone;
  if (!answer || answer->status != 200) {
    passed_over_.add();
    co_return std::nullopt;
  }
  answered_.add();
  http::Response response;
  response.body = std::move(answer->body);
  co_return response;
}

}  // namespace tidegate::platform
