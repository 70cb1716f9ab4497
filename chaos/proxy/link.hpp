#pragma once
// The proxy of one link: a listening socket, the upstream it stands for, its connections and the faults on it.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/asio.hpp"
#include "base/file.hpp"
#include "base/result.hpp"
#include "chaos/proxy/active_fault.hpp"
#include "chaos/proxy/connection.hpp"
#include "chaos/proxy/protocol_filter.hpp"

namespace tidegate::chaos {

/// Not thread-safe: all calls on the context's thread.
class Link final : Reactor::Watcher {
 public:
  /// `protocol` may be null: plain TCP.
  Link(ProxyContext& context, std::string name, std::unique_ptr<LinkProtocol> protocol = nullptr);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  /// Listens there, and accepts from now on. Port 0: the system chooses one.
  Result<void> open(const std::string& listen = "127.0.0.1:0");
  /// Goes on with a socket that listened for this link in another process.
  Result<void> adopt(FileDescriptor listener);
  const std::string& name() const noexcept { return name_; }
  /// "127.0.0.1:PORT".
  const std::string& address() const noexcept { return address_; }
  int listener() const noexcept { return listener_.get(); }
  bool knows_messages() const noexcept { return protocol_ != nullptr; }

  /// For connections from now on and those that wait for it; open ones keep theirs.
  void set_upstream(asio::ip::tcp::endpoint upstream);
  const std::optional<asio::ip::tcp::endpoint>& upstream() const noexcept { return upstream_; }
  /// Off: connects are refused by the system, the port stays ours, and every connection is closed.
  Result<void> set_enabled(bool enabled);
  bool enabled() const noexcept { return enabled_; }

  /// Touches the connections that are open too.
  void add_fault(std::shared_ptr<ActiveFault> fault);
  /// What it held leaves at once.
  void remove_fault(const std::shared_ptr<ActiveFault>& fault);

  std::size_t connections() const noexcept { return connections_.size(); }
  std::uint64_t accepted() const noexcept { return next_number_; }
  std::uint64_t refused() const noexcept { return refused_; }
  /// Bytes read so far, by direction.
  std::uint64_t bytes(Direction direction) const noexcept;
  /// Closes the listener and every connection.
  void stop();

 private:
  void ready(std::uint32_t events) override;
  void watch();
  void rest();
  void take(FileDescriptor client);
  void refuse_waiting();
  void close_connections();

  ProxyContext& context_;
  std::string name_, address_;
  std::unique_ptr<LinkProtocol> protocol_;
  FileDescriptor listener_;
  asio::steady_timer retry_;
  FileDescriptor spare_;  ///< given up to accept, and refuse, a client when the process is out of descriptors
  std::optional<asio::ip::tcp::endpoint> upstream_;
  std::map<std::uint64_t, std::shared_ptr<Connection>> connections_;  ///< by number, so in the order of acceptance
  std::vector<std::shared_ptr<ActiveFault>> faults_;
  std::uint64_t next_number_ = 0, refused_ = 0, closed_bytes_[2] = {0, 0};
  bool enabled_ = true, watching_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< false once stopped, for late handlers
};

/// "127.0.0.1:8080" or "localhost:8080"; a usage error names what is wrong. Port 0 only when asked for.
Result<asio::ip::tcp::endpoint> parse_endpoint(const std::string& text, bool any_port = false);

}  // namespace tidegate::chaos
