// GET /internal/outbox/PRODUCER/TOPIC/PARTITION?from=N&limit=M: the consumers' way to close a gap.

#include "platform/gateway/routes/routes.hpp"

namespace tidegate::platform {

void add_outbox(GatewayContext& context) {
  for (const auto& shard : context.shards) {
    Shard* at = shard.get();
    context.runtime.router().add_immediate("GET", "/internal/outbox/" + at->store->id() + "/{rest...}",
                                           [at](const http::Request& request, std::string_view rest) {
                                             return at->outbox.serve(at->store->id() + "/" + std::string(rest), request,
                                                                     *at->reader);
                                           });
  }
}

}  // namespace tidegate::platform
