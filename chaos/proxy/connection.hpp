#pragma once
// One client of a link, its connection to the upstream, and the two pumps between them.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "base/asio.hpp"
#include "chaos/proxy/active_fault.hpp"
#include "chaos/proxy/pump.hpp"

namespace tidegate::chaos {

/// Not thread-safe. Held by its link until `closed` is called, and by its own handlers while they run.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Closed = std::function<void(std::uint64_t number)>;
  Connection(ProxyContext& context, asio::ip::tcp::socket client, std::uint64_t number, Closed closed);

  std::uint64_t number() const noexcept { return number_; }
  /// Connects to the upstream when it is known and no fault forbids it; else the client waits in silence.
  void start(std::optional<asio::ip::tcp::endpoint> upstream);
  void add_fault(std::shared_ptr<ActiveFault> fault);
  void remove_fault(const ActiveFault* fault);
  void upstream_known(asio::ip::tcp::endpoint upstream);
  /// Closes both sides at once, with a reset.
  void abort();

 private:
  enum class Stage : std::uint8_t { waiting, connecting, open, closed };

  void connect_when_allowed();
  void connected(error_code error);
  void pump_ended();
  void close(bool with_reset);

  ProxyContext& context_;
  asio::ip::tcp::socket client_, upstream_;
  asio::steady_timer connect_timer_;
  std::uint64_t number_;
  Closed closed_;
  std::optional<asio::ip::tcp::endpoint> address_;
  ConnectionFaults faults_;
  Pump up_, down_;
  Stage stage_ = Stage::waiting;
};

}  // namespace tidegate::chaos
