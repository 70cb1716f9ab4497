#include "cli/runbook.hpp"

#include "tests/support/catch.hpp"

using namespace tidegate;
using namespace tidegate::cli;

TEST_CASE("a runbook's steps have a title, a text, and a moment") {
  Diagnostics diagnostics;
  const auto steps = parse_runbook(
      "# Runbook\nPreface.\n\n## Know normal\nLook.\n\n## Tell\n<!-- when: bank_slow injected -->\nAsk.\n\nAgain.\n## "
      "End\n"
      "<!-- when: bank_slow healed -->\n",
      "drill.md", {"bank_slow"}, diagnostics);
  REQUIRE(diagnostics.empty());
  REQUIRE(steps.size() == 3);
  CHECK(steps[0].title == "Know normal");
  CHECK(steps[0].fault.empty());
  CHECK(steps[1].text == "Ask.\n\nAgain.");
  CHECK(steps[1].fault == "bank_slow");
  CHECK(steps[1].moment == "injected");
  CHECK(steps[2].moment == "healed");
  CHECK(steps[2].text.empty());
}

TEST_CASE("mistakes in a runbook are told with their line") {
  struct Row {
    const char* text;
    const char* message;
    int line;
  };
  const Row row = GENERATE(values<Row>({
      {"# Only a title\n", "has steps", 1},
      {"<!-- when: f injected -->\n## Step\n", "under no step", 1},
      {"## Step\n<!-- when: g injected -->\n", "no fault 'g'", 2},
      {"## Step\n<!-- when: f inject -->\n", "is due when", 2},
      {"## Step\n<!-- when: f -->\n", "is due when", 2},
      {"## Step\n<!-- when: f injected\n", "is due when", 2},
  }));
  Diagnostics diagnostics;
  parse_runbook(row.text, "drill.md", {"f"}, diagnostics);
  INFO(row.text << diagnostics.text());
  REQUIRE(diagnostics.size() >= 1);
  CHECK(diagnostics.list()[0].mark.line == row.line);
  CHECK(diagnostics.text().find(row.message) != std::string::npos);
}
