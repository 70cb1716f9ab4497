// What the acquiring workers report, late and twice included.

#include "tests/unit/platform_gateway/gateway_support.hpp"

namespace tidegate::platform {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

struct Paid {
  explicit Paid(const RunningGateway& gateway)
      : tenant(gateway.new_tenant()),
        id(gateway.pay(tenant.api_key, "k", payment_body(1250, "EUR", tenant.card_token)).string("id")) {}
  Tenant tenant;
  std::string id;
};

TEST_CASE("gateway: a report becomes the payment's state, and an event of its own") {
  struct Case {
    const char* report;
    const char* status;
    const char* event;
  };
  const Case cases[] = {
      {"acquirer_approved", "captured", "payment_captured"},
      {"acquirer_declined", "declined", "payment_declined"},
  };
  for (const Case& tried : cases) {
    INFO(tried.report);
    const ScratchDirectory scratch;
    RunningGateway gateway(scratch.path());
    const Paid paid(gateway);
    FakeAcquiring acquiring(gateway.bus());
    acquiring.report(paid.id, tried.report);
    wait_until([&] { return gateway.status_of(paid.tenant, paid.id) == tried.status; });
    wait_until([&] { return events_of(gateway.bus(), "payments").size() == 2; });
    const Envelope event = events_of(gateway.bus(), "payments").back();
    CHECK(event.type == tried.event);
    CHECK(event.payment == paid.id);
    CHECK(event.tenant == paid.tenant.id);
    CHECK(event.sequence == 2);
    CHECK(event.data.at("amount").as_int64() == 1250);
    CHECK(event.data.at("currency").as_string() == "EUR");
    CHECK((event.data.if_contains("reason") != nullptr) == (std::string(tried.status) == "declined"));
  }
}

TEST_CASE("gateway: a terminal or later state does not regress, whatever arrives late") {
  const std::pair<const char*, const char*> firsts[] = {{"acquirer_approved", "captured"},
                                                        {"acquirer_declined", "declined"}};
  for (const auto& [first, status] : firsts) {
    INFO(first);
    const ScratchDirectory scratch;
    RunningGateway gateway(scratch.path());
    const Paid paid(gateway);
    FakeAcquiring acquiring(gateway.bus());
    acquiring.report(paid.id, first);
    for (const char* late : {"acquirer_approved", "acquirer_declined", "acquirer_exploded"}) {
      acquiring.report(paid.id, late);
    }
    wait_until([&] { return gateway.metric("illegal_transitions_total") == 3; });
    const std::string expected = status;
    wait_until([&] { return gateway.status_of(paid.tenant, paid.id) == expected; });
    wait_until([&] { return events_of(gateway.bus(), "payments").size() == 2; });
    // One more, after everything else was applied: still nothing.
    acquiring.report(paid.id, "acquirer_declined");
    wait_until([&] { return gateway.metric("illegal_transitions_total") == 4; });
    CHECK(gateway.status_of(paid.tenant, paid.id) == expected);
    CHECK(events_of(gateway.bus(), "payments").size() == 2);
  }
}

TEST_CASE("gateway: reports on nothing are done with, and the ones behind them are applied") {
  const ScratchDirectory scratch;
  RunningGateway gateway(scratch.path());
  const Paid paid(gateway);
  FakeAcquiring acquiring(gateway.bus());
  const std::string unknown = paid.id.substr(0, 19) + (paid.id.back() == '0' ? "1" : "0");
  acquiring.report(unknown, "acquirer_approved");
  acquiring.report("no payment at all", "acquirer_approved");
  acquiring.report(paid.id, "acquirer_approved");
  wait_until([&] { return gateway.status_of(paid.tenant, paid.id) == "captured"; });
  wait_until([&] { return gateway.metric("illegal_transitions_total") == 2; });
  CHECK(gateway.get("/v1/payments/" + unknown, paid.tenant.api_key).status == 404);
}

TEST_CASE("gateway: states and undelivered events survive a restart") {
  const ScratchDirectory scratch;
  RunningGateway::Options options;
  const auto bus = options.bus;
  Tenant tenant;
  std::string id, text;
  {
    RunningGateway gateway(scratch.path(), options);
    const Paid paid(gateway);
    tenant = paid.tenant, id = paid.id;
    FakeAcquiring acquiring(*bus);
    acquiring.report(id, "acquirer_approved");
    wait_until([&] { return gateway.status_of(tenant, id) == "captured"; });
    text = gateway.get("/v1/payments/" + id, tenant.api_key).text;
  }
  RunningGateway restarted(scratch.path(), options);
  CHECK(restarted.get("/v1/payments/" + id, tenant.api_key).text == text);  // from the table now
  wait_until([&] { return events_of(*bus, "payments").size() == 2; });
  const std::string next = restarted.pay(tenant.api_key, "k2", payment_body(1, "EUR", tenant.card_token)).string("id");
  CHECK(next > id);
}

}  // namespace
}  // namespace tidegate::platform
