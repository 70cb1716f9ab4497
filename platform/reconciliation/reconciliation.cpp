// The role `reconciliation`: holds what acquirers approved against the provider's settlement statement.
//
//   POST /v1/reconciliations            {from_ms?, to_ms?}: 202 {id}, operator only
//   GET  /v1/reconciliations/{id}       status, stage and summary
//   GET  /v1/reconciliations/{id}/report   the ZIP of CSV files, once finished; 409 before

#include "base/file.hpp"
#include "base/random.hpp"
#include "platform/events/topics.hpp"
#include "platform/reconciliation/desk.hpp"
#include "platform/reconciliation/records.hpp"
#include "platform/reconciliation/role.hpp"
#include "platform/service/await_store.hpp"
#include "platform/service/problem.hpp"
#include "platform/service/wall_clock.hpp"
#include "platform/worker/caller.hpp"
#include "platform/worker/outbox_routes.hpp"
#include "platform/worker/role_inbox.hpp"

namespace tidegate::platform {
namespace {

ReconciliationRun::Manner manner_of(const Departures& departures) {
  ReconciliationRun::Manner manner;
  if (departures.add_up != nullptr) manner.add_up = departures.add_up;
  if (departures.buckets_until_death > 0) manner.dies_after = departures.buckets_until_death;
  return manner;
}

class ReconciliationRole final : public Role {
 public:
  ReconciliationRole(RoleContext& context, std::unique_ptr<RoleDatabase> database)
      : context_(context),
        database_(std::move(database)),
        outbox_(database_->store(), std::string(kReconciliationTopic)),
        desk_(context.runtime, database_->store(), outbox_, manner_of(context.departures)),
        inboxes_(context, "reconciliation") {
    for (const std::string_view topic : {kPaymentsTopic, kAcquiringTopic}) inboxes_.add(*database_, topic, note_record);
    context.outboxes.add(outbox_, *database_);
    ServiceRuntime& runtime = context.runtime;
    Router& router = runtime.router();
    router.add(
        "POST", "/v1/reconciliations",
        runtime.operator_only(RouteHandler([this](const http::Request& request, auto) { return begin(request); })));
    router.add_immediate("GET", "/v1/reconciliations/{id}",
                         runtime.operator_only(ImmediateHandler(
                             [this](const http::Request&, auto id) { return show(std::string(id)); })));
    router.add_immediate("GET", "/v1/reconciliations/{id}/report",
                         runtime.operator_only(ImmediateHandler(
                             [this](const http::Request&, auto id) { return report(std::string(id)); })));
  }

  Result<void> start() override {
    if (auto opened = outbox_.open(); !opened) return opened;
    if (auto started = desk_.start(database_->reader()); !started) return started;
    if (auto started = outbox_.start_relay(context_.bus); !started) return started;
    return inboxes_.start();
  }

  void close() override {
    inboxes_.stop();
    desk_.stop();
    outbox_.stop_relay(std::chrono::milliseconds(500));
    database_->store().stop();
  }

 private:
  asio::awaitable<http::Response> begin(const http::Request& request) {
    const auto body =
        request.body.empty() ? Result<json::object>(json::object{}) : read_body(request, {"from_ms", "to_ms"});
    if (!body) co_return problem(400, body.error().message);
    for (const auto& [key, value] : *body) {
      if (!value.is_int64() || value.as_int64() < 0) co_return problem(400, "from_ms and to_ms are Unix milliseconds.");
    }
    RunRow run{"rec_" + random_hex(8), "waiting"};
    run.from_ms = integer_member(*body, "from_ms").value_or(0);
    run.to_ms = integer_member(*body, "to_ms").value_or(wall_now_ms() + 1);
    if (run.from_ms >= run.to_ms) co_return problem(422, "from_ms lies before to_ms.");
    Work work = [&](Connection& connection) -> Result<void> {
      auto inserted = connection.execute(
          "INSERT INTO runs (id, status, from_ms, to_ms, stage, summary, error, created_at_ms)"
          " VALUES (?1, 'waiting', ?2, ?3, '', '', '', ?4)",
          {run.id, run.from_ms, run.to_ms, wall_now_ms()});
      if (!inserted) return inserted.error();
      return {};
    };
    if (auto done = co_await commit(database_->store(), std::move(work)); !done) {
      co_return problem(503, "The run cannot be written at the moment.");
    }
    desk_.submit(run);
    http::Response accepted = json_response(202, run.to_json());
    accepted.headers.emplace_back("Location", "/v1/reconciliations/" + run.id);
    co_return accepted;
  }

  http::Response show(const std::string& id) {
    const auto run = find_run(database_->reader(), id);
    if (!run) return problem(503, "The runs cannot be read at the moment.");
    if (!*run) return problem(404, "There is no such reconciliation.");
    return json_response(200, (*run)->to_json());
  }

  http::Response report(const std::string& id) {
    const auto run = find_run(database_->reader(), id);
    if (!run) return problem(503, "The runs cannot be read at the moment.");
    if (!*run) return problem(404, "There is no such reconciliation.");
    if ((*run)->status != "finished") return problem(409, "The reconciliation is " + (*run)->status + ".");
    auto zip = read_file(desk_.report_path(id));
    if (!zip) return problem(503, "The report cannot be read at the moment.");
    http::Response response;
    response.content_type = "application/zip";
    response.body = std::move(*zip);
    return response;
  }

  RoleContext& context_;
  std::unique_ptr<RoleDatabase> database_;
  Outbox outbox_;
  ReconciliationDesk desk_;
  RoleInboxes inboxes_;
};

}  // namespace

Result<std::unique_ptr<Role>> make_reconciliation(RoleContext& context) {
  auto database = RoleDatabase::open(context, database_name("reconciliation", context.options),
                                     {outbox_migrations(), inbox_migrations(), record_migrations()});
  if (!database) return database.error();
  return std::unique_ptr<Role>(std::make_unique<ReconciliationRole>(context, std::move(*database)));
}

}  // namespace tidegate::platform
