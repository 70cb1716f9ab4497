// The role `migrator`: stands in front of a legacy database and its successor, and moves one to the other.
//
//   POST /v1/transactions            {id, merchant, amount, currency, status}    GET /v1/transactions/{id}
//   GET  /v1/migration               phase and figures
//   POST /v1/migration/dual-write    /verify    /repair    /cut-over    /rollback    409 with the reason when it is too
//   early
//
// For services and operators, with the operator's token. The backfill goes on by itself, also after a kill.

#include <future>
#include <thread>

#include "base/log.hpp"
#include "platform/migrator/migration.hpp"
#include "platform/migrator/role.hpp"
#include "platform/service/problem.hpp"
#include "platform/service/switches.hpp"
#include "platform/worker/caller.hpp"
#include "platform/worker/role_database.hpp"

namespace tidegate::platform {
namespace {

constexpr Nanoseconds kIdle = std::chrono::milliseconds(20);

http::Response refused(const Error& error) {
  return problem(error.kind == Error::Kind::usage ? 409 : 503, error.message);
}

class Migrator final : public Role {
 public:
  Migrator(RoleContext& context, std::unique_ptr<RoleDatabase> legacy, std::unique_ptr<RoleDatabase> target)
      : legacy_(std::move(legacy)),
        target_(std::move(target)),
        migrations_(legacy_->store(), target_->store(), wrap_of(context.options)) {
    ServiceRuntime& runtime = context.runtime;
    const auto add = [&](const char* method, const char* pattern, ImmediateHandler handler) {
      runtime.router().add_immediate(method, pattern, runtime.operator_only(std::move(handler)));
    };
    add("POST", "/v1/transactions", [this](const http::Request& request, auto) { return write(request); });
    add("GET", "/v1/transactions/{id}", [this](const http::Request&, auto id) { return read(id); });
    add("GET", "/v1/migration",
        [this](const http::Request&, auto) { return json_response(200, migrations_.status()); });
    add("POST", "/v1/migration/dual-write",
        [this](const http::Request&, auto) { return after(migrations_.begin_dual_write()); });
    add("POST", "/v1/migration/cut-over", [this](const http::Request&, auto) { return after(migrations_.cut_over()); });
    add("POST", "/v1/migration/rollback",
        [this](const http::Request&, auto) { return after(migrations_.roll_back()); });
    add("POST", "/v1/migration/verify", [this](const http::Request&, auto) {
      const auto verified = migrations_.verify();
      return verified ? json_response(200, migrations_.status()) : refused(verified.error());
    });
    add("POST", "/v1/migration/repair", [this](const http::Request&, auto) {
      const auto repaired = migrations_.repair();
      return repaired ? json_response(200, json::object{{"repaired_ranges", *repaired}}) : refused(repaired.error());
    });
  }

  Result<void> start() override {
    if (auto opened = migrations_.open(); !opened) return opened;
    thread_ = std::thread([this] { copy(); });
    return {};
  }

  void close() override {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
    legacy_->store().stop();
    target_->store().stop();
  }

 private:
  static WrapSecondWrite wrap_of(const ServiceOptions& options) {
    return is_on(options, "dual_write_drop_20") ? WrapSecondWrite(drop_a_fifth) : WrapSecondWrite();
  }

  void copy() {
    while (!stopping_) {
      const auto copied = migrations_.step();
      if (!copied) log::warn("the migration does not get on", {{"why", copied.error().message}});
      if (!copied || !*copied) std::this_thread::sleep_for(kIdle);
    }
  }

  http::Response after(const Result<void>& done) {
    return done ? json_response(200, migrations_.status()) : refused(done.error());
  }

  http::Response write(const http::Request& request) {
    const auto body = read_body(request, {"id", "merchant", "amount", "currency", "status"});
    if (!body) return problem(400, body.error().message);
    auto transaction = LegacyTransaction::from_request(*body);
    if (!transaction) return problem(400, transaction.error().message);
    const auto written = migrations_.write(std::move(*transaction));
    if (!written) return problem(503, "The transaction cannot be written at the moment.");
    return json_response(200, written->to_json());
  }

  http::Response read(std::string_view text) {
    std::int64_t id = 0;
    for (const char c : text) {
      if (c < '0' || c > '9' || text.size() > 18) return problem(404, "There is no such transaction.");
      id = id * 10 + (c - '0');
    }
    const auto found = migrations_.read(id);
    if (!found) return problem(503, "The transaction cannot be read at the moment.");
    if (!*found) return problem(404, "There is no such transaction.");
    return json_response(200, (*found)->to_json());
  }

  std::unique_ptr<RoleDatabase> legacy_, target_;
  Migrations migrations_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Role>> make_migrator(RoleContext& context) {
  auto legacy = RoleDatabase::open(context, "legacy", {legacy_migrations()});
  if (!legacy) return legacy.error();
  auto target = RoleDatabase::open(context, "migrated", {target_migrations()});
  if (!target) return target.error();
  return std::unique_ptr<Role>(std::make_unique<Migrator>(context, std::move(*legacy), std::move(*target)));
}

}  // namespace tidegate::platform
