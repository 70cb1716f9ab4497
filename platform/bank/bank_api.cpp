#include "platform/bank/bank_api.hpp"

#include "platform/service/await_store.hpp"
#include "platform/service/pages.hpp"
#include "platform/service/problem.hpp"

namespace tidegate::platform {
namespace {

std::int64_t unix_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(unix_now()).count();
}

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
      new_charges_(runtime.metrics().counter("bank_charges_total", "Charges recorded.")),
      repeats_(runtime.metrics().counter("bank_repeats_total", "Charge calls that repeated a reference.")) {
  Router& router = runtime.router();
  router.add("POST", "/v1/charges", [this](const http::Request& request, std::string_view) { return charge(request); });
  router.add_immediate("GET", "/v1/charges/{reference}",
                       [this](const http::Request&, std::string_view reference) { return enquire(reference); });
  router.add("GET", "/v1/hops/{service}",
             [this](const http::Request& request, std::string_view service) { return hop(request, service); });
  router.add_immediate("GET", "/v1/statement",
                       runtime.operator_only(ImmediateHandler(
                           [this](const http::Request& request, std::string_view) { return statement(request); })));
  router.add_immediate("GET", "/admin/behaviour",
                       runtime.operator_only(ImmediateHandler([this](const http::Request&, std::string_view) {
                         return json_response(200, behaviour_.to_json());
                       })));
  router.add_immediate("PUT", "/admin/behaviour",
                       runtime.operator_only(ImmediateHandler([this](const http::Request& request, std::string_view) {
                         return change_behaviour(request);
                       })));
}

asio::awaitable<void> BankApi::pause(Nanoseconds length) {
  if (length <= Nanoseconds{0}) co_return;
  asio::steady_timer timer(executor_, length);
  co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<http::Response> BankApi::charge(const http::Request& request) {
  const Fate fate = fate_of_call(behaviour_, calls_++);
  const auto body = body_object(request);
  if (!body) co_return problem(400, body.error().message);
  auto charge = Charge::from_request(*body);
  if (!charge) co_return problem(422, charge.error().message);
  if (fate.fails_before) {
    co_await pause(fate.delay);
    co_return problem(503, "The bank is not available.");
  }
  charge->status = declines(charge->reference, behaviour_.decline_share) ? "declined" : "approved";
  charge->at_ms = unix_ms();
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
  co_await pause(fate.delay);
  if (fate.fails_after) co_return problem(503, "The bank is not available.");
  co_return charge_answer(*charge, is_new);
}

http::Response BankApi::enquire(std::string_view reference) {
  const auto found = find_charge(*reader_, http::percent_decode(reference));
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
  const Nanoseconds delay = *fixed_ms >= 0 ? Nanoseconds(std::chrono::milliseconds(*fixed_ms)) : hop_delay(*calls);
  const Hops::Call in_progress(*calls);
  co_await pause(delay);
  co_return json_response(200, json::object{{"status", "ok"}});
}

http::Response BankApi::change_behaviour(const http::Request& request) {
  const auto body = body_object(request);
  if (!body) return problem(400, body.error().message);
  const auto changed = behaviour_.changed(*body);
  if (!changed) return problem(422, changed.error().message);
  behaviour_ = *changed;
  return json_response(200, behaviour_.to_json());
}

}  // namespace tidegate::platform
