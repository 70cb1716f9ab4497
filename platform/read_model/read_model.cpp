// The role `read-model`: answers what a payment's status and a wallet's balance are, without the writers. Any number of
// replicas: worker processes with `--worker-index` 0, 1, ..., each with all partitions and a database of its own.
//
//   GET /v1/read/payments/{id}   GET /v1/read/wallets/{id}   for services, with Tidegate-Tenant; each with staleness_ms
//       ?at_most_ms=1000 of a payment: 503 when the copy may be older
//   GET /v1/read/lag             {"replica": 0, "staleness_ms": 12}

#include <algorithm>

#include "platform/events/topics.hpp"
#include "platform/read_model/role.hpp"
#include "platform/read_model/view.hpp"
#include "platform/service/problem.hpp"
#include "platform/service/wall_clock.hpp"
#include "platform/worker/caller.hpp"
#include "platform/worker/role_inbox.hpp"

namespace tidegate::platform {
namespace {

class ReadModel final : public Role {
 public:
  ReadModel(RoleContext& context, std::unique_ptr<RoleDatabase> database, const std::string& group)
      : replica_(context.options.worker_index),
        everything_(whole_options(context)),
        context_{context.runtime, context.bus, context.outboxes, everything_},
        database_(std::move(database)),
        inboxes_(context_, group) {
    for (const std::string_view topic : {kPaymentsTopic, kFraudTopic, kLedgerTopic})
      inboxes_.add(*database_, topic, project);
    ServiceRuntime& runtime = context.runtime;
    const auto add = [&](const char* pattern, ImmediateHandler handler) {
      runtime.router().add_immediate("GET", pattern, runtime.operator_only(std::move(handler)));
    };
    add("/v1/read/payments/{id}", [this](const http::Request& request, auto id) { return payment(request, id); });
    add("/v1/read/wallets/{id}", [this](const http::Request& request, auto id) { return wallet(request, id); });
    add("/v1/read/lag", [this](const http::Request&, auto) {
      return json_response(200, json::object{{"replica", replica_}, {"staleness_ms", staleness_ms()}});
    });
    runtime.metrics().gauge("read_model_staleness_seconds", "How old the copy may be.",
                            {{"replica", std::to_string(replica_)}},
                            [this] { return static_cast<double>(staleness_ms()) / 1000; });
  }

  Result<void> start() override { return inboxes_.start(); }

  void close() override {
    inboxes_.stop();
    database_->store().stop();
  }

 private:
  /// A replica reads all partitions, however many there are.
  static ServiceOptions whole_options(const RoleContext& context) {
    ServiceOptions options = context.options;
    options.workers = 1;
    options.worker_index = 0;
    return options;
  }

  std::int64_t staleness_ms() const {
    const std::int64_t at_ms = inboxes_.caught_up_at_ms();
    return at_ms == 0 ? INT64_MAX / 1'000'000 : std::max<std::int64_t>(0, elapsed_now_ms() - at_ms);
  }

  http::Response payment(const http::Request& request, std::string_view id) {
    const auto caller = read_caller(request, NeedsKey::no);
    if (!caller) return problem(400, caller.error().message);
    const auto at_most = integer_parameter(request, "at_most_ms", INT64_MAX, 0, INT64_MAX);
    if (!at_most) return problem(400, "at_most_ms is a number of milliseconds.");
    const std::int64_t age = staleness_ms();
    if (age > *at_most) return problem(503, "This copy is " + std::to_string(age) + " ms old.");
    const auto found = find_payment_view(database_->reader(), caller->tenant, id);
    if (!found) return problem(503, "The read model cannot be read at the moment.");
    if (!*found) return problem(404, "There is no such payment, as far as this copy knows.");
    return json_response(200, (*found)->to_json(std::string(id), age));
  }

  http::Response wallet(const http::Request& request, std::string_view id) {
    const auto caller = read_caller(request, NeedsKey::no);
    if (!caller) return problem(400, caller.error().message);
    const auto found = find_wallet_view(database_->reader(), caller->tenant, id);
    if (!found) return problem(503, "The read model cannot be read at the moment.");
    if (!*found) return problem(404, "There is no such wallet, as far as this copy knows.");
    return json_response(200, json::object{{"wallet", id},
                                           {"balance", (*found)->balance},
                                           {"currency", (*found)->currency},
                                           {"updated_at_ms", (*found)->updated_at_ms},
                                           {"staleness_ms", staleness_ms()}});
  }

  const int replica_;
  const ServiceOptions everything_;
  RoleContext context_;
  std::unique_ptr<RoleDatabase> database_;
  RoleInboxes inboxes_;
};

}  // namespace

Result<std::unique_ptr<Role>> make_read_model(RoleContext& context) {
  const int replica = context.options.worker_index;
  auto database = RoleDatabase::open(context, database_name("read-model", context.options),
                                     {inbox_migrations(), view_migrations()});
  if (!database) return database.error();
  // A replica is a consumer group of its own: each applies everything.
  const std::string group = replica == 0 ? "read-model" : "read-model-" + std::to_string(replica);
  return std::unique_ptr<Role>(std::make_unique<ReadModel>(context, std::move(*database), group));
}

}  // namespace tidegate::platform
