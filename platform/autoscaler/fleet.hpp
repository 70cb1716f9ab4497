#pragma once
// The worker processes of a role: as many as hold the lag under its target, each unit at one of them.
//
//   every 250 ms:  reap the dead -> ask the others -> measure the lag -> decide how many -> start, retire
//                  -> spread the units -> tell each; a unit that moves is told to its new process only once the old one
//                     does not hold it any more
//
// A process that does not answer for five seconds is killed: its units go on elsewhere.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/asio.hpp"
#include "base/json.hpp"
#include "platform/autoscaler/member.hpp"
#include "platform/autoscaler/scaling.hpp"
#include "platform/service/metrics.hpp"
#include "platform/service/peer_clients.hpp"

namespace tidegate::platform {

/// Lives on one loop. `peers` outlives it.
class Fleet {
 public:
  Fleet(asio::any_io_executor loop, PeerClients& clients, Metrics& metrics, ServiceOptions options,
        ScalingLimits limits, int events_per_second);

  void start();
  /// Ends the processes in order; those that do not within the limit are killed.
  asio::awaitable<void> stop(Nanoseconds limit);

  int units() const { return options_.workers; }
  /// Where a unit serves; nothing while it moves.
  std::optional<std::string> address_of(int unit) const;
  /// Every unit serves.
  bool complete() const;

  const ScalingLimits& limits() const { return scaling_.limits(); }
  void change(ScalingLimits limits) { scaling_.change(limits); }
  /// Kills a worker at once, as an operator would delete a pod; false when there is none of that name.
  bool kill(const std::string& name);
  json::object describe() const;
  /// To what serves at an address; null when it is none.
  std::shared_ptr<http::Client> client_of(const std::string& address);

 private:
  asio::awaitable<void> run();
  void reap();
  asio::awaitable<void> measure();
  asio::awaitable<std::optional<LagWatch::Numbers>> published();
  asio::awaitable<std::optional<LagWatch::Numbers>> applied();
  void grow_or_shrink();
  asio::awaitable<void> hand_out();
  asio::awaitable<std::optional<json::object>> get(std::string address, std::string path);
  void forget_addresses();

  const asio::any_io_executor loop_;
  PeerClients& clients_;
  const ServiceOptions options_;
  const int events_per_second_;  // of one process
  Scaling scaling_;
  LagWatch watch_;
  std::optional<LagWatch::Lag> lag_;
  LagWatch::Numbers applied_;  // the last word on each stream
  std::vector<std::unique_ptr<Member>> members_;
  std::map<std::string, std::shared_ptr<http::Client>> unit_clients_;  // by address
  asio::steady_timer timer_;
  int started_ = 0;
  bool stopping_ = false, running_ = false;
  Counter& grown_;
  Counter& shrunk_;
  Counter& died_;
};

}  // namespace tidegate::platform
