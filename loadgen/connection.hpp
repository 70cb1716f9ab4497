#pragma once
// One connection to the system under test, and the loop's pool of them. Non-blocking; waiting is the virtual user's
// business (loadgen/vu.hpp).

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.hpp"
#include "base/http/parser.hpp"
#include "base/result.hpp"
#include "loadgen/error_class.hpp"
#include "loadgen/io.hpp"
#include "loadgen/local_ports.hpp"
#include "loadgen/reactor.hpp"
#include "loadgen/tls.hpp"

namespace tidegate::loadgen {

struct Vu;

/// A resolved address.
struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  int family = AF_INET;
};
/// All addresses of a host; blocks.
Result<std::vector<Address>> resolve_addresses(const std::string& host, const std::string& port);
/// A unix socket; an error when its path is too long for one.
Result<std::vector<Address>> unix_address(const std::string& path);

class ConnectionPool;

/// Told about a connection's events instead of its user: one that lives between exchanges.
class ConnectionKeeper {
 public:
  virtual ~ConnectionKeeper() = default;
  virtual void on_io() = 0;
};

class Connection final : public Watcher {
 public:
  explicit Connection(ConnectionPool& pool);

  /// Begins to connect; would_block: wait until it is writable, then call finish_connect().
  Io connect(const Address& address, Reactor& reactor, ErrorClass& error);
  Io finish_connect(ErrorClass& error);
  /// After connecting, when the pool has TLS; would_block: wait for events, then call it again.
  Io handshake(ErrorClass& error);
  /// Takes what was sent off the front of `bytes`.
  Io write(std::string_view& bytes, ErrorClass& error);
  /// Reads and parses what is there, up to some: others have their turn then. done: the answer is complete.
  Io read(ErrorClass& error);
  /// Appends what is there, unparsed, for other protocols than HTTP. done: there may be more.
  Io read_raw(std::string& out, ErrorClass& error);
  void close() noexcept;

  bool open() const noexcept { return static_cast<bool>(socket_); }
  bool readable() const noexcept { return readable_; }
  bool writable() const noexcept { return writable_; }
  /// After a complete answer: the next request may use it.
  bool reusable() const noexcept { return fresh() && parser.keep_alive() && !surplus_ && !hung_up_; }
  /// Open, to an address that still holds.
  bool fresh() const noexcept;

  void on_events(std::uint32_t epoll_events) override;

  http::ResponseParser parser;
  Vu* user = nullptr;                  ///< who is told about events; null while nobody uses it
  ConnectionKeeper* keeper = nullptr;  ///< who is told instead, when there is one
  Connection* next_own = nullptr;      ///< of the VU that keeps it
  std::uint64_t bytes_received = 0;    ///< of the current exchange; the user sets it to 0

 private:
  friend class ConnectionPool;
  Io connect_from(const Address& address, const Address* source, Reactor& reactor, ErrorClass& error);
  /// Somebody was told that there is something new.
  bool tell();
  Io feed(std::string_view bytes, ErrorClass& error);
  Io end_of_input(ErrorClass& error);
  Io read_tls(ErrorClass& error);
  void settle_tls();

  ConnectionPool& pool_;
  FileDescriptor socket_;
  std::unique_ptr<TlsStream> tls_;
  bool readable_ = false, writable_ = false, hung_up_ = false;
  std::uint32_t generation_ = 0;  ///< of the pool's addresses
  bool surplus_ = false;          ///< bytes came after the answer: not to be trusted with another request
};

/// The loop's connections, last used first. Connections belong to it for its life; closed ones are used again.
class ConnectionPool {
 public:
  /// With `tls`, which must outlive it, every connection speaks TLS.
  explicit ConnectionPool(Reactor& reactor, std::vector<Address> addresses, TlsContext* tls = nullptr,
                          std::vector<Address> sources = {});

  /// New connections go there; those that are open are used up to the end of their exchange.
  void replace_addresses(std::vector<Address> addresses);
  /// No connection has a descriptor of this number or above.
  static int highest_descriptor() noexcept;
  /// Counts up when the addresses are replaced.
  std::uint32_t generation() const noexcept { return generation_; }

  /// One that is open and unused, or null.
  Connection* take_idle() noexcept;
  /// A closed one, to connect.
  Connection& take_closed();
  /// Gives one back, open or closed.
  void give_back(Connection& connection) noexcept;
  /// One that is still readable when its user leaves it is not to be trusted: closes it then.
  static void settle(Connection& connection) noexcept;

  /// Gives back the memory of answers that nobody reads any more.
  void forget_answers() noexcept;
  /// A watcher whose input is not used up: read on in the next round, after the others.
  void read_on_later(Connection& connection) { greedy_.push_back(&connection); }
  bool any_greedy() const noexcept { return !greedy_.empty(); }
  void read_on();

  Reactor& reactor() noexcept { return reactor_; }
  TlsContext* tls() noexcept { return tls_; }
  const std::vector<Address>& addresses() const noexcept { return addresses_; }
  const std::vector<Address>& sources() const noexcept { return sources_; }
  LocalPorts& ports() noexcept { return ports_; }
  /// When a new socket has this descriptor: they are given out from the lowest free one.
  bool ports_are_scarce(int descriptor) const noexcept {
    return ports_.scarce(static_cast<std::size_t>(descriptor), std::max<std::size_t>(1, sources_.size()));
  }
  /// Of the next source, which follows the one before.
  std::size_t next_source() noexcept { return next_source_++; }
  /// The address that answered last; tried first.
  std::size_t preferred_address = 0;
  std::vector<char>& read_buffer() noexcept { return read_buffer_; }

 private:
  Reactor& reactor_;
  std::vector<Address> addresses_, sources_;
  std::size_t next_source_ = 0;
  LocalPorts ports_ = LocalPorts::of_this_namespace();
  std::uint32_t generation_ = 0;
  TlsContext* tls_;
  std::vector<std::unique_ptr<Connection>> all_;
  std::vector<Connection*> idle_;  // may hold ones that the peer closed meanwhile
  std::vector<Connection*> closed_;
  std::vector<char> read_buffer_;
  std::vector<Connection*> greedy_, reading_on_;
};

}  // namespace tidegate::loadgen
