#include "platform/service/peer_clients.hpp"

namespace tidegate::platform {

Result<std::shared_ptr<http::Client>> PeerClients::client(const std::string& endpoint) {
  if (stopped_) return closed_error("the service is stopping");
  auto address = peers_.find(endpoint);
  if (!address) address = peers_.find("worker.http");
  if (!address) return closed_error("the peer '" + endpoint + "' is not known yet");
  Known& known = known_[endpoint];
  if (known.client && known.address == *address) return known.client;
  const auto target = parse_address(*address);
  if (!target) return target.error();
  if (known.client) known.client->stop();
  known.address = *address;
  known.client = std::make_shared<http::Client>(loop_, target->host, target->port, options_);
  return known.client;
}

void PeerClients::stop() {
  stopped_ = true;
  for (auto& [endpoint, known] : known_) {
    if (known.client) known.client->stop();
  }
}

}  // namespace tidegate::platform
