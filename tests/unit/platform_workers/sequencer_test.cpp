#include "platform/inbox/sequencer.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/platform_workers/support.hpp"

using namespace tidegate;
using namespace tidegate::platform;
using std::chrono::milliseconds;

namespace {

constexpr int kPartition = 4;

Sequencer at(std::int64_t applied) {
  Sequencer sequencer;
  sequencer.add(kPartition, applied, milliseconds(0));
  return sequencer;
}

std::vector<std::int64_t> ready_numbers(const Sequencer& sequencer, std::size_t limit = 100) {
  std::vector<std::int64_t> numbers;
  for (const Envelope* event : sequencer.ready(limit)) numbers.push_back(event->sequence);
  return numbers;
}

std::string missing_text(const Sequencer& sequencer) {
  std::string text;
  for (const MissingRange& range : sequencer.missing()) {
    text += std::to_string(range.from) + "-" + std::to_string(range.to) + " ";
  }
  return text;
}

}  // namespace

TEST_CASE("what a sequencer makes of arrivals") {
  struct Row {
    const char* why;
    std::int64_t applied;
    std::vector<std::int64_t> arrivals;
    std::vector<std::int64_t> ready;
    const char* missing;
  };
  const std::vector<Row> rows = {
      {"nothing", 0, {}, {}, ""},
      {"in order", 0, {1, 2, 3}, {1, 2, 3}, ""},
      {"after a restart", 10, {11, 12}, {11, 12}, ""},
      {"reversed", 0, {3, 2, 1}, {1, 2, 3}, ""},
      {"repeats of what was applied", 10, {8, 9, 10, 11}, {11}, ""},
      {"a repeat of what is held", 0, {2, 2, 1, 1}, {1, 2}, ""},
      {"a hole at the start", 0, {3, 4}, {}, "1-2 "},
      {"a hole in the middle", 0, {1, 2, 5}, {1, 2}, "3-4 "},
      {"two holes", 0, {1, 3, 6}, {1}, "2-2 4-5 "},
      {"a jump far ahead", 0, {1, 1'000'000}, {1}, "2-999999 "},
  };
  for (const Row& row : rows) {
    INFO(row.why);
    Sequencer sequencer = at(row.applied);
    for (const auto number : row.arrivals) (void)sequencer.offer(make_event(kPartition, number), milliseconds(1));
    CHECK(ready_numbers(sequencer) == row.ready);
    CHECK(missing_text(sequencer) == row.missing);
  }
}

TEST_CASE("a filled hole releases what waited behind it") {
  Sequencer sequencer = at(0);
  for (const int number : {1, 4, 5}) (void)sequencer.offer(make_event(kPartition, number), milliseconds(1));
  sequencer.applied(kPartition, 1);
  (void)sequencer.offer(make_event(kPartition, 3), milliseconds(2));
  CHECK(ready_numbers(sequencer).empty());
  (void)sequencer.offer(make_event(kPartition, 2), milliseconds(2));
  CHECK(ready_numbers(sequencer) == std::vector<std::int64_t>{2, 3, 4, 5});
  CHECK(ready_numbers(sequencer, 2) == std::vector<std::int64_t>{2, 3});
  sequencer.applied(kPartition, 5);
  CHECK(ready_numbers(sequencer).empty());
  CHECK(sequencer.last_applied(kPartition) == 5);
  CHECK(sequencer.offer(make_event(kPartition, 5), milliseconds(3)) == Sequencer::Offer::repeat);
}

TEST_CASE("a lost tail shows once the head is known, and only on a quiet stream") {
  Sequencer sequencer = at(7);
  CHECK_FALSE(sequencer.any_quiet(milliseconds(499), milliseconds(500)));
  CHECK(sequencer.any_quiet(milliseconds(500), milliseconds(500)));
  sequencer.learn_head(kPartition, 7);
  CHECK(missing_text(sequencer).empty());
  sequencer.learn_head(kPartition, 9);
  CHECK(missing_text(sequencer) == "8-9 ");
  sequencer.learn_head(kPartition, 3);  // an older answer changes nothing
  CHECK(missing_text(sequencer) == "8-9 ");
  (void)sequencer.offer(make_event(kPartition, 8), milliseconds(600));
  CHECK_FALSE(sequencer.any_quiet(milliseconds(2000), milliseconds(500)));  // it holds something back
}

TEST_CASE("a stream that waits holds a bounded number and asks for the rest again") {
  Sequencer sequencer = at(0);
  const auto last = static_cast<std::int64_t>(Sequencer::kMostHeld) + 500;
  for (std::int64_t n = 2; n <= last; ++n) (void)sequencer.offer(make_event(kPartition, n), milliseconds(1));
  const auto held = static_cast<std::int64_t>(Sequencer::kMostHeld) + 1;
  CHECK(missing_text(sequencer) == "1-1 ");  // there is no room for the rest
  (void)sequencer.offer(make_event(kPartition, 1), milliseconds(2));
  CHECK(sequencer.ready(10'000).size() == Sequencer::kMostHeld + 1);
  sequencer.applied(kPartition, held);
  CHECK(missing_text(sequencer) == std::to_string(held + 1) + "-" + std::to_string(last) + " ");
}

TEST_CASE("a whole page finds room in a gap, however much is held behind it") {
  constexpr std::int64_t gap = 5'000, page = 1'000;
  Sequencer sequencer = at(0);
  const auto last = gap + static_cast<std::int64_t>(Sequencer::kMostHeld);
  for (std::int64_t n = gap + 1; n <= last; ++n) (void)sequencer.offer(make_event(kPartition, n), milliseconds(1));
  for (std::int64_t from = 1; from <= gap; from += page) {
    CHECK(sequencer.full());
    CHECK(missing_text(sequencer) == std::to_string(from) + "-" + std::to_string(gap) + " ");
    for (std::int64_t n = from; n < from + page; ++n) (void)sequencer.offer(make_event(kPartition, n), milliseconds(2));
    const bool closed = from + page > gap;
    REQUIRE(sequencer.ready(10'000).size() == (closed ? page + Sequencer::kMostHeld : page));
    sequencer.applied(kPartition, closed ? last : from + page - 1);
  }
  CHECK(sequencer.missing().empty());
}

TEST_CASE("a stream with an open gap is full before it lets anything go, and has room again once the gap is closed") {
  Sequencer sequencer = at(0);
  const auto last = static_cast<std::int64_t>(Sequencer::kMostHeld) + 1;
  for (std::int64_t n = 2; n < last; ++n) (void)sequencer.offer(make_event(kPartition, n), milliseconds(1));
  CHECK_FALSE(sequencer.full());
  (void)sequencer.offer(make_event(kPartition, last), milliseconds(1));
  CHECK(sequencer.full());
  CHECK(missing_text(sequencer) == "1-1 ");
  (void)sequencer.offer(make_event(kPartition, 1), milliseconds(2));
  CHECK(sequencer.missing().empty());
  CHECK_FALSE(sequencer.full());  // it may be that nobody can apply them: others need not wait for that
  sequencer.applied(kPartition, last);
  CHECK_FALSE(sequencer.full());
}
