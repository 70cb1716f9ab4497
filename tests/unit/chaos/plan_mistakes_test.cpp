// Every mistake in `faults:` is found, at its place, with the nearest valid spelling.
#include <algorithm>

#include "chaos/plan.hpp"
#include "chaos/sections.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/chaos/support/plan_context.hpp"
#include "tests/unit/chaos/support/proxy_host.hpp"

using namespace tidegate;
using namespace tidegate::chaos;

namespace {

struct MistakeRow {
  const char* fault;       // the entry of one fault, in one line
  const char* at_text;     // the diagnostic points here
  const char* message;     // a part of it
  const char* suggestion;  // the nearest spelling
};

constexpr const char* kLink = "target: {link: acquiring->bank}";

}  // namespace

TEST_CASE("a mistake in a fault is told with its place") {
  const auto row = GENERATE(values<MistakeRow>({
      // names
      {"{at: 12s, for: 2s, target: {link: acquiring->bnak}, inject: {partition: {}}}", "acquiring->bnak", "no link",
       "acquiring->bank"},
      {"{at: 12s, target: {process: leger}, inject: {kill: {}}}", "leger", "no process", "ledger"},
      {"{at: 12s, for: 2s, target: {link: acquiring->bank}, inject: {latncy: {delay: 1ms}}}", "latncy", "latncy",
       "latency"},
      {"{at: paek + 20%, for: 20%, target: {link: acquiring->bank}, inject: {partition: {}}}", "paek", "no phase",
       "peak"},
      {"{after: ff, for: 2s, target: {link: acquiring->bank}, inject: {partition: {}}}", "ff", "no fault 'ff'", "f"},
      {"{att: 12s, at: 12s, for: 2s, target: {link: acquiring->bank}, inject: {partition: {}}}", "att", "att", "at"},
      // targets
      {"{at: 12s, for: 2s, target: {}, inject: {partition: {}}}", "{}, inject", "exactly one target", ""},
      {"{at: 12s, for: 2s, target: {link: acquiring->bank, process: ledger}, inject: {partition: {}}}",
       "{link: acquiring->bank, process", "exactly one target", ""},
      {"{at: 12s, for: 2s, target: {process: ledger}, inject: {partition: {}}}", "partition", "fault of a link", ""},
      {"{at: 12s, target: {link: acquiring->bank}, inject: {kill: {}}}", "kill", "fault of a process", ""},
      {"{at: 12s, for: 2s, target: {store: payments}, inject: {latency: {delay: 1ms}}}", "latency", "a store", ""},
      // kinds and parameters
      {"{at: 12s, for: 2s, target: {link: acquiring->bank}, inject: {}}", "{}}", "exactly one kind", ""},
      {"{at: 12s, for: 2s, target: {link: acquiring->bank}, inject: {partition: {}, latency: {delay: 1ms}}}",
       "{partition: {}, lat", "exactly one kind", ""},
      {"{at: 12s, for: 2s, target: {link: acquiring->bank}, inject: {latency: {delay: 300}}}", "300", "unit", ""},
      {"{at: 12s, for: 2s, target: {link: acquiring->bank}, inject: {latency: {delay: 1ms, jitter: 2ms}}}", "2ms",
       "jitter", ""},
      {"{at: 12s, target: {process: ledger}, inject: {kill: {restart_after: nevr}}}", "nevr", "restart_after", "never"},
      {"{at: 12s, target: {process: ledger}, inject: {kill: {}}, match: {first: 1}}", "{first", "match", ""},
      {"{at: 12s, for: 2s, target: {link: acquiring->bank}, inject: {partition: {}}, match: {probability: 0}}", "0}",
       "touches nothing", ""},
      {"{at: 12s, for: 2s, target: {link: acquiring->bank}, inject: {partition: {}}, expect: {gate: g}}", "{gate",
       "within", ""},
      // messages
      {"{at: 12s, for: 2s, target: {link: harness->gateway}, inject: {http_answer: {}}}", "http_answer",
       "known to speak HTTP", ""},
      {"{at: 12s, for: 2s, target: {link: harness->gateway}, inject: {latency: {delay: 1ms}}, match: {method: GET}}",
       "{method", "known to speak HTTP", ""},
      {"{at: 12s, for: 2s, target: {link: acquiring->bank}, inject: {partition: {}}, match: {path: /a}}", "{path",
       "connections only", ""},
      {"{at: 12s, for: 2s, target: {link: acquiring->bank}, inject: {http_answer: {}}, match: {path: a}}", "a}",
       "begins with / or *", ""},
      {"{at: 12s, for: 2s, target: {link: acquiring->bank}, inject: {latency: {delay: 1ms}}, match: {per: connection, "
       "method: GET}}",
       "connection", "per: says connection", ""},
      {"{at: 12s, target: {process: ledger}, inject: {rolling_restart: {also: [gatway]}}}", "gatway", "no process",
       "gateway"},
      {"{at: 12s, for: 2s, repeat: {times: 1, every: 1s}, target: {link: acquiring->bank}, inject: {partition: {}}}",
       "1, every", "2", ""},
      // times
      {"{for: 2s, target: {link: acquiring->bank}, inject: {partition: {}}}", "f:", "one of at: and after:", ""},
      {"{at: 12s, after: f, for: 2s, target: {link: acquiring->bank}, inject: {partition: {}}}", "f, for",
       "one of at: and after:", ""},
      {"{at: 12, for: 2s, target: {link: acquiring->bank}, inject: {partition: {}}}", "12", "at:", ""},
      {"{at: -2s, for: 2s, target: {link: acquiring->bank}, inject: {partition: {}}}", "-2s", "at:", ""},
      {"{at: peak + 5, for: 2s, target: {link: acquiring->bank}, inject: {partition: {}}}", "peak + 5", "at:", ""},
      {"{at: + 5s, for: 2s, target: {link: acquiring->bank}, inject: {partition: {}}}", "+ 5s", "no name", ""},
      {"{at: peak + 120%, for: 2s, target: {link: acquiring->bank}, inject: {partition: {}}}", "peak + 120%",
       "past the end of that phase", ""},
      {"{at: 12s, target: {link: acquiring->bank}, inject: {partition: {}}}", "f:", "needs for:", ""},
      {"{at: 12s, for: 2, target: {link: acquiring->bank}, inject: {partition: {}}}", "2, target", "for:", ""},
      {"{at: 12s, for: 0s, target: {link: acquiring->bank}, inject: {partition: {}}}", "0s", "longer than 0", ""},
      {"{at: 12s, for: 20%, target: {link: acquiring->bank}, inject: {partition: {}}}", "20%", "no phase", ""},
      {"{at: 12s, for: 2s, target: {process: ledger}, inject: {kill: {}}}", "2s, target", "ends by itself", ""},
      {"{after: f, for: 2s, target: {link: acquiring->bank}, inject: {partition: {}}}", "f, for", "circle", ""},
      // outside the run, which ends at 33 s
      {"{at: 40s, for: 2s, target: {link: acquiring->bank}, inject: {partition: {}}}", "40s", "begins at 40 s", ""},
      {"{at: 33s, for: 2s, target: {link: acquiring->bank}, inject: {partition: {}}}", "33s", "begins at 33 s", ""},
      {"{at: recovery, for: 9s, target: {link: acquiring->bank}, inject: {partition: {}}}", "recovery", "ends at", ""},
      {"{at: 32s, target: {process: ledger}, inject: {kill: {restart_after: 2s}}}", "32s", "ends at 34 s", ""},
      // shape
      {"12", "12", "expected", ""},
      {"{at: 12s, for: 2s, inject: {partition: {}}}", "{at", "target", ""},
  }));
  const std::string text = "f: " + std::string(row.fault);
  Diagnostics diagnostics;
  const auto specs = parse_faults(test::parse_yaml(text), test::plan_context(), diagnostics);
  INFO(text << "\n" << diagnostics.text());
  CHECK(specs.empty());
  REQUIRE(diagnostics.size() == 1);
  const Diagnostic& found = diagnostics.list()[0];
  CHECK(found.mark.line == 1);
  const auto place = static_cast<std::size_t>(found.mark.column - 1);
  CHECK(text.substr(place).starts_with(row.at_text));
  CHECK(found.message.find(row.message) != std::string::npos);
  CHECK(found.suggestion == row.suggestion);
}

