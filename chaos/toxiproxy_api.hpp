#pragma once
// Toxiproxy's HTTP API (version 2) in front of the agent, so that its command line and its client libraries work
// against it unchanged. Proxies are links of that name; a toxic is a fault with the id PROXY/TOXIC that stays until
// removed. Source: the API section of Toxiproxy's README, and how its own command line calls it.

#include <map>
#include <string>
#include <vector>

#include "base/http/server.hpp"
#include "base/json.hpp"
#include "chaos/agent_state.hpp"

namespace tidegate::chaos {

/// A toxic as its clients see it.
struct Toxic {
  std::string name, type, stream = "downstream";
  double toxicity = 1;
  json::object attributes;  ///< every attribute of the type, with its value

  json::object to_json() const;
};

/// The lease of that toxic; the error says what is wrong with its attributes.
Result<LeaseRequest> lease_of_toxic(const std::string& proxy, const Toxic& toxic);
/// The attributes of a type with their defaults; null: there is no such type.
const json::object* toxic_defaults(const std::string& type);

/// Not thread-safe: the agent's thread. The state outlives it.
class Toxics {
 public:
  explicit Toxics(AgentState& state) : state_(state) {}
  http::Response handle(const http::Request& request);

 private:
  http::Response proxies(const http::Request& request);
  http::Response one_proxy(const http::Request& request, const std::string& name);
  http::Response toxics(const http::Request& request, const std::string& name);
  http::Response one_toxic(const http::Request& request, const std::string& name, const std::string& toxic);
  http::Response populate(const http::Request& request);
  http::Response reset();
  http::Response metrics() const;
  Result<void> create(const json::object& body);
  Result<void> change(const std::string& name, const json::object& body);
  void remove(const std::string& name);
  http::Response put_toxic(const std::string& name, Toxic toxic, bool replaces);
  void heal(const std::string& name, const std::string& toxic);
  json::object describe(const std::string& name) const;

  AgentState& state_;
  std::map<std::string, std::vector<Toxic>> toxics_;  ///< by proxy, in the order of their making
};

/// `toxics` outlives the handler.
http::Handler toxiproxy_api(Toxics& toxics);

}  // namespace tidegate::chaos
