// Acquiring against a bank that times out, resets and talks nonsense: each attempt ends settled, charged once.

#include "platform/acquiring/charger.hpp"

#include <future>

#include "platform/events/payment_events.hpp"
#include "platform/inbox/inbox.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/platform_workers/scripted_bank.hpp"
#include "tests/unit/platform_workers/support.hpp"

using namespace tidegate;
using namespace tidegate::platform;
using Act = ScriptedBank::Act;

namespace {

/// Acquiring without its HTTP side: store, outbox on the memory bus, link and charger on a loop.
struct Fixture {
  explicit Fixture(const std::string& bank_address, ScratchDirectory& directory)
      : scratch(directory), peers(scratch.write_peers({{"bank-simulator.http", bank_address}})) {
    std::vector<Migration> migrations(outbox_migrations().begin(), outbox_migrations().end());
    migrations.insert(migrations.end(), attempt_migrations().begin(), attempt_migrations().end());
    auto opened = open_sqlite_store(scratch.path(), "acquiring-0", migrations);
    REQUIRE(opened.ok());
    store = std::move(*opened);
    outbox = std::make_unique<Outbox>(*store, "acquiring");
    REQUIRE(outbox->open().ok());
    loop.run([this] {
      link = std::make_unique<BankLink>(loop.context().get_executor(), peers, 16, std::chrono::milliseconds(150));
      charger = std::make_unique<Charger>(
          Charger::Parts{loop.context().get_executor(), *store, *outbox, *link, nullptr, metrics});
    });
  }

  ~Fixture() {
    std::promise<void> stopped;
    asio::co_spawn(loop.context(), charger->stop(std::chrono::seconds(1)),
                   [&](std::exception_ptr) { stopped.set_value(); });
    stopped.get_future().get();
    loop.run([this] {
      charger.reset();
      link.reset();
    });
    store->stop();
  }

