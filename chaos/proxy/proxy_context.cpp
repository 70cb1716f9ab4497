#include "chaos/proxy/proxy_context.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace tidegate::chaos {
namespace {

// Two descriptors each: bulk on more connections than this at once is copied, so that connections find descriptors.
constexpr std::size_t kMaximumPipes = 64;
constexpr int kPipeBytes = 256 * 1024;

}  // namespace

std::unique_ptr<SplicePipe> ProxyContext::borrow_pipe() {
  if (!idle_.empty()) {
    auto pipe = std::move(idle_.back());
    idle_.pop_back();
    return pipe;
  }
  int ends[2];
  if (pipes_ >= kMaximumPipes || ::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return nullptr;
  ++pipes_;
  ::fcntl(ends[1], F_SETPIPE_SZ, kPipeBytes);  // the default is smaller, and works
  auto pipe = std::make_unique<SplicePipe>();
  pipe->read_end.reset(ends[0]);
  pipe->write_end.reset(ends[1]);
  return pipe;
}

void ProxyContext::give_back(std::unique_ptr<SplicePipe> pipe) {
  if (!pipe) return;
  if (pipe->held == 0) {
    idle_.push_back(std::move(pipe));
  } else {
    --pipes_;
  }
}

}  // namespace tidegate::chaos
