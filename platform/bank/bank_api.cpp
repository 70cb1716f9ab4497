#include "platform/bank/bank_api.hpp"

#include "platform/bank/settlement.hpp"
#include "platform/service/await_store.hpp"
#include "platform/service/pages.hpp"
#include "platform/service/problem.hpp"

namespace tidegate::platform {
namespace {

/// Counts a call for as long as it lives.
class InProgress {
 public:
  explicit InProgress(std::int64_t& calls) : calls_(calls) { ++calls_; }
  ~InProgress() { --calls_; }
  InProgress(const InProgress&) = delete;
  InProgress& operator=(const InProgress&) = delete;

 private:
  std::int64_t& calls_;
};

Result<json::object> body_object(const http::Request& request) {
  auto parsed = parse_json(request.body);
  if (!parsed) return parsed.error();
  if (!parsed->is_object()) return usage_error("the body must be a JSON object");
  return std::move(parsed->as_object());
}

http::Response charge_answer(const Charge& charge, bool is_new) {
  http::Response response = json_response(is_new ? 201 : 200, charge.to_answer());
  if (!is_new) response.headers.emplace_back("Idempotent-Replayed", "true");
  return response;
}

http::Response store_failed(const Error& error) {
  if (error.kind == Error::Kind::usage) return problem(409, error.message);
  return problem(503, "The bank's record cannot be written at the moment.");
}

}  // namespace

BankApi::BankApi(Store& store, std::unique_ptr<Connection> reader, ServiceRuntime& runtime)
    : store_(store),
      reader_(std::move(reader)),
      executor_(runtime.context().get_executor()),
      messenger_(runtime),
      providers_(store, *reader_, runtime, behaviours_),
      new_charges_(runtime.metrics().counter("bank_charges_total", "Charges recorded.")),
      repeats_(runtime.metrics().counter("bank_repeats_total", "Charge calls that repeated a reference.")) {
  add_routes(runtime);
  add_settlement_statement(runtime, *reader_, behaviours_);
}

void BankApi::add_routes(ServiceRuntime& runtime) {
  Router& router = runtime.router();
  router.add("POST", "/v1/charges", [this](const http::Request& request, std::string_view) { return charge(request); });
  const auto operation = [&](const char* pattern, const char* kind) {
    router.add("POST", pattern, [this, kind](const http::Request& request, std::string_view charge) {
      return operate(request, http::percent_decode(charge), kind);
    });
  };
  operation("/v1/charges/{reference}/captures", "capture");
  operation("/v1/charges/{reference}/refunds", "refund");
  operation("/v1/charges/{reference}/voids", "void");
  router.add_immediate("GET", "/v1/charges/{reference}",
                       [this](const http::Request&, std::string_view reference) { return enquire(reference); });
  router.add_immediate("GET", "/v1/operations/{reference}", [this](const http::Request&, std::string_view reference) {
    return enquire_operation(reference);
  });
  router.add("GET", "/v1/hops/{service}",
             [this](const http::Request& request, std::string_view service) { return hop(request, service); });
  const auto for_operator = [&](const char* method, const char* pattern, ImmediateHandler handler) {
    router.add_immediate(method, pattern, runtime.operator_only(std::move(handler)));
  };
  for_operator("GET", "/v1/statement", [this](const http::Request& request, auto) { return statement(request); });
  for_operator("GET", "/admin/behaviour",
               [this](const http::Request&, auto) { return json_response(200, behaviours_.general().to_json()); });
  for_operator("PUT", "/admin/behaviour",
               [this](const http::Request& request, auto) { return change_behaviour(request, ""); });
  for_operator("GET", "/admin/behaviour/{provider}", [this](const http::Request&, std::string_view provider) {
    if (!is_provider(provider)) return problem(404, "There is no such provider.");
    return json_response(200, behaviours_.of(std::string(provider)).to_json());
  });
  for_operator("PUT", "/admin/behaviour/{provider}", [this](const http::Request& request, std::string_view provider) {
    return change_behaviour(request, std::string(provider));
  });
}

asio::awaitable<void> BankApi::pause(Nanoseconds length) {
  if (length <= Nanoseconds{0}) co_return;
  asio::steady_timer timer(executor_, length);
  co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<http::Response> BankApi::charge(const http::Request& request) {
  const InProgress counted(in_progress_);
  const auto body = body_object(request);
  if (!body) co_return problem(400, body.error().message);
  auto charge = Charge::from_request(*body);
  if (!charge) co_return problem(422, charge.error().message);
  const Behaviour behaviour = behaviours_.of(charge->acquirer);
  const Fate fate = fate_of_call(behaviour, calls_++, in_progress_);
  if (fate.fails_before) {
    co_await pause(fate.delay);
    co_return problem(503, "The bank is not available.");
  }
  charge->try_elsewhere = falls_under("elsewhere", charge->reference, behaviour.elsewhere_share);
  const bool declined = charge->try_elsewhere || declines(charge->reference, behaviour.decline_share);
  charge->status = declined ? "declined" : "approved";
  bool is_new = false;
  Work record = [&](Connection& connection) -> Result<void> {
    auto recorded = record_charge(connection, *charge);
    if (!recorded) return recorded.error();
    is_new = *recorded;
    return {};
  };
  const Result<void> committed = co_await commit(store_, std::move(record));
  if (!committed) co_return store_failed(committed.error());
  (is_new ? new_charges_ : repeats_).add();
  if (is_new && falls_under("callback", charge->reference, behaviour.callback_share)) {
    messenger_.tell(charge->acquirer, charge->to_answer(), std::chrono::milliseconds(behaviour.callback_ms),
                    behaviour.callback_copies);
  }
  co_await pause(fate.delay);
  if (fate.fails_after || fate.silent) co_return problem(503, "The bank is not available.");
  co_return charge_answer(*charge, is_new);
}

asio::awaitable<http::Response> BankApi::operate(const http::Request& request, std::string charge, std::string kind) {
  const InProgress counted(in_progress_);
  const auto body = body_object(request);
  if (!body) co_return problem(400, body.error().message);
  auto operation = BankOperation::from_request(charge, kind, *body);
  if (!operation) co_return problem(422, operation.error().message);
  const auto known = find_charge(*reader_, charge);
  if (!known) co_return problem(503, "The bank's record cannot be read at the moment.");
  if (!*known) co_return problem(422, "There is no such charge.");
  const Fate fate = fate_of_call(behaviours_.of((*known)->acquirer), calls_++, in_progress_);
  if (fate.fails_before) {
    co_await pause(fate.delay);
    co_return problem(503, "The bank is not available.");
  }
  bool is_new = false;
  Work record = [&](Connection& connection) -> Result<void> {
    auto recorded = record_operation(connection, *operation);
    if (!recorded) return recorded.error();
    is_new = *recorded;
    return {};
  };
  const Result<void> committed = co_await commit(store_, std::move(record));
  if (!committed) co_return store_failed(committed.error());
  co_await pause(fate.delay);
  if (fate.fails_after || fate.silent) co_return problem(503, "The bank is not available.");
  co_return json_response(is_new ? 201 : 200, operation->to_answer());
}

http::Response BankApi::enquire(std::string_view reference) {
  const auto found = find_charge(*reader_, http::percent_decode(reference));
  if (!found) return problem(503, "The bank's record cannot be read at the moment.");
  if (!*found) return problem(404, "The bank never saw this reference.");
  return json_response(200, (*found)->to_answer());
}

http::Response BankApi::enquire_operation(std::string_view reference) {
  const auto found = find_operation(*reader_, http::percent_decode(reference));
  if (!found) return problem(503, "The bank's record cannot be read at the moment.");
  if (!*found) return problem(404, "The bank never saw this reference.");
  return json_response(200, (*found)->to_answer());
}

http::Response BankApi::statement(const http::Request& request) {
  const auto page = parse_page(request);
  if (!page) return problem(400, page.error().message);
  const auto last = last_sequence(*reader_);
  if (!last) return problem(503, "The bank's record cannot be read at the moment.");
  const std::int64_t as_of = page->as_of.value_or(*last);
  const auto charges = read_statement(*reader_, page->after, as_of, page->limit);
  if (!charges) return problem(503, "The bank's record cannot be read at the moment.");

  json::array items;
  for (const Charge& charge : *charges) items.push_back(charge.to_statement_item());
  std::optional<std::int64_t> next;
  if (!charges->empty() && charges->back().sequence < as_of) next = charges->back().sequence;
  return json_response(200, make_page(std::move(items), next, as_of));
}

asio::awaitable<http::Response> BankApi::hop(const http::Request& request, std::string_view service) {
  const auto fixed_ms = integer_parameter(request, "delay_ms", -1, 0, 10'000);
  if (!fixed_ms) co_return problem(400, "'delay_ms' must be a whole number from 0 to 10000.");
  int* calls = hops_.calls_of(std::string(service));
  if (calls == nullptr) co_return problem(404, "There is no such service.");
  const Nanoseconds delay = *fixed_ms >= 0 ? Nanoseconds(std::chrono::milliseconds(*fixed_ms))
                                           : hop_delay(service, *calls, hops_.next_draws());
  const Hops::Call in_progress(*calls);
  co_await pause(delay);
  co_return json_response(200, json::object{{"status", "ok"}});
}

http::Response BankApi::change_behaviour(const http::Request& request, const std::string& provider) {
  const auto body = body_object(request);
  if (!body) return problem(400, body.error().message);
  if (!provider.empty() && !is_provider(provider)) return problem(404, "There is no such provider.");
  const auto changed = provider.empty() ? behaviours_.change_general(*body) : behaviours_.change(provider, *body);
  if (!changed) return problem(422, changed.error().message);
  return json_response(200, (provider.empty() ? behaviours_.general() : behaviours_.of(provider)).to_json());
}

}  // namespace tidegate::platform
