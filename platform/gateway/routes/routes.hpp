#pragma once
// The gateway's HTTP routes, one file each. /healthz, /readyz and /metrics come with the runtime.

#include "platform/gateway/payment_path.hpp"
#include "platform/gateway/recent_payments.hpp"
#include "platform/gateway/sequence.hpp"
#include "platform/gateway/tenants.hpp"
#include "platform/outbox/outbox.hpp"
#include "platform/service/runtime.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

/// What routes work with; all of it on the service's loop.
struct GatewayContext {
  Store& store;
  Connection& reader;
  Outbox& outbox;
  TenantDirectory& tenants;
  RecentPayments& recent;
  CommitSequence& sequence;
  PaymentPath& path;
};

/// `context` outlives the runtime's run().
void add_create_payment(ServiceRuntime& runtime, GatewayContext& context);   // POST /v1/payments
void add_read_payment(ServiceRuntime& runtime, GatewayContext& context);     // GET /v1/payments/{id}
void add_find_payment(ServiceRuntime& runtime, GatewayContext& context);     // GET /v1/payments?key=
void add_export_payments(ServiceRuntime& runtime, GatewayContext& context);  // GET /v1/payments/export
void add_merchants(ServiceRuntime& runtime, GatewayContext& context);        // POST /admin/merchants
void add_api_keys(ServiceRuntime& runtime, GatewayContext& context);         // POST /admin/keys
void add_outbox(ServiceRuntime& runtime, GatewayContext& context);           // GET /internal/outbox/...

}  // namespace tidegate::platform