TEST_CASE("all mistakes of all faults are told in one pass") {
  Diagnostics diagnostics;
  const auto specs = parse_faults(test::parse_yaml(R"(
a: {at: 40s, for: 2, target: {link: nowhere}, inject: {latency: {delay: 0ms}}, match: {probability: 0}}
b: {after: a, for: 2s, target: {link: acquiring->bank}, inject: {partition: {}}}
c: {at: 12s, for: 2s, target: {link: acquiring->bank}, inject: {partition: {}}}
)"),
                                  test::plan_context(), diagnostics);
  INFO(diagnostics.text());
  CHECK(diagnostics.size() == 4);  // link, delay, probability, for; b is not blamed for a, and c is good
  REQUIRE(specs.size() == 1);
  CHECK(specs[0].name == "c");
}

TEST_CASE("circles of after: are told once") {
  Diagnostics diagnostics;
  const std::string link = kLink;
  parse_faults(test::parse_yaml("a: {after: b, for: 1s, " + link + ", inject: {partition: {}}}\n" +
                                "b: {after: c, for: 1s, " + link + ", inject: {partition: {}}}\n" +
                                "c: {after: a, for: 1s, " + link + ", inject: {partition: {}}}\n" +
                                "d: {after: a, for: 1s, " + link + ", inject: {partition: {}}}\n"),
               test::plan_context(), diagnostics);
  INFO(diagnostics.text());
  REQUIRE(diagnostics.size() == 1);
  CHECK(diagnostics.list()[0].mark.line == 3);
}

