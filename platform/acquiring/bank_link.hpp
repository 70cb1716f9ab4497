#pragma once
// Calls to the bank over HTTP, and what their answers mean.

#include <memory>
#include <string>

#include "base/asio.hpp"
#include "base/http/client.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "platform/acquiring/attempts.hpp"
#include "platform/acquiring/charge_flow.hpp"
#include "platform/service/options.hpp"

namespace tidegate::platform {

/// What an answer to POST /v1/charges or to an enquiry means. Whatever is not certainly final is `unknown`: a 5xx, a
/// 404 to a POST, a body that is no answer, an answer about another reference.
BankAnswer read_charge_answer(const Result<http::Response>& response, const std::string& reference);
BankAnswer read_enquiry_answer(const Result<http::Response>& response, const std::string& reference);

/// Lives on one loop. Follows the bank's address in the peers file from call to call.
class BankLink {
 public:
  BankLink(asio::any_io_executor executor, PeerDirectory& peers, std::size_t max_connections,
           Nanoseconds timeout = std::chrono::seconds(2));

  asio::awaitable<BankAnswer> post(Attempt attempt);
  asio::awaitable<BankAnswer> enquire(Attempt attempt);
  /// Calls in progress end as unknown.
  void stop();

 private:
  Result<std::shared_ptr<http::Client>> client();
  asio::awaitable<Result<http::Response>> send(http::ClientRequest request);

  asio::any_io_executor executor_;
  PeerDirectory& peers_;
  const std::size_t max_connections_;
  const Nanoseconds timeout_;
  bool stopped_ = false;
  std::string address_;
  std::shared_ptr<http::Client> client_;  // calls in progress keep theirs when the address changes
};

}  // namespace tidegate::platform
