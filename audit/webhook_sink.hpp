#pragma once
// Where a customer's webhooks arrive: a real HTTP server that checks signatures (Standard Webhooks 1.0: HMAC-SHA256
// over `id.timestamp.body`, https://www.standardwebhooks.com), fails as it is told to, and writes down everything that
// came, as truth/webhooks.ndjson.zst.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace tidegate::audit {

/// How the sink misbehaves, so that retries and dead letters have something to do. Which deliveries it hits follows
/// from the seed, the event's id and how often it came, so a replay fails the same ones.
struct SinkFailures {
  double share = 0;      ///< of deliveries, answered with `status`
  int first = 0;         ///< of each event's deliveries: the first so many fail
  double never = 0;      ///< share of events whose deliveries all fail: they must become dead letters
  int status = 500;      ///< of a failure
  Nanoseconds delay{0};  ///< before any answer; beyond the sender's patience it is a timeout
};

struct SinkOptions {
  std::string log_path;  ///< truth/webhooks.ndjson.zst
  RunClock clock;
  std::uint64_t seed = 0;
  SinkFailures failures;
  Nanoseconds tolerance = std::chrono::minutes(5);  ///< of a webhook's timestamp against this machine's clock
};

/// What a delivery's signature is worth.
enum class Signature { valid, missing, wrong, stale };
std::string_view to_string(Signature signature);

/// `secret`: "whsec_" and base64. `signatures`: space-separated "v1,BASE64"; one of them must be right.
Signature verify_webhook(std::string_view secret, std::string_view id, std::string_view timestamp,
                         std::string_view body, std::string_view signatures, Nanoseconds unix_now,
                         Nanoseconds tolerance);
/// For tests and for other sinks: "v1,BASE64". An error for a secret that is not one.
Result<std::string> sign_webhook(std::string_view secret, std::string_view id, std::string_view timestamp,
                                 std::string_view body);

/// Runs on a thread of its own. All calls are thread-safe.
class WebhookSink {
 public:
  /// Binds 127.0.0.1, port 0.
  static Result<std::unique_ptr<WebhookSink>> start(SinkOptions options);
  ~WebhookSink();
  WebhookSink(const WebhookSink&) = delete;
  WebhookSink& operator=(const WebhookSink&) = delete;

  /// http://127.0.0.1:PORT/hooks. A path below it names the endpoint; deliveries are checked against all secrets.
  std::string url() const;
  /// A secret that deliveries may be signed with; without any, every signature counts as wrong.
  void add_secret(const std::string& secret);
  void set_clock(RunClock clock);
  std::uint64_t received() const;
  /// Refuses new connections, ends the log. The first error of writing it. Idempotent.
  Result<void> stop();

 private:
  struct State;
  explicit WebhookSink(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tidegate::audit
