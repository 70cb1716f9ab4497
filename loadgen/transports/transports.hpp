#pragma once
// One function per transport; transport.cpp knows which protocol is whose. Internal to loadgen/.

#include <memory>

#include "base/result.hpp"
#include "loadgen/transport.hpp"

namespace tidegate::loadgen {

Result<std::unique_ptr<Transport>> make_curl_transport(Loop& loop);
Result<std::unique_ptr<Transport>> make_websocket_transport(Loop& loop);
Result<std::unique_ptr<Transport>> make_grpc_transport(Loop& loop);
/// An error when the stack names no Kafka, or librdkafka refuses its settings.
Result<std::unique_ptr<Transport>> make_kafka_transport(Loop& loop);

}  // namespace tidegate::loadgen
