#pragma once
// Calls to the bank over HTTP, and what their answers mean.

#include <string>

#include "base/asio.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "platform/acquiring/attempts.hpp"
#include "platform/acquiring/charge_flow.hpp"
#include "platform/worker/peer_client.hpp"

namespace tidegate::platform {

/// What an answer to a POST or to an enquiry means. Whatever is not certainly final is `unknown`: a 5xx, a 404 to a
/// charge, a body that is no answer, an answer about another reference.
BankAnswer read_charge_answer(const Result<http::Response>& response, const std::string& reference);
BankAnswer read_enquiry_answer(const Result<http::Response>& response, const std::string& reference);

/// An answer together with what the call taught about the acquirer.
struct BankCall {
  BankAnswer answer;
  Breaker::Outcome outcome = Breaker::Outcome::success;
};

/// Lives on one loop. Follows the bank's address in the peers file from call to call.
class BankLink {
 public:
  BankLink(asio::any_io_executor executor, PeerDirectory& peers, std::size_t max_connections,
           Nanoseconds timeout = std::chrono::seconds(2));

  /// The attempt has to live until the answer.
  asio::awaitable<BankCall> post(const Attempt& attempt);
  asio::awaitable<BankCall> enquire(const Attempt& attempt);
  /// Calls in progress end as unknown.
  void stop();

 private:
  PeerClient client_;
  const Nanoseconds timeout_;
};

}  // namespace tidegate::platform
