#include "base/random.hpp"
#include "base/yaml.hpp"
#include "tests/support/catch.hpp"

namespace tidegate::yaml {
namespace {

Node reread(const Node& node) {
  const std::string text = emit(node);
  Diagnostics diagnostics;
  Node out = parse(text, "emitted.yaml", diagnostics);
  CAPTURE(text);
  REQUIRE(diagnostics.text() == "");
  return out;
}

/// Equal kinds, texts and order. `quoted` may only change where no plain form exists.
bool equal(const Node& a, const Node& b) {
  if (a.kind() != b.kind() || a.text() != b.text()) return false;
  if (a.items().size() != b.items().size() || a.entries().size() != b.entries().size()) return false;
  if (a.quoted() && !b.quoted()) return false;
  for (std::size_t i = 0; i < a.items().size(); ++i) {
    if (!equal(a.items()[i], b.items()[i])) return false;
  }
  for (std::size_t i = 0; i < a.entries().size(); ++i) {
    if (!equal(a.entries()[i].first, b.entries()[i].first)) return false;
    if (!equal(a.entries()[i].second, b.entries()[i].second)) return false;
  }
  return true;
}

Node random_tree(Draws& draws, int depth) {
  static const std::string kPieces[] = {"a", "Z", "0", " ", ":", "#",    "-", "\n", "\t",       "\"",   "'",  "\\",
                                        "{", "}", "[", "]", ",", "&",    "*", "!",  "|",        ">",    "%",  "@",
                                        "`", "?", "=", "~", "$", "${x}", ".", "<",  "\xc3\xa4", "null", "---"};
  const auto text = [&] {
    std::string out;
    for (auto length = draws.between(0, 6); length > 0; --length) {
      out += kPieces[static_cast<std::size_t>(draws.between(0, std::size(kPieces) - 1))];
    }
    return out;
  };
  const auto kind = draws.between(0, depth > 0 ? 5 : 2);
  if (kind == 0) return Node{};
  if (kind <= 2) return Node::scalar(text(), {}, draws.between(0, 1) == 1);
  Node out = kind == 3 ? Node::list({}) : Node::map({});
  for (auto members = draws.between(0, 4); members > 0; --members) {
    Node member = random_tree(draws, depth - 1);
    if (kind == 3) {
      out.items().push_back(std::move(member));
    } else {
      out.set(text(), std::move(member));
    }
  }
  return out;
}

}  // namespace

TEST_CASE("a tree is written so that people can read it") {
  Diagnostics diagnostics;
  const Node node =
      parse("{a: 1, b: [x, {c: 'true', d: [[], [y]]}], e: {}, f: ~, g: '', '5 #': 'a: b', rate: 400/s, v: \"${x}\"}",
            "f.yaml", diagnostics);
  CHECK(
      emit(node) ==
      "a: 1\nb:\n  - x\n  - c: \"true\"\n    d:\n      - []\n      - - y\ne: {}\nf: null\ng: \"\"\n\"5 #\": \"a: b\"\n"
      "rate: 400/s\nv: \"${x}\"\n");
}

TEST_CASE("texts that YAML would take for something else survive") {
  const char* text =
      GENERATE("", " ", " a", "a ", "a: b", "a:", ":a", "a #b", "#a", "a#b", "- a", "-", "-a", "-5", "? a", "null", "~",
               "Null", "true", "5", "---", "--- a", "...", "... a", "{a}", "[a]", "&a", "*a", "!a", "|", ">", "%a",
               "@a", "`a", "'a", "\"a", "a\nb", "a\tb", "\ta", "a\\b", "\\", "<<", "=", "${a}", "${a: b}", "a\x7f",
               "\x01", "\xc3\xa4", "\xe2\x80\xa8", "a, b", "1.5", "2024-11-29T10:30:05Z");
  CAPTURE(text);
  const Node scalar = Node::scalar(text, {}, true);
  CHECK(equal(scalar, reread(scalar)));
  CHECK(equal(Node::list({scalar}), reread(Node::list({scalar}))));
  const Node map = Node::map({{scalar, scalar}});
  CHECK(equal(map, reread(map)));
}

TEST_CASE("random trees survive") {
  for (std::uint64_t i = 0; i < 1500; ++i) {
    Draws draws(77, 1, i);
    const Node tree = random_tree(draws, 4);
    if (!equal(tree, reread(tree))) FAIL("tree " << i << ":\n" << emit(tree));
  }
}

}  // namespace tidegate::yaml
