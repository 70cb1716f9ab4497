// Texts made to hurt: each must end in a diagnostic, quickly and within memory.

#include "base/yaml.hpp"
#include "tests/support/catch.hpp"

namespace tidegate::yaml {
namespace {

std::string mistakes(std::string_view text) {
  Diagnostics diagnostics;
  (void)parse(text, "f.yaml", diagnostics);
  return diagnostics.text();
}

std::string repeated(std::string_view part, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += part;
  return out;
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

TEST_CASE("64 levels are read and 65 are not") {
  CHECK(mistakes(repeated("[", 64) + repeated("]", 64)) == "");
  CHECK(mistakes(repeated("[", 65) + repeated("]", 65)) == "f.yaml:1:65: nested deeper than 64 levels");
}

TEST_CASE("nesting of any kind and depth ends in a diagnostic") {
  std::string block_map, block_list = repeated("- ", 3000) + "x";
  for (int i = 0; i < 300; ++i) block_map += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  const std::string rows[] = {repeated("[", 100'000),
                              repeated("{a: ", 20'000),
                              repeated("[{a: ", 20'000),
                              repeated("? ", 5000),
                              block_list,
                              block_map,
                              repeated("{? ", 20'000)};
  for (const auto& row : rows) {
    CAPTURE(row.substr(0, 20));
    CHECK(ends_with(mistakes(row), "nested deeper than 64 levels"));
  }
}

TEST_CASE("aliases count as what they stand for") {
  SECTION("nodes: ten to the ninth texts in ten lines") {
    std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 9; ++i) {
      const std::string alias = "*a" + std::to_string(i - 1);
      text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + repeated(alias + ", ", 9) + alias + "]\n";
    }
    CHECK(mistakes(text).find("too large: more than 100000 nodes") != std::string::npos);
  }
  SECTION("bytes: one long text many times") {
    const std::string text = "a: &a " + std::string(1'000'000, 'x') + "\nb: [" + repeated("*a, ", 1000) + "]\n";
    CHECK(mistakes(text).find("8 MiB") != std::string::npos);
  }
  SECTION("depth: each one level above the last") {
    std::string text = "- &a0 [x]\n";
    for (int i = 1; i < 70; ++i) text += "- &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
    CHECK(ends_with(mistakes(text), "nested deeper than 64 levels"));
  }
}

TEST_CASE("too many nodes, too long a key, too long a text") {
  CHECK(mistakes(repeated("- a\n", 99'999)) == "");
  CHECK(mistakes(repeated("- a\n", 100'000)).find("too large") != std::string::npos);
  CHECK(mistakes(std::string(250, 'k') + ": 1") == "");
  CHECK(mistakes(std::string(251, 'k') + ": 1") == "f.yaml:1:1: a key of more than 250 bytes");
  CHECK(mistakes(std::string(9'000'000, 'x')) == "f.yaml: too large: more than 8 MiB");
}

}  // namespace tidegate::yaml
