// gRPC unary calls over HTTP/2 (libcurl): a POST of one frame, an answer of one frame, the outcome in the trailers.
#include "base/units.hpp"
#include "loadgen/loop.hpp"
#include "loadgen/transports/curl_client.hpp"
#include "loadgen/transports/grpc_method.hpp"
#include "loadgen/transports/transports.hpp"

namespace tidegate::loadgen {
namespace {

/// Turns what HTTP/2 brought into the reply that expectations look at.
void translate(const GrpcMethod& method, Attempt& attempt) {
  Reply& reply = *attempt.reply;
  int status = -1;
  for (const auto& [name, value] : reply.headers) {
    const auto number = http::same_name(name, "grpc-status") ? parse_integer(value) : Result<std::int64_t>(-1);
    if (number && *number >= 0) status = static_cast<int>(*number);
  }
  if (reply.status != 200 && status < 0) return;  // a proxy's answer, say: its status speaks
  if (status < 0) {
    attempt.error = ErrorClass::protocol;
    return;
  }
  reply.status = http_status_of(status);
  if (status != 0) {
    reply.body.clear();
    return;
  }
  auto json = method.decode(reply.body);
  if (!json) {
    attempt.error = ErrorClass::protocol;
  } else {
    reply.body = *std::move(json);
  }
}

class GrpcTransport final : public Transport {
 public:
  explicit GrpcTransport(Loop& loop) : client_(loop, {2, {}}) {}

  Task<Attempt> exchange(Vu* vu, TransportCall call) override {
    RenderedRequest request = std::move(call.request);
    auto frame = call.spec->grpc->encode(request.body);
    if (!frame) {
      Attempt attempt;
      attempt.error = ErrorClass::data;
      attempt.started = attempt.sending = attempt.sent_at = attempt.first_byte = attempt.ended = call.started;
      co_return attempt;
    }
    request.method = "POST";
    request.body = *std::move(frame);
    request.content_type = "application/grpc";
    request.headers.emplace_back("TE", "trailers");
    Attempt attempt = co_await client_.perform(vu, std::move(request), call.started, call.deadline);
    if (attempt.error == ErrorClass::none) translate(*call.spec->grpc, attempt);
    co_return attempt;
  }
  Nanoseconds next_due() const noexcept override { return client_.next_due(); }
  void run_due(Nanoseconds /*now*/) override { client_.run_due(); }

 private:
  CurlClient client_;
};

}  // namespace

Result<std::unique_ptr<Transport>> make_grpc_transport(Loop& loop) {
  return std::unique_ptr<Transport>(std::make_unique<GrpcTransport>(loop));
}

}  // namespace tidegate::loadgen
