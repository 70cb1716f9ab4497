// GET /v1/payments/export?after=CURSOR&limit=N&as_of=CURSOR, for the operator. Pages in the order of commits, over all
// shards. The first answer names the commit that the export is as of; pages asked for with it are the same however
// often they are read, whatever is committed meanwhile. `next` is null on the last page.

#include <fmt/format.h>

#include <algorithm>

#include "platform/gateway/commit_point.hpp"
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
                 R"("captured":{},"refunded":{},"held":{},"created_at_ms":{},"updated_at_ms":{}}})",
                 payment_name(payment.id), merchant_name(payment.merchant), escaped(payment.key), scope, payment.amount,
                 payment.currency, to_string(payment.state), payment.captured, payment.refunded, payment.held,
                 payment.created_at_ms, payment.updated_at_ms);
}

/// The first `limit` after the cursor of all shards, ascending.
Result<std::vector<Payment>> read_page(const Shards& shards, const PageRequest& page, std::int64_t as_of) {
  std::vector<Payment> all;
  for (const auto& shard : shards) {
    auto some = payments_as_of(*shard->reader, page.after, as_of, page.limit);
    if (!some) return some.error();
    all.insert(all.end(), std::make_move_iterator(some->begin()), std::make_move_iterator(some->end()));
  }
  if (shards.size() > 1) {
    std::sort(all.begin(), all.end(), [](const Payment& a, const Payment& b) { return a.id < b.id; });
    if (static_cast<std::int64_t>(all.size()) > page.limit) all.resize(static_cast<std::size_t>(page.limit));
  }
  return all;
}

http::Response answer(const GatewayContext& context, const PageRequest& page, std::int64_t as_of) {
  const auto payments = read_page(context.shards, page, as_of);
  if (!payments) return store_unavailable();
  http::Response response;
  response.body = R"({"items":[)";
  for (const Payment& payment : *payments) {
    if (response.body.back() == '}') response.body += ',';
    append_item(response.body, payment, context.tenants.scope(payment.api_key));
  }
  const bool last_page = static_cast<std::int64_t>(payments->size()) < page.limit;
  response.body +=
      fmt::format(R"(],"next":{},"as_of":{}}})", last_page ? "null" : std::to_string(payments->back().id), as_of);
  return response;
}

asio::awaitable<http::Response> export_payments(GatewayContext& context, Result<PageRequest> page) {
  if (!page) co_return problem(400, page.error().message);
  if (!page->as_of) {
    const auto now = co_await commit_point(context.shards);
    if (!now) co_return store_unavailable();
    co_return answer(context, *page, *now);
  }
  const auto again = co_await commit_point_again(context.shards, *page->as_of);
  if (!again) co_return store_unavailable();
  if (!*again) co_return problem(400, "'as_of' lies in the future: use the one that an export has named.");
  co_return answer(context, *page, **again);
}

}  // namespace

void add_export_payments(GatewayContext& context) {
  context.runtime.router().add(
      "GET", "/v1/payments/export",
      context.runtime.operator_only(RouteHandler([&context](const http::Request& request, std::string_view) {
        return export_payments(context, parse_page(request));
      })));
}

}  // namespace tidegate::platform
