#include "loadgen/transport.hpp"

#include "loadgen/loop.hpp"
#include "loadgen/transports/transports.hpp"

namespace tidegate::loadgen {

Result<std::unique_ptr<Transport>> make_transport(Protocol protocol, Loop& loop) {
  if (!loop.runtime().plan.uses(protocol)) return std::unique_ptr<Transport>();
  switch (protocol) {
    case Protocol::http:
      if (loop.runtime().transport.through_curl()) return make_curl_transport(loop);
      return std::unique_ptr<Transport>();
    case Protocol::websocket:
      return make_websocket_transport(loop);
    case Protocol::grpc:
      return make_grpc_transport(loop);
    case Protocol::kafka:
      return make_kafka_transport(loop);
  }
  return std::unique_ptr<Transport>();
}

}  // namespace tidegate::loadgen
