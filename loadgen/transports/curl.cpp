// HTTP through libcurl: HTTP/2, and HTTP/1.1 through proxies.
#include "loadgen/loop.hpp"
#include "loadgen/transports/curl_client.hpp"
#include "loadgen/transports/transports.hpp"

namespace tidegate::loadgen {
namespace {

class CurlTransport final : public Transport {
 public:
  explicit CurlTransport(Loop& loop)
      : client_(loop, {loop.runtime().transport.http_version, loop.runtime().transport.proxy}) {}

  Task<Attempt> exchange(Vu* vu, TransportCall call) override {
    return client_.perform(vu, std::move(call.request), call.started, call.deadline);
  }
  Nanoseconds next_due() const noexcept override { return client_.next_due(); }
  void run_due(Nanoseconds /*now*/) override { client_.run_due(); }

 private:
  CurlClient client_;
};

}  // namespace

Result<std::unique_ptr<Transport>> make_curl_transport(Loop& loop) {
  return std::unique_ptr<Transport>(std::make_unique<CurlTransport>(loop));
}

}  // namespace tidegate::loadgen
