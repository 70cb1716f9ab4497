#pragma once
// libcurl's multi interface on a load loop: socket and timer callbacks, no thread and no poll of its own.

#include <memory>
#include <string>

#include "base/result.hpp"
#include "loadgen/transport.hpp"

namespace tidegate::loadgen {

struct CurlSettings {
  int http_version = 1;  ///< 2 without TLS means prior knowledge (RFC 9113, 3.3)
  std::string proxy;     ///< empty: none, whatever the environment says
};

/// One loop's transfers. Connections are kept, and shared by concurrent streams of HTTP/2; without TLS, each HTTP/2
/// request has a connection of its own.
class CurlClient {
 public:
  CurlClient(Loop& loop, CurlSettings settings);
  ~CurlClient();
  CurlClient(const CurlClient&) = delete;
  CurlClient& operator=(const CurlClient&) = delete;

  /// `request` to the plan's address. Answers hold what headers and trailers say, and at most 16 MiB of body.
  Task<Attempt> perform(Vu* vu, RenderedRequest request, Nanoseconds started, Nanoseconds deadline);
  Nanoseconds next_due() const noexcept;
  void run_due();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tidegate::loadgen
