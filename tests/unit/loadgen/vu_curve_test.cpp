// How many VUs are wanted when, and which: on simulated time.

#include "loadgen/vu_curve.hpp"

#include <vector>

#include "tests/support/catch.hpp"

namespace tidegate::loadgen {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Piece {
  Nanoseconds length;
  std::uint32_t to;
};

VuCurve curve_of(std::uint32_t first, const std::vector<Piece>& pieces, Nanoseconds start = Nanoseconds{0}) {
  VuCurve curve(start, first);
  for (const Piece& piece : pieces) curve.append(piece.length, piece.to);
  return curve;
}

}  // namespace

TEST_CASE("the number of VUs follows the line: whole numbers that it has reached, until it leaves them") {
  struct Case {
    const char* what;
    VuCurve curve;
    Nanoseconds at;
    std::uint32_t wanted;
  };
  const VuCurve up = curve_of(0, {{seconds(10), 10}});
  const VuCurve down = curve_of(10, {{seconds(10), 0}});
  const VuCurve hill = curve_of(2, {{seconds(4), 10}, {seconds(2), 10}, {seconds(8), 2}}, seconds(5));
  const VuCurve jump =
      curve_of(1, {{seconds(1), 1}, {seconds(0), 50}, {seconds(1), 50}, {seconds(0), 3}, {seconds(1), 3}});
  const Case rows[] = {
      {"rising: none yet", up, milliseconds(999), 0},
      {"rising: the first", up, seconds(1), 1},
      {"rising: just before the next", up, milliseconds(1999), 1},
      {"rising: nearly all", up, milliseconds(9999), 9},
      {"at the end nobody is wanted any more", up, seconds(10), 0},
      {"falling: all at the start", down, seconds(0), 10},
      {"falling: the line left ten at once", down, milliseconds(1), 10},
      {"falling: nine", down, milliseconds(1001), 9},
      {"falling: the last", down, milliseconds(9999), 1},
      {"before the start", hill, milliseconds(4999), 0},
      {"at the start", hill, seconds(5), 2},
      {"half-way up", hill, seconds(7), 6},
      {"on top", hill, seconds(10), 10},
      {"half-way down", hill, milliseconds(15001), 6},
      {"down again", hill, milliseconds(18999), 3},
      {"before a jump", jump, milliseconds(999), 1},
      {"after a jump", jump, milliseconds(1000), 50},
      {"after the jump down", jump, milliseconds(2000), 3},
  };
  for (const Case& row : rows) {
    INFO(row.what);
    CHECK(row.curve.wanted_at(row.at) == row.wanted);
  }
}

TEST_CASE("a VU's spans join where pieces meet, and part where it is not wanted") {
  const VuCurve curve = curve_of(0, {{seconds(4), 4}, {seconds(1), 4}, {seconds(2), 0}, {seconds(2), 2}});
  const auto first = curve.next_span(0, seconds(0));
  REQUIRE(first);
  CHECK(*first == VuCurve::Span{seconds(1), seconds(7)});  // up, along the top, and down: one span
  const auto again = curve.next_span(0, first->until);
  REQUIRE(again);
  CHECK(*again == VuCurve::Span{seconds(8), seconds(9)});
  CHECK_FALSE(curve.next_span(0, again->until));
  CHECK(*curve.next_span(3, seconds(0)) == VuCurve::Span{seconds(4), milliseconds(5500)});
  CHECK_FALSE(curve.next_span(3, seconds(6)));
  CHECK_FALSE(curve.next_span(4, seconds(0)));  // never wanted
  CHECK(curve.highest() == 4);
  CHECK(curve.end() == seconds(9));
}

TEST_CASE("lower numbers are wanted whenever higher ones are") {
  const VuCurve curve = curve_of(3, {{seconds(3), 17}, {milliseconds(1), 17}, {seconds(7), 1}, {seconds(2), 9}});
  for (Nanoseconds at{0}; at < curve.end(); at += milliseconds(37)) {
    const std::uint32_t wanted = curve.wanted_at(at);
    for (std::uint32_t vu = 0; vu < 18; ++vu) {
      const auto span = curve.next_span(vu, at);
      CHECK((span && span->from <= at) == (vu < wanted));
    }
  }
}

TEST_CASE("a curve without length wants nobody") {
  CHECK(VuCurve().highest() == 0);
  CHECK(VuCurve().wanted_at(Nanoseconds{0}) == 0);
  CHECK_FALSE(VuCurve(seconds(1), 5).next_span(0, Nanoseconds{0}));
}

}  // namespace tidegate::loadgen
