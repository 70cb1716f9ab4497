#include "gates/window.hpp"

#include "tests/support/catch.hpp"

using namespace tidegate;
using namespace tidegate::gates;

namespace {

const std::vector<record::Window> kPhases = {{"warmup", 0, 3, false}, {"ramp", 3, 10}, {"peak", 10, 30}};

record::FaultSpan span(const std::string& fault, double injected, double healed) {
  record::FaultSpan one;
  one.fault = fault;
  one.injected = from_seconds(injected);
  one.healed = from_seconds(healed);
  one.was_healed = healed > 0;
  return one;
}

std::string text(const Windows::Resolved& resolved) {
  std::string all;
  for (const Span& one : resolved.seconds.spans())
    all += std::to_string(one.from) + ".." + std::to_string(one.to) + " ";
  return all + resolved.why_empty;
}

}  // namespace

TEST_CASE("sets of seconds join, cut and subtract", "[seconds]") {
  SecondSet set(3, 10);
  set.add(12, 15);
  set.add(10, 12);  // closes the gap
  CHECK(set.spans() == std::vector<Span>{{3, 15}});
  set.add(20, 20);  // empty
  CHECK(set.length() == 12);
  CHECK(set.without(SecondSet(5, 6)).spans() == std::vector<Span>{{3, 5}, {6, 15}});
  CHECK(set.intersected(SecondSet(-5, 4)).spans() == std::vector<Span>{{3, 4}});
  CHECK(set.before(4).spans() == std::vector<Span>{{3, 4}});
  CHECK(set.before(3).empty());
  CHECK(set.contains(3));
  CHECK_FALSE(set.contains(15));
  CHECK(SecondSet().without(set).empty());
  CHECK(set.without(SecondSet()) == set);
}

TEST_CASE("windows snap to whole seconds: during outward, the others inward", "[window]") {
  // Injected at 14.3, healed at 17.6, steady at 20.2.
  const Windows windows(kPhases, {span("f", 14.3, 17.6)}, {{20.2, 32.6}});
  struct Row {
    const char* window;
    const char* want;
  };
  const Row rows[] = {
      {"peak", "10..30 "},
      {"warmup", "the phase is empty or not judged"},
      {"before:f", "3..14 "},
      {"during:f", "14..18 "},
      {"recovering:f", "18..20 "},
      {"after:f", "21..30 "},
      {"during:g", "g was never injected"},
      {"valley", "the run has no such phase"},
  };
  for (const Row& row : rows) {
    INFO(row.window);
    CHECK(text(windows.resolve(*window_reference(row.window))) == row.want);
  }
  CHECK(text(windows.resolve({})) == "3..30 ");
}

TEST_CASE("windows of faults that do not end well", "[window]") {
  const auto resolve = [](const Windows& windows, const char* name) {
    return text(windows.resolve(*window_reference(name)));
  };
  // Never healed: everything from the injection on is during it.
  const Windows unhealed(kPhases, {span("f", 14.3, 0)}, {{std::nullopt, 0}});
  CHECK(resolve(unhealed, "during:f") == "14..30 ");
  CHECK(resolve(unhealed, "after:f") == "no judged second lies after f");
  CHECK(resolve(unhealed, "recovering:f") == "no judged second lies recovering from f");
  // Never steady: recovering ends with the longest `within`, and there is no after.
  const Windows unsteady(kPhases, {span("f", 14, 18)}, {{std::nullopt, 25}});
  CHECK(resolve(unsteady, "recovering:f") == "18..25 ");
  CHECK(resolve(unsteady, "after:f") == "no judged second lies after f");
  // A kill heals in the moment of its injection, and still touches its second.
  const Windows kill(kPhases, {span("f", 14.3, 14.3)}, {{14.3, 14.3}});
  CHECK(resolve(kill, "during:f") == "14..15 ");
  CHECK(resolve(kill, "after:f") == "15..30 ");
  // In the warm-up: nothing of it is judged.
  const Windows early(kPhases, {span("f", 1, 2)}, {{2, 2}});
  CHECK(resolve(early, "during:f") == "no judged second lies during f");
  CHECK(resolve(early, "before:f") == "no judged second lies before f");
  // Twice: before the first, after the last, during both.
  const Windows twice(kPhases, {span("f", 12, 14), span("f", 20, 22)}, {{14, 14}, {24, 24}});
  CHECK(resolve(twice, "before:f") == "3..12 ");
  CHECK(resolve(twice, "during:f") == "12..14 20..22 ");
  CHECK(resolve(twice, "recovering:f") == "22..24 ");
  CHECK(resolve(twice, "after:f") == "24..30 ");
}

TEST_CASE("window names are read and spoken", "[window]") {
  CHECK(window_reference("during:bank_slow")->phrase() == "during bank_slow");
  CHECK(window_reference("recovering:bank_slow")->phrase() == "recovering from bank_slow");
  CHECK(window_reference("peak")->phrase() == "during peak");
  CHECK(window_reference("peak")->text() == "peak");
  CHECK(WindowReference{}.text().empty());
  CHECK_FALSE(window_reference("meanwhile:bank_slow"));
}
