#include "platform/acquiring/bank_link.hpp"

#include "platform/service/trace_context.hpp"

namespace tidegate::platform {
namespace {

BankAnswer unknown(std::string why) {
  return {BankAnswer::Kind::unknown, {}, std::move(why)};
}

/// A body that says approved or declined about this reference.
BankAnswer read_outcome(const http::Response& response, const std::string& reference) {
  const auto body = parse_json(response.body);
  const json::object* answer = body ? body->if_object() : nullptr;
  if (answer == nullptr) return unknown("the bank's answer is no JSON object");
  if (string_member(*answer, "reference") != reference) return unknown("the bank's answer is about another reference");
  const std::string status = string_member(*answer, "status").value_or("");
  if (status == "approved") {
    return {BankAnswer::Kind::approved, string_member(*answer, "auth_code").value_or(""), {}};
  }
  if (status == "declined") {
    return {BankAnswer::Kind::declined, {}, string_member(*answer, "reason").value_or("declined")};
  }
  return unknown("the bank's answer has the status '" + status + "'");
}

}  // namespace

BankAnswer read_charge_answer(const Result<http::Response>& response, const std::string& reference) {
  if (!response) return unknown(response.error().message);
  switch (response->status) {
    case 200:
    case 201:
      return read_outcome(*response, reference);
    case 400:
    case 422:
      return {BankAnswer::Kind::rejected, {}, "rejected_by_bank"};
    default:
      return unknown("the bank answered " + std::to_string(response->status));
  }
}

BankAnswer read_enquiry_answer(const Result<http::Response>& response, const std::string& reference) {
  if (!response) return unknown(response.error().message);
  if (response->status == 200) return read_outcome(*response, reference);
  if (response->status == 404) return {BankAnswer::Kind::not_known, {}, "the bank never saw the reference"};
  return unknown("the bank answered " + std::to_string(response->status));
}

BankLink::BankLink(asio::any_io_executor executor, PeerDirectory& peers, std::size_t max_connections,
                   Nanoseconds timeout)
    : executor_(std::move(executor)), peers_(peers), max_connections_(max_connections), timeout_(timeout) {}

Result<std::shared_ptr<http::Client>> BankLink::client() {
  if (stopped_) return closed_error("the link to the bank was stopped");
  const auto address = peers_.find("bank-simulator.http");
  if (!address) return closed_error("the peer 'bank-simulator.http' is not known yet");
  if (client_ && *address == address_) return client_;
  const auto target = parse_address(*address);
  if (!target) return target.error();
  http::ClientOptions options;
  options.max_connections = max_connections_;
  client_ = std::make_shared<http::Client>(executor_, target->host, target->port, options);
  address_ = *address;
  return client_;
}

asio::awaitable<Result<http::Response>> BankLink::send(http::ClientRequest request) {
  const auto client = this->client();
  if (!client) co_return client.error();
  const std::shared_ptr<http::Client> held = *client;
  co_return co_await held->send(std::move(request), timeout_);
}

asio::awaitable<BankAnswer> BankLink::post(Attempt attempt) {
  http::ClientRequest request;
  request.method = "POST";
  request.target = "/v1/charges";
  request.headers.emplace_back("traceparent", continue_trace(attempt.traceparent));
  request.body = json::serialize(json::object{{"reference", attempt.reference},
                                              {"amount", attempt.amount},
                                              {"currency", attempt.currency},
                                              {"card_token", attempt.card_token},
                                              {"capture", true},
                                              {"client_key", attempt.client_key},
                                              {"merchant", attempt.merchant}});
  const Result<http::Response> response = co_await send(std::move(request));
  co_return read_charge_answer(response, attempt.reference);
}

asio::awaitable<BankAnswer> BankLink::enquire(Attempt attempt) {
  http::ClientRequest request;
  request.target = "/v1/charges/" + http::percent_encode(attempt.reference);
  request.headers.emplace_back("traceparent", continue_trace(attempt.traceparent));
  const Result<http::Response> response = co_await send(std::move(request));
  co_return read_enquiry_answer(response, attempt.reference);
}

void BankLink::stop() {
  stopped_ = true;
  if (client_) client_->stop();
}

}  // namespace tidegate::platform
