// GET /internal/outbox/PRODUCER/TOPIC/PARTITION?from=N&limit=M: the consumers' way to close a gap.

#include "platform/gateway/routes/routes.hpp"

namespace tidegate::platform {

void add_outbox(ServiceRuntime& runtime, GatewayContext& context) {
  runtime.router().add_immediate("GET", "/internal/outbox/{rest...}",
                                 [&context](const http::Request& request, std::string_view rest) {
                                   return context.outbox.serve(rest, request, context.reader);
                                 });
}

}  // namespace tidegate::platform
