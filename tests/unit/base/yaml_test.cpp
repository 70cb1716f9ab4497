#include "base/yaml.hpp"

#include "base/file.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/base/scratch.hpp"

namespace tidegate::yaml {
namespace {

Node good(std::string_view text) {
  Diagnostics diagnostics;
  Node node = parse(text, "f.yaml", diagnostics);
  CAPTURE(text);
  REQUIRE(diagnostics.text() == "");
  return node;
}

std::string mistakes(std::string_view text) {
  Diagnostics diagnostics;
  (void)parse(text, "f.yaml", diagnostics);
  return diagnostics.text();
}

}  // namespace

TEST_CASE("a tree keeps kinds, order, texts and places") {
  const Node root = good(
      "name: black friday\nload:\n  shoppers: {rate: 400/s, on: yes}\n  empty:\nstages:\n- 'a: b'\n- [1, \"2\"]\n");
  REQUIRE(root.is_map());
  CHECK(root.mark().text() == "f.yaml:1:1");
  REQUIRE(root.entries().size() == 3);
  CHECK(root.entries()[0].first.text() == "name");
  CHECK(root.find("name")->text() == "black friday");
  CHECK(root.find("name")->mark().text() == "f.yaml:1:7");
  const Node* shoppers = root.find("load")->find("shoppers");
  REQUIRE(shoppers != nullptr);
  CHECK(shoppers->mark().text() == "f.yaml:3:13");
  CHECK(shoppers->find("rate")->mark().text() == "f.yaml:3:20");
  CHECK(shoppers->entries()[1].first.mark().text() == "f.yaml:3:27");
  CHECK(shoppers->find("on")->text() == "yes");  // no YAML 1.1 boolean, neither as key nor as value
  CHECK(root.find("load")->find("empty")->is_null());
  const Node& stages = *root.find("stages");
  REQUIRE(stages.items().size() == 2);
  CHECK(stages.items()[0].text() == "a: b");
  CHECK(stages.items()[0].quoted());
  CHECK_FALSE(stages.items()[1].items()[0].quoted());
  CHECK(stages.items()[1].items()[1].quoted());
  CHECK(stages.items()[1].items()[1].mark().text() == "f.yaml:7:7");
  CHECK(root.find("absent") == nullptr);
}

TEST_CASE("an empty document is null, and block scalars keep their lines") {
  CHECK(good("").is_null());
  CHECK(good("# only a comment\n").is_null());
  CHECK(good("~").is_null());
  CHECK(good("'null'").is_scalar());
  CHECK(good("a: |\n  one\n  two\n").find("a")->text() == "one\ntwo\n");
  CHECK(good("a: >-\n  one\n  two\n").find("a")->text() == "one two");
  CHECK(good("\xef\xbb\xbf"
             "a: 1")
            .find("a")
            ->text() == "1");                          // a byte order mark
  CHECK(good("a: ${b}").find("a")->text() == "${b}");  // outside of braces no quotes are needed
}

TEST_CASE("anchors and aliases") {
  const Node root = good("base: &b {x: 1, y: [2]}\nother: *b\nlist: [&s text, *s]\n");
  CHECK(root.find("other")->find("x")->text() == "1");
  CHECK(root.find("other")->find("y")->items()[0].text() == "2");
  CHECK(root.find("list")->items()[1].text() == "text");
  CHECK(mistakes("a: *nowhere") == "f.yaml:1:4: not valid YAML: the referenced anchor is not defined");
  CHECK(mistakes("a: &a [*a]") == "f.yaml:1:8: an alias inside the node it stands for");
}

TEST_CASE("duplicate keys are named with both places, each of them") {
  CHECK(mistakes("a: 1\nb: {c: 1, c: 2}\n'a': 3\na: 4\n") ==
        "f.yaml:2:11: duplicate key 'c'; the first is at f.yaml:2:5\n"
        "f.yaml:3:1: duplicate key 'a'; the first is at f.yaml:1:1\n"
        "f.yaml:4:1: duplicate key 'a'; the first is at f.yaml:1:1");
  Diagnostics diagnostics;
  CHECK(parse("a: 1\na: 2", "f.yaml", diagnostics).find("a")->text() == "1");
}

TEST_CASE("mistakes have places and reasons") {
  struct Row {
    const char *text, *want;
  };
  const auto row = GENERATE(
      Row{"a: {b: ${c}}", "f.yaml:1:9: an unquoted ${c} inside {...} or [...]; quote it: \"${c}\""},
      Row{"x: 1\na: [1, ${c.d}]", "f.yaml:2:9: an unquoted ${c.d} inside {...} or [...]; quote it: \"${c.d}\""},
      Row{"a: {b: x${c}y}", "f.yaml:1:10: an unquoted ${c} inside {...} or [...]; quote it: \"${c}\""},
      Row{"a: {${c}: 1}", "f.yaml:1:6: an unquoted ${c} inside {...} or [...]; quote it: \"${c}\""},
      Row{"a: {b: ${c", "f.yaml:1:9: an unquoted ${c inside {...} or [...]; quote it: \"${c\""},
      Row{"a: {b: $ {c}}", "f.yaml:1:10: not valid YAML: end of map flow not found"},  // not a variable
      Row{"a: [1, 2", "f.yaml:1:4: not valid YAML: this [ has no ]"},
      Row{"a: 'open", "f.yaml:1:9: not valid YAML: illegal EOF in scalar"},
      Row{"a: b: c", "f.yaml:1:5: not valid YAML: illegal map value"},
      Row{"a: 1\n b: 2", "f.yaml:2:3: not valid YAML: illegal map value"},
      Row{"a:\n\t- b", "f.yaml:2:2: not valid YAML: illegal block entry; the line is indented with a tab"},
      Row{"{a: 1}}", "f.yaml:1:7: not valid YAML: illegal flow end"},
      Row{"a: \"\\q\"", "f.yaml:1:7: not valid YAML: unknown escape character: q"},
      Row{"a: 1\n---\nb: 2\n", "f.yaml:3:1: a second document; one file holds one document"},
      Row{"a: !include other.yaml", "f.yaml:1:4: the tag '!include' means nothing here"},
      Row{"[a]: 1", "f.yaml:1:1: a key must be a text, not a list or a map"},
      Row{"? {a: 1}\n: 2", "f.yaml:1:3: a key must be a text, not a list or a map"},
      Row{"~: 1", "f.yaml:1:1: an empty key; quote it if the text null is meant"},
      Row{"b: &b {x: 1}\na: {<<: *b}", "f.yaml:2:5: merge keys (<<) are not read; write the keys out"},
      Row{"a: \x01", "f.yaml:1:4: a control character"},
      Row{"a: 1\nb: \x04\nc: 2", "f.yaml:2:4: a control character"},  // yaml-cpp would end the text here, silently
      Row{"\xc3\xa4: \xff", "f.yaml:1:4: not UTF-8"},
      Row{"\xff\xfe"
          "a",
          "f.yaml:1:1: not UTF-8"});
  CAPTURE(row.text);
  CHECK(mistakes(row.text) == row.want);
}

TEST_CASE("what was read before a mistake is kept for further checks") {
  Diagnostics diagnostics;
  const Node root = parse("a: 1\nb: {c: [x, y: {", "f.yaml", diagnostics);
  CHECK(diagnostics.size() == 1);
  CHECK(root.find("a")->text() == "1");
  CHECK(root.find("b")->find("c")->items()[0].text() == "x");
}

TEST_CASE("files") {
  const test::ScratchDirectory scratch;
  Diagnostics diagnostics;
  CHECK(load(scratch / "absent.yaml", diagnostics).is_null());
  CHECK(diagnostics.text() ==
        (scratch / "absent.yaml") + ": cannot read: open " + (scratch / "absent.yaml") + ": No such file or directory");
  REQUIRE(write_file_atomically(scratch / "s.yaml", "a: 1\n").ok());
  Diagnostics none;
  CHECK(load(scratch / "s.yaml", none).find("a")->mark().text() == (scratch / "s.yaml") + ":1:4");
  CHECK(none.empty());
}

TEST_CASE("a tree can be rewritten") {
  Node root = good("a: 1\nb: 2\n");
  root.set("a", Node::scalar("one"));
  root.set("c", Node::list({Node::scalar("x")}));
  root.erase("b");
  root.erase("absent");
  REQUIRE(root.entries().size() == 2);
  CHECK(root.entries()[0].second.text() == "one");
  CHECK(root.find("c")->items().size() == 1);
  Node fresh;
  fresh.set("k", Node::scalar("v"));
  CHECK(fresh.find("k")->text() == "v");
  const Node text = Node::scalar("k");
  CHECK(text.find("k") == nullptr);
}

}  // namespace tidegate::yaml