  static Attempt attempt(const std::string& payment) {
    return {payment + "-a1",
            payment,
            "mrc_1",
            1250,
            "EUR",
            "tok_1",
            "client-" + payment,
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"};
  }

  void note(const Attempt& attempt) {
    REQUIRE(store->run([&](Connection& connection) { return insert_attempt(connection, attempt); }).ok());
  }

  /// With a cascade, as events make them.
  static Attempt routed(const std::string& payment, AttemptKind kind = AttemptKind::charge) {
    Attempt made = attempt(payment);
    made.kind = kind;
    made.acquirer = "acq-01";
    made.cascade = {"acq-02"};
    return made;
  }
  void play(const Attempt& made) {
    note(made);
    loop.run([&] { charger->submit(made, false); });
    REQUIRE(settles());
  }
  static asio::awaitable<void> hear_into(Charger& charger, std::string reference, BankAnswer answer,
                                         std::promise<Charger::Heard>& heard) {
    const auto outcome = co_await charger.hear(std::move(reference), std::move(answer));
    heard.set_value(*outcome);
  }
  Charger::Heard hear(const std::string& reference, BankAnswer::Kind kind) {
    std::promise<Charger::Heard> heard;
    asio::co_spawn(loop.context(), hear_into(*charger, reference, {kind}, heard), asio::detached);
    return heard.get_future().get();
  }
  std::size_t expire(std::int64_t now_ms) {
    std::promise<std::size_t> expired;
    asio::co_spawn(loop.context(), charger->expire(now_ms),
                   [&](std::exception_ptr, std::size_t count) { expired.set_value(count); });
    return expired.get_future().get();
  }
  std::vector<std::string> types(const std::string& payment) {
    std::vector<std::string> found;
    for (const Envelope& event : results(payment)) found.push_back(event.type);
    return found;
  }

  void submit(const std::string& payment, bool resumed = false) {
    note(attempt(payment));
    loop.run([&] { charger->submit(attempt(payment), resumed); });
  }

  std::vector<Attempt> open() {
    auto reader = store->reader();
    REQUIRE(reader.ok());
    auto attempts = open_attempts(**reader);
    REQUIRE(attempts.ok());
    return std::move(*attempts);
  }

  /// The result events of a payment, from the outbox.
  std::vector<Envelope> results(const std::string& payment) {
    auto reader = store->reader();
    REQUIRE(reader.ok());
    http::Request request;
    request.query = "from=1&limit=1000";
    const StreamId stream{"acquiring-0", "acquiring", partition_of(payment)};
    const http::Response response = outbox->serve(stream.text(), request, **reader);
    REQUIRE(response.status == 200);
    std::vector<Envelope> found;
    const json::value answer = *parse_json(response.body);
    for (const json::value& event : answer.at("events").as_array()) {
      auto decoded = Envelope::decode(json::serialize(event));
      REQUIRE(decoded.ok());
      if (decoded->payment == payment) found.push_back(std::move(*decoded));
    }
    return found;
  }

  bool settles() {
    return becomes_true([this] { return charger->open() == 0; });
  }

  ScratchDirectory& scratch;
  PeerDirectory peers;
  Metrics metrics;
  std::unique_ptr<Store> store;
  std::unique_ptr<Outbox> outbox;
  LoopThread loop;
  std::unique_ptr<BankLink> link;
  std::unique_ptr<Charger> charger;
};

}  // namespace

TEST_CASE("whatever the bank does to a call, the charge happens once and is reported once") {
  struct Row {
    const char* why;
    std::vector<Act> posts, enquiries;
    int wanted_posts;
    int wanted_enquiries;
  };
  const std::vector<Row> rows = {
      {"approved at once", {}, {}, 1, 0},
      {"timeout, the enquiry finds it", {Act::record_silent}, {}, 1, 1},
      {"timeout, the bank never saw it: the same reference again", {Act::ignore}, {}, 2, 1},
      {"reset after the charge", {Act::record_reset}, {}, 1, 1},
      {"reset before the charge", {Act::reset}, {}, 2, 1},
      {"503 after the charge", {Act::record_503}, {}, 1, 1},
      {"503 before the charge", {Act::refuse_503}, {}, 2, 1},
      {"no HTTP", {Act::garbage}, {}, 2, 1},
      {"200 with nonsense, though charged", {Act::record_nonsense}, {}, 1, 1},
      {"the enquiry fails as well", {Act::record_silent}, {Act::refuse_503, Act::reset}, 1, 3},
      {"two posts lost", {Act::ignore, Act::reset}, {}, 3, 2},
  };
  for (const Row& row : rows) {
    INFO(row.why);
    ScratchDirectory scratch;
    ScriptedBank bank(row.posts, row.enquiries);
    Fixture fixture(bank.address(), scratch);
    fixture.submit("pay_1");
    REQUIRE(fixture.settles());
    const ScriptedBank::Seen seen = bank.seen();
    CHECK(seen.posts == row.wanted_posts);
    CHECK(seen.enquiries == row.wanted_enquiries);
    CHECK(seen.charged == std::map<std::string, int>{{"pay_1-a1", 1}});
    CHECK(seen.traced);
    for (const std::string& reference : seen.posted_references) CHECK(reference == "pay_1-a1");
    CHECK(fixture.open().empty());
    const auto results = fixture.results("pay_1");
    REQUIRE(results.size() == 1);
    CHECK(results[0].type == "acquirer_approved");
    CHECK(results[0].tenant == "mrc_1");
    CHECK(AcquirerResult::from_data(results[0].data)->auth_code == "OK1");
    CHECK(results[0].traceparent.substr(0, 35) == "00-0af7651916cd43dd8448eb211c80319c");
  }
}

TEST_CASE("the bank receives the client's own key and the charge as it was asked for") {
  ScratchDirectory scratch;
  ScriptedBank bank({});
  Fixture fixture(bank.address(), scratch);
  fixture.submit("pay_9");
  REQUIRE(fixture.settles());
  REQUIRE(bank.seen().bodies.size() == 1);
  const json::object body = parse_json(bank.seen().bodies[0])->as_object();
  CHECK(body.at("reference").as_string() == "pay_9-a1");
  CHECK(body.at("client_key").as_string() == "client-pay_9");
  CHECK(body.at("merchant").as_string() == "mrc_1");
  CHECK(body.at("amount").as_int64() == 1250);
  CHECK(body.at("currency").as_string() == "EUR");
  CHECK(body.at("capture").as_bool());
}

TEST_CASE("attempts left open by a stopped process are resumed by enquiry") {
  ScratchDirectory scratch;
  ScriptedBank silent({Act::record_silent}, std::vector<Act>(1000, Act::ignore));
  {
    Fixture first(silent.address(), scratch);
    first.submit("pay_1");                  // charged, but the answer never comes
    first.note(Fixture::attempt("pay_2"));  // killed before it was posted
    REQUIRE(becomes_true([&] { return silent.seen().posts > 0; }));
    REQUIRE(silent.seen().charged.size() == 1);
  }
  ScriptedBank bank({Act::answer});
  {
    Fixture second(bank.address(), scratch);
    const auto open = second.open();
    REQUIRE(open.size() == 2);
    CHECK(open[0].client_key == "client-pay_1");
    for (const Attempt& attempt : open) second.loop.run([&] { second.charger->submit(attempt, true); });
    REQUIRE(second.settles());
    CHECK(second.open().empty());
    CHECK(second.results("pay_1").size() == 1);
    CHECK(second.results("pay_2").size() == 1);
  }
  CHECK(bank.seen().enquiries == 2);
}

TEST_CASE("many attempts at once, with every fault among them, are each charged once") {
  std::vector<Act> posts;
  const Act faults[] = {Act::record_silent, Act::ignore,     Act::record_reset, Act::reset,
                        Act::record_503,    Act::refuse_503, Act::garbage,      Act::answer};
  for (int i = 0; i < 160; ++i) posts.push_back(faults[i % 8]);
  ScratchDirectory scratch;
  ScriptedBank bank(posts);
  Fixture fixture(bank.address(), scratch);
  constexpr int count = 200;
  for (int i = 0; i < count; ++i) fixture.submit("pay_" + std::to_string(i));
  REQUIRE(fixture.settles());
  CHECK(bank.seen().charged.size() == count);
  CHECK(fixture.open().empty());
  for (int i = 0; i < count; ++i) CHECK(fixture.results("pay_" + std::to_string(i)).size() == 1);
}

TEST_CASE("it is busy while as many wait as are under way, and no longer") {
  ScratchDirectory scratch;
  ScriptedBank bank({});
  Fixture fixture(bank.address(), scratch);
  constexpr std::size_t count = 2 * Charger::kAtOnce;
  std::vector<Attempt> attempts;
  for (std::size_t i = 0; i < count; ++i) attempts.push_back(Fixture::attempt("pay_" + std::to_string(i)));
  REQUIRE(fixture.store
              ->run([&](Connection& connection) -> Result<void> {
                for (const Attempt& attempt : attempts) {
                  if (auto inserted = insert_attempt(connection, attempt); !inserted) return inserted;
                }
                return {};
              })
              .ok());
  std::size_t busy = 0;
  fixture.loop.run([&] {  // nothing settles while this runs
    for (const Attempt& attempt : attempts) {
      fixture.charger->submit(attempt, false);
      busy += fixture.charger->busy() ? 1 : 0;
    }
  });
  CHECK(busy == 1);
  REQUIRE(fixture.settles());
  CHECK_FALSE(fixture.charger->busy());
  CHECK(bank.seen().charged.size() == count);
}

TEST_CASE("a result that was written before is not reported again") {
  ScratchDirectory scratch;
  ScriptedBank bank({});
  Fixture fixture(bank.address(), scratch);
  fixture.submit("pay_1");
  REQUIRE(fixture.settles());
  fixture.submit("pay_1", true);
  REQUIRE(fixture.settles());
  CHECK(fixture.results("pay_1").size() == 1);
}

TEST_CASE("a decline that another acquirer need not share goes to the next one, under a reference of its own") {
  ScratchDirectory scratch;
  ScriptedBank bank({Act::elsewhere});
  Fixture fixture(bank.address(), scratch);
  fixture.play(Fixture::routed("pay_1"));
  CHECK(bank.seen().posted_references == std::vector<std::string>{"pay_1-a1", "pay_1-a2"});
  CHECK(bank.seen().charged == std::map<std::string, int>{{"pay_1-a2", 1}});
  const auto results = fixture.results("pay_1");
  REQUIRE(results.size() == 1);
  CHECK(results[0].type == "acquirer_approved");
  CHECK(AcquirerResult::from_data(results[0].data)->acquirer == "acq-02");
}

TEST_CASE("at the end of the cascade a decline is a decline") {
  ScratchDirectory scratch;
  ScriptedBank bank({Act::elsewhere, Act::elsewhere});
  Fixture fixture(bank.address(), scratch);
  fixture.play(Fixture::routed("pay_1"));
  CHECK(fixture.types("pay_1") == std::vector<std::string>{"acquirer_declined"});
}

TEST_CASE("an unknown outcome is never tried elsewhere, whatever the bank does") {
  for (const Act act : {Act::record_silent, Act::ignore, Act::reset, Act::record_503, Act::refuse_503, Act::garbage}) {
    ScratchDirectory scratch;
    ScriptedBank bank({act});
    Fixture fixture(bank.address(), scratch);
    fixture.play(Fixture::routed("pay_1"));
    for (const std::string& reference : bank.seen().posted_references) CHECK(reference == "pay_1-a1");
    CHECK(bank.seen().charged == std::map<std::string, int>{{"pay_1-a1", 1}});
  }
}

TEST_CASE("an acquirer whose breaker is open gets no fresh payment while another may have it") {
  ScratchDirectory scratch;
  ScriptedBank bank({Act::refuse_503, Act::refuse_503, Act::refuse_503});
  Fixture fixture(bank.address(), scratch);
  fixture.play(Fixture::routed("pay_1"));
  bool open = false;
  fixture.loop.run([&] { open = fixture.charger->breaker_state("acq-01") == Breaker::State::open; });
  REQUIRE(open);
  fixture.play(Fixture::routed("pay_2"));
  CHECK(bank.seen().charged == std::map<std::string, int>{{"pay_1-a1", 1}, {"pay_2-a2", 1}});
  CHECK(fixture.types("pay_2") == std::vector<std::string>{"acquirer_approved"});
}

TEST_CASE("what a provider tells by itself resolves, repeats, or contradicts") {
  using Kind = BankAnswer::Kind;
  using Heard = Charger::Heard;
  ScratchDirectory scratch;
  ScriptedBank bank({});
  Fixture fixture(bank.address(), scratch);
  CHECK(fixture.hear("pay_1-a1", Kind::approved) == Heard::not_known);
  fixture.note(Fixture::attempt("pay_1"));
  CHECK(fixture.hear("pay_1-a1", Kind::approved) == Heard::resolved);
  for (int i = 0; i < 50; ++i) CHECK(fixture.hear("pay_1-a1", Kind::approved) == Heard::repeated);
  CHECK(fixture.hear("pay_1-a1", Kind::declined) == Heard::contradicted);
  CHECK(fixture.hear("pay_1-a1", Kind::declined) == Heard::repeated);  // told once
  CHECK(fixture.types("pay_1") == std::vector<std::string>{"acquirer_approved", "acquirer_conflicted"});
}

TEST_CASE("captures, refunds and cancels are asked for under the charge and answered by their own event") {
  struct Row {
    const char* event;
    const char* done;
  };
  for (const Row& row : {Row{"capture_requested", "acquirer_captured"}, Row{"refund_requested", "acquirer_refunded"},
                         Row{"cancel_requested", "acquirer_cancelled"}}) {
    INFO(row.event);
    ScratchDirectory scratch;
    ScriptedBank bank({});
    Fixture fixture(bank.address(), scratch);
    Envelope event = make_event(0, 1, row.event);
    event.payment = "pay_1";
    event.data = PaymentCommandData{"pay_1-x1", 400, "EUR"}.to_data();
    const auto command = [&]() -> Result<Attempt> {
      std::optional<Attempt> made;
      auto done = fixture.store->run([&](Connection& connection) -> Result<void> {
        auto from = command_from_event(connection, event);
        if (!from) return from.error();
        made = std::move(*from);
        return {};
      });
      if (!done) return done.error();
      return std::move(*made);
    };
    CHECK_FALSE(command().ok());  // nothing is approved yet
    fixture.play(Fixture::routed("pay_1", AttemptKind::authorize));
    const auto attempt = command();
    REQUIRE(attempt.ok());
    CHECK(attempt->target == "pay_1-a1");
    CHECK(attempt->merchant == "mrc_1");
    fixture.play(*attempt);
    CHECK(fixture.types("pay_1") == std::vector<std::string>{"acquirer_authorized", row.done});
    const auto result = CommandResult::from_data(fixture.results("pay_1")[1].data);
    CHECK(result->command == "pay_1-x1");
    CHECK(result->amount == 400);
  }
}

TEST_CASE("an authorization runs out once, and not while a capture is under way") {
  ScratchDirectory scratch;
  ScriptedBank bank({});
  Fixture fixture(bank.address(), scratch);
  for (const char* payment : {"pay_1", "pay_2"}) {
    fixture.note(Fixture::routed(payment, AttemptKind::authorize));
    REQUIRE(fixture.store
                ->run([&](Connection& connection) -> Result<void> {
                  auto resolved = resolve_attempt(connection, std::string(payment) + "-a1",
                                                  {BankAnswer::Kind::approved, "A1", {}, false, 1'000});
                  if (!resolved) return resolved.error();
                  return {};
                })
                .ok());
  }
  Attempt capture = Fixture::routed("pay_2", AttemptKind::capture);
  capture.reference = "pay_2-c1";
  capture.target = "pay_2-a1";
  fixture.note(capture);
  CHECK(fixture.expire(999) == 0);
  CHECK(fixture.expire(1'000) == 1);
  CHECK(fixture.expire(2'000) == 0);
  CHECK(fixture.types("pay_1") == std::vector<std::string>{"acquirer_expired"});
  CHECK(fixture.types("pay_2").empty());
}
