#include "base/kafka.hpp"

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <limits>

#include "tests/support/catch.hpp"

namespace tidegate::kafka {

TEST_CASE("clients are made from settings alone") {
  const auto producer =
      make_producer({{"client.id", "unit-test"}, {"bootstrap.servers", "127.0.0.1:1"}, {"log_level", "0"}});
  REQUIRE(producer.ok());
  CHECK(rd_kafka_type(producer->get()) == RD_KAFKA_PRODUCER);
  const auto consumer = make_consumer({{"group.id", "ledger"}});
  REQUIRE(consumer.ok());
  CHECK(rd_kafka_type(consumer->get()) == RD_KAFKA_CONSUMER);
}

TEST_CASE("what is left of a limit is waited for, to the last nanosecond") {
  using namespace std::chrono_literals;
  CHECK(milliseconds(50ms) == 50);
  CHECK(milliseconds(1ns) == 1);
  CHECK(milliseconds(1ms + 1ns) == 2);
  CHECK(milliseconds(0ns) == 0);
  CHECK(milliseconds(-3ms) == 0);
  CHECK(milliseconds(Nanoseconds::max()) == std::numeric_limits<int>::max());
}

TEST_CASE("a refused setting is named") {
  const auto unknown = make_producer({{"lingre.ms", "5"}});
  REQUIRE_FALSE(unknown.ok());
  CHECK(unknown.error().kind == Error::Kind::usage);
  CHECK(unknown.error().message.find("lingre.ms=5") != std::string::npos);
  const auto out_of_range = make_producer({{"linger.ms", "-5"}});
  REQUIRE_FALSE(out_of_range.ok());
  CHECK(out_of_range.error().message.find("linger.ms=-5") != std::string::npos);
}

TEST_CASE("settings that contradict each other are refused as a whole") {
  // acks=1 and idempotence cannot both hold; librdkafka notices only when the client is made.
  const auto contradiction = make_producer({{"enable.idempotence", "true"}, {"acks", "1"}});
  REQUIRE_FALSE(contradiction.ok());
  CHECK(contradiction.error().message.find("acks") != std::string::npos);
}

}  // namespace tidegate::kafka
