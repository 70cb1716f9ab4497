// WebSocket (RFC 6455): one step is one turn on a connection, of its own or held by an earlier step (hold, held).
// Without `hold`, the connection is closed when the step ends.
#include "loadgen/loop.hpp"
#include "loadgen/transports/transports.hpp"
#include "loadgen/transports/websocket_link.hpp"

namespace tidegate::loadgen {
namespace {

class WebSocketTransport final : public Transport {
 public:
  Task<Attempt> exchange(Vu* vu, TransportCall call) override {
    Attempt attempt;
    attempt.started = attempt.sending = call.started;
    std::unique_ptr<WebSocketLink> own;
    WebSocketLink* link = nullptr;
    if (call.spec->held) {
      link = static_cast<WebSocketLink*>(vu->held[*call.spec->held].get());
      if (link == nullptr || !link->open()) attempt.error = ErrorClass::closed;
    } else {
      co_await open_connection(vu, call.deadline, &attempt);
      own = std::make_unique<WebSocketLink>(*vu, call.request);
      link = own.get();
      link->take_connection(std::move(attempt.connection));
    }
    if (attempt.error == ErrorClass::none) {
      WebSocketTurn turn{call, attempt, call.spec->receive};
      link->begin(turn);
      Io io = link->advance(turn);
      while (io == Io::would_block) {
        const Wake wake = co_await WaitIo{*vu, call.deadline};
        if (wake == Wake::ready) {
          io = link->advance(turn);
          continue;
        }
        attempt.error = wake == Wake::timeout ? ErrorClass::timeout : ErrorClass::interrupted;
        io = Io::failed;
      }
      if (io == Io::done) attempt.error = ErrorClass::none;
      link->end(io == Io::done);
    }
    attempt.ended = vu->loop.now();
    if (attempt.sent_at.count() == 0) attempt.sent_at = attempt.ended;
    if (attempt.first_byte.count() == 0) attempt.first_byte = attempt.ended;
    attempt.sent = attempt.bytes_sent > 0;
    if (call.spec->hold && own && own->switched() && attempt.error == ErrorClass::none) {
      vu->held[*call.spec->hold] = std::move(own);
    }
    if (call.spec->held && call.spec->closes) vu->held[*call.spec->held].reset();
    co_return attempt;
  }
};

}  // namespace

Result<std::unique_ptr<Transport>> make_websocket_transport(Loop& /*loop*/) {
  return std::unique_ptr<Transport>(std::make_unique<WebSocketTransport>());
}

}  // namespace tidegate::loadgen
