#pragma once
// A gateway on the loopback, with a bus in memory and a clean end.

#include <map>
#include <memory>
#include <string>
#include <thread>

#include "base/http/client.hpp"
#include "base/json.hpp"
#include "platform/bus/event_bus.hpp"
#include "platform/events/envelope.hpp"
#include "platform/gateway/gateway.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/platform_gateway/fake_vault.hpp"
#include "tests/unit/platform_gateway/scratch.hpp"
#include "tests/unit/platform_gateway/waiting.hpp"

namespace tidegate::platform::test {

inline const std::string kOperatorToken = "operator-secret";

struct Answer {
  int status = 0;
  http::Headers headers;
  std::string text;
  json::object json;  ///< empty when the body is not an object

  std::string header(std::string_view name) const;
  std::string string(std::string_view member) const;
  /// The last part of a problem's type.
  std::string problem() const;
};

/// What POST /admin/merchants gave.
struct Tenant {
  std::string id, api_key, card_token;
};

/// A running gateway. Its directory may be shared with the one before it: a restart.
class RunningGateway {
 public:
  struct Options {
    std::string profile = "modern";
    std::map<std::string, std::string> switches;
    std::map<std::string, std::string> peers;
    int shards = 1;
    bool thread_affinity = false;
    std::vector<std::string> reports{"acquiring"};
    Nanoseconds key_expiry = std::chrono::hours(24);
    std::shared_ptr<EventBus> bus = make_memory_bus();
  };
  explicit RunningGateway(const std::string& directory, Options options);
  explicit RunningGateway(const std::string& directory) : RunningGateway(directory, Options()) {}
  /// Stops; fails the test unless the exit code is 0.
  ~RunningGateway();
  RunningGateway(const RunningGateway&) = delete;
  RunningGateway& operator=(const RunningGateway&) = delete;

  /// One request on a connection of its own. `token`: the bearer token, "" for none.
  Answer send(const std::string& method, const std::string& target, const std::string& token,
              const std::string& body = "", http::Headers headers = {}) const;
  /// PUT by the operator.
  Answer put(const std::string& target, const std::string& body) const {
    return send("PUT", target, kOperatorToken, body);
  }
  /// POST /v1/payments/{id}/ACTION with a key.
  Answer operate(const Tenant& tenant, const std::string& payment, const std::string& action, const std::string& key,
                 const std::string& body = "") const {
    return send("POST", "/v1/payments/" + payment + "/" + action, tenant.api_key, body, {{"Idempotency-Key", key}});
  }
  Answer get(const std::string& target, const std::string& token) const { return send("GET", target, token); }
  Answer pay(const std::string& token, const std::string& key, const std::string& body) const;

  Tenant new_tenant(const std::string& currency = "EUR", const std::string& card = "4000000000000002") const;
  std::string status_of(const Tenant& tenant, const std::string& payment) const;
  /// A figure of /metrics, by the start of its line; 0 when it is not there.
  double metric(const std::string& line_start) const;

  const std::string& base_url() const { return base_url_; }
  ServiceRuntime& runtime() { return *runtime_; }
  EventBus& bus() { return *bus_; }
  /// The vault among its peers.
  FakeVault& vault() { return vault_; }

 private:
  FakeVault vault_;
  std::shared_ptr<EventBus> bus_;
  std::unique_ptr<ServiceRuntime> runtime_;
  std::unique_ptr<Gateway> gateway_;
  std::string base_url_;
  int exit_code_ = -1;
  std::thread thread_;
};

std::string payment_body(std::int64_t amount, const std::string& currency, const std::string& card);

/// All events of a topic so far, in the order of the bus.
std::vector<Envelope> events_of(EventBus& bus, const std::string& topic);

/// Plays the acquiring worker: reports on payments, with dense numbers.
class FakeAcquiring {
 public:
  /// `service`: acquiring, fraud or ledger.
  explicit FakeAcquiring(EventBus& bus, std::string service = "acquiring");
  void report(const std::string& payment, const std::string& type);
  /// With members of its own in `data`.
  void report(const std::string& payment, const std::string& type, json::object data);

 private:
  const std::string service_;
  std::unique_ptr<EventProducer> producer_;
  std::map<int, std::int64_t> heads_;
};

}  // namespace tidegate::platform::test
