#pragma once
// One client of a link, its connection to the upstream, and the two pumps between them.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "base/asio.hpp"
#include "base/file.hpp"
#include "chaos/proxy/active_fault.hpp"
#include "chaos/proxy/protocol_filter.hpp"
#include "chaos/proxy/pump.hpp"

namespace tidegate::chaos {

/// Not thread-safe. Held by its link until `closed` is called, and by its own handlers while they run.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Closed = std::function<void(std::uint64_t number)>;
  /// `filter` may be null. The descriptor is non-blocking.
  Connection(ProxyContext& context, FileDescriptor client, std::uint64_t number, std::unique_ptr<ProtocolFilter> filter,
             Closed closed);
  ~Connection();

  std::uint64_t number() const noexcept { return number_; }
  /// Read so far from that direction's sender.
  std::uint64_t bytes(Direction direction) const noexcept {
    return direction == Direction::upstream ? up_.bytes() : down_.bytes();
  }
  /// Connects to the upstream when it is known and no fault forbids it; else the client waits in silence.
  void start(std::optional<asio::ip::tcp::endpoint> upstream);
  void add_fault(std::shared_ptr<ActiveFault> fault);
  void remove_fault(const ActiveFault* fault);
  /// A fault on messages was healed: what it holds leaves.
  void faults_changed();
  void upstream_known(asio::ip::tcp::endpoint upstream);
  /// Closes both sides at once, with a reset.
  void abort();

 private:
  enum class Stage : std::uint8_t { waiting, connecting, open, closed };
  struct Side final : Reactor::Watcher {
    Connection* connection = nullptr;
    bool is_client = false;
    FileDescriptor fd;
    void ready(std::uint32_t events) override { connection->ready(is_client, events); }
  };
  struct Output final : FilterOutput {
    Connection* connection = nullptr;
    Direction taking = Direction::upstream;
    Nanoseconds now{0};
    void pass(Direction direction, std::string_view bytes, const MessageHolds& holds) override;
    void end(Ending::How how) override;
    bool wants_messages() const override { return !connection->faults_.empty(); }
    void message(std::uint64_t hash) override { connection->faults_.count_message({hash, now}); }
  };

  Pump::Wiring wiring(Direction direction);
  void ready(bool is_client, std::uint32_t events);
  void connect_when_allowed();
  void connected(int error_number);
  void filter(Direction direction, std::string_view bytes, Nanoseconds now);
  void filter_ended(Direction direction);
  void arm_fault_timer();
  void end(const Ending& ending);
  void close_orderly();
  void pump_ended();
  void close(bool with_reset);

  ProxyContext& context_;
  Side client_, upstream_;
  asio::steady_timer connect_timer_, fault_timer_;
  std::uint64_t number_;
  std::unique_ptr<ProtocolFilter> filter_;
  Closed closed_;
  std::optional<asio::ip::tcp::endpoint> address_;
  ConnectionFaults faults_;
  Nanoseconds served_from_{0};
  Output output_;
  Pump up_, down_;
  Stage stage_ = Stage::waiting;
  bool client_gone_ = false;
};

}  // namespace tidegate::chaos
