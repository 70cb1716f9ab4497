// GET /v1/payments/export?after=CURSOR&limit=N&as_of=CURSOR, for the operator. Pages in the order of commits. The first
// answer names the commit that the export is as of; pages asked for with it are the same however often they are read,
// whatever is committed meanwhile. `next` is null on the last page.

#include <fmt/format.h>

#include "platform/gateway/payment_table.hpp"
#include "platform/gateway/problems.hpp"
#include "platform/gateway/routes/routes.hpp"
#include "platform/service/pages.hpp"
#include "platform/service/problem.hpp"

namespace tidegate::platform {
namespace {

/// Keys are visible ASCII: only two characters need an escape.
std::string escaped(std::string_view key) {
  std::string text;
  for (const char c : key) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text;
}

void append_item(std::string& out, const Payment& payment, std::string_view scope) {
  fmt::format_to(std::back_inserter(out),
                 R"({{"id":"{}","tenant":"{}","key":"{}","scope":"{}","amount":{},"currency":"{}","status":"{}",)"
                 R"("created_at_ms":{},"updated_at_ms":{}}})",
                 payment_name(payment.id), merchant_name(payment.merchant), escaped(payment.key), scope, payment.amount,
                 payment.currency, to_string(payment.state), payment.created_at_ms, payment.updated_at_ms);
}

http::Response export_payments(GatewayContext& context, const http::Request& request) {
  const auto page = parse_page(request);
  if (!page) return problem(400, page.error().message);
  const std::int64_t newest = context.sequence.last_committed();
  const std::int64_t as_of = page->as_of.value_or(newest);
  if (as_of > newest) return problem(400, "'as_of' lies in the future: use the one that an export has named.");

  const auto payments = payments_as_of(context.reader, page->after, as_of, page->limit);
  if (!payments) return store_unavailable();
  http::Response response;
  response.body = R"({"items":[)";
  for (const Payment& payment : *payments) {
    if (response.body.back() == '}') response.body += ',';
    append_item(response.body, payment, context.tenants.scope(payment.api_key));
  }
  const bool last_page = static_cast<std::int64_t>(payments->size()) < page->limit;
  response.body +=
      fmt::format(R"(],"next":{},"as_of":{}}})", last_page ? "null" : std::to_string(payments->back().id), as_of);
  return response;
}

}  // namespace

void add_export_payments(ServiceRuntime& runtime, GatewayContext& context) {
  runtime.router().add_immediate(
      "GET", "/v1/payments/export",
      runtime.operator_only(ImmediateHandler(
          [&context](const http::Request& request, std::string_view) { return export_payments(context, request); })));
}

}  // namespace tidegate::platform
