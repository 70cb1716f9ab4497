#include "chaos/proxy/delay_queue.hpp"

#include "tests/support/catch.hpp"

using namespace tidegate;
using namespace tidegate::chaos;
using std::chrono::milliseconds;

TEST_CASE("bytes leave in order, and none before its time") {
  DelayQueue queue;
  queue.push({"first", 0, milliseconds(0), milliseconds(100), {}, false});
  queue.push({"second", 1, milliseconds(10), milliseconds(50), {}, false});  // a shorter delay does not overtake
  CHECK(queue.ready(milliseconds(99)).empty());
  CHECK(queue.next_due() == milliseconds(100));
  REQUIRE(queue.ready(milliseconds(100)) == "first");
  queue.consume(5);
  CHECK(queue.ready(milliseconds(99)).empty());
  CHECK(queue.ready(milliseconds(100)) == "second");
}

TEST_CASE("a chunk that left in part goes on where it stopped") {
  DelayQueue queue;
  queue.push({"abcdef", 0, milliseconds(0), milliseconds(0), {}, false});
  queue.consume(2);
  CHECK(queue.ready(milliseconds(0)) == "cdef");
  CHECK(queue.bytes() == 4);
  queue.reschedule({}, [](const DelayQueue::Chunk&, Nanoseconds) { return milliseconds(10); });
  CHECK(queue.ready(milliseconds(9)).empty());
  CHECK(queue.ready(milliseconds(10)) == "cdef");
  queue.consume(4);
  CHECK(queue.empty());
  CHECK_FALSE(queue.next_due().has_value());
}

TEST_CASE("rescheduling to no delay lets everything leave at its arrival") {
  DelayQueue queue;
  queue.push({"a", 0, milliseconds(1), milliseconds(5000), {}, false});
  queue.push({"b", 1, milliseconds(2), milliseconds(9000), {}, false});
  queue.reschedule({}, [](const DelayQueue::Chunk& chunk, Nanoseconds) { return chunk.arrived; });
  REQUIRE(queue.ready(milliseconds(1)) == "a");
  queue.consume(1);
  CHECK(queue.ready(milliseconds(1)).empty());
  CHECK(queue.ready(milliseconds(2)) == "b");
}

TEST_CASE("rescheduling keeps the order when later chunks get shorter delays") {
  DelayQueue queue;
  queue.push({"a", 0, milliseconds(0), milliseconds(0), {}, false});
  queue.push({"b", 1, milliseconds(1), milliseconds(1), {}, false});
  queue.reschedule({}, [](const DelayQueue::Chunk& chunk, Nanoseconds) {
    return chunk.index == 0 ? milliseconds(100) : milliseconds(1);
  });
  CHECK(queue.last_due() == milliseconds(100));
}

TEST_CASE("the queue says when it is full, by bytes and by chunks") {
  DelayQueue by_bytes;
  by_bytes.push({std::string(DelayQueue::kMaximumBytes - 1, 'x'), 0, {}, {}, {}, false});
  CHECK_FALSE(by_bytes.full());
  by_bytes.push({"x", 1, {}, {}, {}, false});
  CHECK(by_bytes.full());
  DelayQueue by_chunks;
  for (std::size_t i = 0; i < DelayQueue::kMaximumChunks; ++i) {
    REQUIRE_FALSE(by_chunks.full());
    by_chunks.push({"x", i, {}, {}, {}, false});
  }
  CHECK(by_chunks.full());
  by_chunks.clear();
  CHECK(by_chunks.bytes() == 0);
}
