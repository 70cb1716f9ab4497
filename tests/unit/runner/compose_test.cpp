#include "runner/compose.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.hpp"
#include "base/yaml_extends.hpp"
#include "tests/support/catch.hpp"

using namespace tidegate;

namespace {

struct Folder {
  std::filesystem::path path;
  Folder() {
    static int counter = 0;
    path = std::filesystem::temp_directory_path() /
           ("tidegate-compose-" + std::to_string(getpid()) + "-" + std::to_string(++counter));
    std::filesystem::create_directories(path / "base");
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string write(const std::string& name, const std::string& text) const {
    REQUIRE(write_file_atomically((path / name).string(), text).ok());
    return (path / name).string();
  }
};

yaml::Node parse(const std::string& text) {
  Diagnostics diagnostics;
  yaml::Node node = yaml::parse(text, "test.yaml", diagnostics);
  INFO(diagnostics.text());
  REQUIRE(diagnostics.empty());
  return node;
}

std::string at(const yaml::Node& root, std::initializer_list<const char*> path) {
  const yaml::Node* node = &root;
  for (const char* key : path) {
    node = node->find(key);
    if (node == nullptr) return "(none)";
  }
  return node->text();
}

}  // namespace

TEST_CASE("maps merge, lists replace, null removes") {
  yaml::Node base = parse("{a: {x: 1, y: 2}, list: [1, 2, 3], gone: {z: 1}}");
  yaml::merge(base, parse("{a: {y: 3, w: 4}, list: [9], gone: null, fresh: 5}"));
  CHECK(at(base, {"a", "x"}) == "1");
  CHECK(at(base, {"a", "y"}) == "3");
  CHECK(at(base, {"a", "w"}) == "4");
  CHECK(base.find("list")->items().size() == 1);
  CHECK(base.find("gone") == nullptr);
  CHECK(at(base, {"fresh"}) == "5");
}

TEST_CASE("an extended file's paths hold from the extending file's folder") {
  const Folder folder;
  folder.write("base/scenario.yaml",
               "{name: base, stack: {topology: ../stack.yaml}, data: {m: {file: rows.csv}, absolute: {file: /x.csv}}}");
  const std::string path = folder.write("top.yaml", "{extends: base/scenario.yaml, name: top}");
  Diagnostics diagnostics;
  const yaml::Node root = runner::read_composed(path, diagnostics);
  INFO(diagnostics.text());
  REQUIRE(diagnostics.empty());
  CHECK(at(root, {"name"}) == "top");
  CHECK(at(root, {"stack", "topology"}) == "stack.yaml");
  CHECK(at(root, {"data", "m", "file"}) == "base/rows.csv");
  CHECK(at(root, {"data", "absolute", "file"}) == "/x.csv");
  CHECK(root.find("extends") == nullptr);
}

TEST_CASE("a circle of extends is said, not followed") {
  const Folder folder;
  folder.write("b.yaml", "{extends: a.yaml}");
  const std::string path = folder.write("a.yaml", "{extends: b.yaml}");
  Diagnostics diagnostics;
  runner::read_composed(path, diagnostics);
  REQUIRE_FALSE(diagnostics.empty());
  CHECK(diagnostics.text().find("circle") != std::string::npos);
}

TEST_CASE("an extended file that is missing is named") {
  const Folder folder;
  Diagnostics diagnostics;
  runner::read_composed(folder.write("a.yaml", "{extends: none.yaml}"), diagnostics);
  CHECK(diagnostics.text().find("none.yaml") != std::string::npos);
}

TEST_CASE("variants") {
  const std::string text =
      "{variables: {rate: 5}, gates: {a: {limit: 1}}, variants: {smoke: {variables: {rate: 1}, gates: {a: {limit: "
      "2}}}, "
      "full: {}}}";
  SECTION("the first is the default") {
    yaml::Node root = parse(text);
    Diagnostics diagnostics;
    CHECK(runner::apply_variant(root, "", diagnostics) == "smoke");
    CHECK(at(root, {"variables", "rate"}) == "1");
    CHECK(at(root, {"gates", "a", "limit"}) == "2");
    CHECK(root.find("variants") == nullptr);
  }
  SECTION("a named one") {
    yaml::Node root = parse(text);
    Diagnostics diagnostics;
    CHECK(runner::apply_variant(root, "full", diagnostics) == "full");
    CHECK(at(root, {"variables", "rate"}) == "5");
  }
  SECTION("an unknown one, with the nearest") {
    yaml::Node root = parse(text);
    Diagnostics diagnostics;
    runner::apply_variant(root, "smok", diagnostics);
    CHECK(diagnostics.text().find("smoke") != std::string::npos);
  }
  SECTION("a name where there are none") {
    yaml::Node root = parse("{name: x}");
    Diagnostics diagnostics;
    runner::apply_variant(root, "smoke", diagnostics);
    CHECK_FALSE(diagnostics.empty());
  }
}

TEST_CASE("variables set on the command line") {
  struct Row {
    const char* set;
    const char* says;  // empty: good
  };
  const Row row = GENERATE(values<Row>({
      {"rate=9/s", ""},       // replaces
      {"rate=a=b", ""},       // the first = divides
      {"rate", "KEY=VALUE"},  // no value
      {"=5", "KEY=VALUE"},    // no key
      {"raet=5/s", "rate"},   // nearest name
  }));
  yaml::Node root = parse("{variables: {rate: 5/s}}");
  Diagnostics diagnostics;
  runner::apply_sets(root, {row.set}, diagnostics);
  INFO(row.set << ": " << diagnostics.text());
  CHECK(diagnostics.empty() == std::string(row.says).empty());
  CHECK(diagnostics.text().find(row.says) != std::string::npos);
}

TEST_CASE("variables reach every place, refer to earlier ones, and leave other slots alone") {
  yaml::Node root =
      parse(R"({variables: {a: 5, b: "${a}0/s"}, load: {rate: "${b}"}, flows: [{json: {x: "${uuid()} ${a}"}}],
                              bad: "${unknown} ${open"})");
  Diagnostics diagnostics;
  runner::substitute_variables(root, diagnostics);
  CHECK(diagnostics.empty());
  CHECK(at(root, {"load", "rate"}) == "50/s");
  CHECK(root.find("flows")->items().front().find("json")->find("x")->text() == "${uuid()} 5");
  CHECK(at(root, {"bad"}) == "${unknown} ${open");
  CHECK(root.find("variables") == nullptr);
}

TEST_CASE("the environment is only read where the file says so") {
  setenv("TIDEGATE_COMPOSE_TEST", "secret", 1);
  unsetenv("TIDEGATE_COMPOSE_MISSING");
  yaml::Node root =
      parse(R"({a: "${env.TIDEGATE_COMPOSE_TEST}", b: "$HOME ${HOME}", c: "${env.TIDEGATE_COMPOSE_MISSING}"})");
  Diagnostics diagnostics;
  runner::substitute_environment(root, diagnostics);
  CHECK(at(root, {"a"}) == "secret");
  CHECK(at(root, {"b"}) == "$HOME ${HOME}");
  CHECK(diagnostics.size() == 1);
  CHECK(diagnostics.text().find("TIDEGATE_COMPOSE_MISSING") != std::string::npos);
}