TEST_CASE("nothing follows a fault that never ends") {
  Diagnostics diagnostics;
  parse_faults(test::parse_yaml(R"(
a: {at: 12s, target: {process: ledger}, inject: {kill: {restart_after: never}}}
b: {after: a, for: 1s, target: {link: acquiring->bank}, inject: {partition: {}}}
)"),
               test::plan_context(), diagnostics);
  REQUIRE(diagnostics.size() == 1);
  CHECK(diagnostics.text().find("never ends") != std::string::npos);
}

TEST_CASE("exclusive faults must not overlap on one target") {
  const char* second =
      GENERATE("{at: 13s, for: 1s, target: {link: acquiring->bank}, inject: {partition: {}}}",   // within
               "{at: 10s, for: 10s, target: {link: acquiring->bank}, inject: {partition: {}}}",  // around
               "{at: 12s, for: 3s, target: {link: acquiring->bank}, inject: {partition: {}}}",   // same
               "{at: 14s, for: 3s, target: {link: acquiring->bank}, inject: {partition: {direction: upstream}}}");
  Diagnostics diagnostics;
  parse_faults(test::parse_yaml("a: {at: 12s, for: 3s, target: {link: acquiring->bank}, inject: {partition: {}}}\nb: " +
                                std::string(second)),
               test::plan_context(), diagnostics);
  INFO(second << "\n" << diagnostics.text());
  REQUIRE(diagnostics.size() == 1);
  CHECK(diagnostics.list()[0].mark.line == 2);
  CHECK(diagnostics.text().find("overlaps 'a' (test.yaml:1:1)") != std::string::npos);
}

TEST_CASE("a process that is never restarted cannot be killed again") {
  Diagnostics diagnostics;
  parse_faults(test::parse_yaml(R"(
a: {at: 12s, target: {process: ledger}, inject: {kill: {restart_after: never}}}
b: {at: 30s, target: {process: ledger}, inject: {kill: {}}}
)"),
               test::plan_context(), diagnostics);
  REQUIRE(diagnostics.size() == 1);
  CHECK(diagnostics.text().find("overlaps") != std::string::npos);
}

TEST_CASE("a shape that the caller has checked is not reported twice") {
  const auto node = test::parse_yaml("a: {at: 12s, for: 2s, inject: {partition: {}}}");
  Diagnostics diagnostics;
  CHECK_FALSE(schema::check(node, *faults_schema(), "faults", diagnostics));
  const std::size_t told = diagnostics.size();
  FaultContext context = test::plan_context();
  context.shape_checked = true;
  CHECK(parse_faults(node, context, diagnostics).empty());
  CHECK(diagnostics.size() == told);
}

TEST_CASE("a plan beyond the blast radius is refused where it goes beyond") {
  FaultContext context = test::plan_context();
  const auto [limits, message] = GENERATE(table<const char*, const char*>({
      {"{faults_at_once: 1}", "2 faults are on at once"},
      {"{links_at_once: 50%}", "2 of 2 links"},
      {"{processes_at_once: 25%}", ""},
      {"{faults_at_once: 2}", ""},
      {"{}", ""},
  }));
  context.limits = parse_limits(test::parse_yaml(limits));
  Diagnostics diagnostics;
  parse_faults(test::parse_yaml("a: {at: 12s, for: 3s, target: {link: acquiring->bank}, inject: {partition: {}}}\n"
                                "b: {at: 13s, for: 3s, target: {link: harness->gateway}, inject: {partition: {}}}\n"
                                "c: {at: 20s, for: 1s, target: {process: ledger}, inject: {stop: {}}}\n"),
               context, diagnostics);
  INFO(limits << "\n" << diagnostics.text());
  REQUIRE(diagnostics.size() == (std::string(message).empty() ? 0U : 1U));
  if (diagnostics.empty()) return;
  CHECK(diagnostics.list()[0].mark.line == 2);
  CHECK(diagnostics.text().find(message) != std::string::npos);
}
