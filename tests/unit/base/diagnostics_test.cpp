#include "base/diagnostics.hpp"

#include "tests/support/catch.hpp"

namespace tidegate {
namespace {

Mark at(const char* file, int line, int column) {
  return {std::make_shared<const std::string>(file), line, column};
}

}  // namespace

TEST_CASE("a mark says as much as is known") {
  CHECK(at("scenario.yaml", 12, 5).text() == "scenario.yaml:12:5");
  CHECK(at("scenario.yaml", 12, 0).text() == "scenario.yaml:12");
  CHECK(at("scenario.yaml", 0, 0).text() == "scenario.yaml");
  CHECK(Mark{}.text() == "<command line>");
}

TEST_CASE("a diagnostic ends in its suggestion") {
  CHECK(Diagnostic{at("s.yaml", 12, 5), "unknown key 'phasse'", "phases"}.text() ==
        "s.yaml:12:5: unknown key 'phasse'; did you mean 'phases'?");
  CHECK(Diagnostic{{}, "no value", ""}.text() == "<command line>: no value");
}

TEST_CASE("all mistakes come sorted by place and as one usage error") {
  Diagnostics diagnostics;
  CHECK(diagnostics.empty());
  CHECK(diagnostics.text().empty());
  diagnostics.add(at("b.yaml", 1, 1), "fifth");
  diagnostics.add(at("a.yaml", 10, 1), "fourth");
  diagnostics.add(at("a.yaml", 2, 9), "second");
  diagnostics.add(at("a.yaml", 2, 9), "third, as it was added later");
  diagnostics.add({}, "first");
  CHECK(diagnostics.size() == 5);
  CHECK(diagnostics.text() ==
        "<command line>: first\na.yaml:2:9: second\na.yaml:2:9: third, as it was added later\n"
        "a.yaml:10:1: fourth\nb.yaml:1:1: fifth");
  CHECK(diagnostics.to_error().kind == Error::Kind::usage);
  CHECK(diagnostics.to_error().message == diagnostics.text());
}

TEST_CASE("an error of the system says what was tried") {
  const Error error = system_error("open runs/x", 2);
  CHECK(error.kind == Error::Kind::machine);
  CHECK(error.message == "open runs/x: No such file or directory");
}

}  // namespace tidegate
