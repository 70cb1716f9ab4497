#pragma once
// What all proxies of one thread share: the buffer that bytes pass through, readiness, pipes for bulk.

#include <cstddef>
#include <memory>
#include <vector>

#include "base/asio.hpp"
#include "base/file.hpp"
#include "chaos/proxy/reactor.hpp"

namespace tidegate::chaos {

/// A kernel pipe through which bytes go from socket to socket without being copied into this process.
struct SplicePipe {
  FileDescriptor read_end, write_end;
  std::size_t held = 0;  ///< bytes taken from the source and not yet by the sink
};

struct ProxyContext {
  explicit ProxyContext(asio::any_io_executor on) : executor(on), reactor(on) {}

  /// An empty pipe, or null when the machine or our own limit gives none: bulk is then copied.
  std::unique_ptr<SplicePipe> borrow_pipe();
  /// One that is empty is kept for the next; one that is not is closed.
  void give_back(std::unique_ptr<SplicePipe> pipe);

  asio::any_io_executor executor;
  Reactor reactor;
  std::vector<char> buffer = std::vector<char>(64 * 1024);

 private:
  std::vector<std::unique_ptr<SplicePipe>> idle_;
  std::size_t pipes_ = 0;
};

}  // namespace tidegate::chaos
