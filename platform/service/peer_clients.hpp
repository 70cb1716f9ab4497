#pragma once
// HTTP clients of the other services, by endpoint, that follow them when their addresses change.

#include <map>
#include <memory>
#include <string>

#include "base/asio.hpp"
#include "base/http/client.hpp"
#include "base/result.hpp"
#include "platform/service/options.hpp"

namespace tidegate::platform {

/// Used on one loop. `peers` outlives it.
class PeerClients {
 public:
  PeerClients(asio::any_io_executor loop, PeerDirectory& peers, http::ClientOptions options = {})
      : loop_(std::move(loop)), peers_(peers), options_(options) {}
  ~PeerClients() { stop(); }
  PeerClients(const PeerClients&) = delete;
  PeerClients& operator=(const PeerClients&) = delete;

  /// "ledger.http"; while that is not known, "worker.http", a process in which several roles run together. Kind::closed
  /// while nobody knows its address, or after stop(). Keep what it returns for as long as a request is under way.
  Result<std::shared_ptr<http::Client>> client(const std::string& endpoint);
  /// Requests in progress fail with Kind::closed.
  void stop();

 private:
  struct Known {
    std::string address;
    std::shared_ptr<http::Client> client;
  };
  const asio::any_io_executor loop_;
  PeerDirectory& peers_;
  const http::ClientOptions options_;
  std::map<std::string, Known> known_;
  bool stopped_ = false;
};

}  // namespace tidegate::platform
