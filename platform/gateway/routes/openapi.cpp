// GET /openapi.json: the description of this API, for everybody.

#include "platform/gateway/openapi_document.hpp"
#include "platform/gateway/routes/routes.hpp"

namespace tidegate::platform {

void add_openapi(GatewayContext& context) {
  context.runtime.router().add_immediate("GET", "/openapi.json", [](const http::Request&, std::string_view) {
    http::Response response;
    response.content_type = "application/openapi+json;version=3.1";
    response.body = openapi_document();
    return response;
  });
}

}  // namespace tidegate::platform
