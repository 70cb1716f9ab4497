// Data files in memory and on the disk, row for row the same; and Zipf's law.

#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <string>

#include "loadgen/table.hpp"
#include "loadgen/zipf.hpp"
#include "tests/support/catch.hpp"

namespace tidegate::loadgen {
namespace {

class File {
 public:
  File(const std::string& text, const std::string& ending) {
    static int number = 0;
    path_ = "/tmp/tidegate-table-" + std::to_string(::getpid()) + "-" + std::to_string(number++) + ending;
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~File() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string cell(const Table& table, std::uint64_t row, std::size_t column, Escape escape = Escape::none) {
  std::string out;
  return table.append_cell(row, column, escape, out) ? out : "(none)";
}

Result<std::shared_ptr<const Table>> open(const File& file, bool on_disk) {
  return open_table(file.path(), format_of(file.path()), on_disk ? TableOptions{0} : TableOptions{});
}

}  // namespace

TEST_CASE("a table reads the same from memory and from the disk") {
  std::string csv = "id,text\r\n", ndjson = "\n";
  for (int i = 0; i < 100; ++i) {
    const std::string number = std::to_string(i);
    csv += number + ",\"a \"\"quoted\"\"\nline, " + number + "\"\r\n";
    ndjson += R"({"id":)" + number + R"(,"text":"a \"quoted\"\nline, )" + number + R"(","list":[1,2]})" + "\n";
    if (i % 7 == 0) ndjson += "  \n";
  }
  for (const auto& [text, ending] : {std::pair{csv, ".csv"}, std::pair{ndjson, ".ndjson"}}) {
    const File file(text, ending);
    for (const bool on_disk : {false, true}) {
      INFO(ending << " on disk: " << on_disk);
      const auto table = open(file, on_disk);
      INFO((table.ok() ? std::string() : table.error().message));
      REQUIRE(table.ok());
      REQUIRE((*table)->rows() == 100);
      REQUIRE((*table)->columns().size() >= 2);
      for (const std::uint64_t row : {0, 1, 15, 16, 17, 99, 3}) {
        CHECK(cell(**table, row, 0) == std::to_string(row));
        CHECK(cell(**table, row, 1) == "a \"quoted\"\nline, " + std::to_string(row));
      }
    }
  }
}

TEST_CASE("numbers of NDJSON stay numbers in JSON, cells of CSV are texts") {
  for (const bool on_disk : {false, true}) {
    const File json(R"({"n":1.5,"t":"x","l":[1],"b":true})", ".jsonl"), csv("n\n1.5\n", ".csv");
    const auto objects = open(json, on_disk), cells = open(csv, on_disk);
    REQUIRE(objects.ok());
    REQUIRE(cells.ok());
    CHECK(cell(**objects, 0, 0, Escape::json_value) == "1.5");
    CHECK(cell(**objects, 0, 1, Escape::json_value) == "\"x\"");
    CHECK(cell(**objects, 0, 2, Escape::json_value) == "[1]");
    CHECK(cell(**objects, 0, 3, Escape::json_value) == "true");
    CHECK(cell(**cells, 0, 0, Escape::json_value) == "\"1.5\"");
  }
}

TEST_CASE("files that are no tables are refused, with the line") {
  struct Row {
    const char* name;
    const char* text;
    const char* ending;
    const char* message;
  };
  const Row rows[] = {
      {"empty", "", ".csv", ""},
      {"header only", "a,b\n", ".csv", "row"},
      {"too few cells", "a,b\n1,2\n3\n", ".csv", "line 3: 1 cells where the header has 2"},
      {"too many cells", "a,b\n1,2,3\n", ".csv", "line 2: 3 cells where the header has 2"},
      {"open quote", "a,b\n1,\"2\n", ".csv", "line 2"},
      {"column twice", "a,a\n1,2\n", ".csv", "stands there twice"},
      {"no object", "{\"a\":1}\n[1]\n", ".ndjson", "line 2: a row is one JSON object"},
      {"two objects", "{\"a\":1} {\"a\":2}\n", ".ndjson", "line 1"},
      {"cut short", "{\"a\":1}\n{\"a\":", ".ndjson", "line 2"},
      {"no column", "{}\n", ".ndjson", "line 1"},
      {"no row", "\n\n", ".ndjson", "row"},
  };
  for (const Row& row : rows) {
    for (const bool on_disk : {false, true}) {
      INFO(row.name << ", on disk: " << on_disk);
      const File file(row.text, row.ending);
      const auto table = open(file, on_disk);
      REQUIRE_FALSE(table.ok());
      INFO(table.error().message);
      CHECK(table.error().message.find(row.message) != std::string::npos);
    }
  }
}

TEST_CASE("a row without a column, and a file that shrinks, have no value") {
  const File file("{\"a\":1,\"b\":2}\n{\"a\":3}\n", ".ndjson");
  for (const bool on_disk : {false, true}) {
    const auto table = open(file, on_disk);
    REQUIRE(table.ok());
    CHECK(cell(**table, 1, 0) == "3");
    CHECK(cell(**table, 1, 1) == "(none)");
  }
  std::string rows = "a\n";
  for (int i = 0; i < 64; ++i) rows += std::to_string(i) + "\n";
  const File shrinking(rows, ".csv");
  const auto table = open(shrinking, true);
  REQUIRE(table.ok());
  REQUIRE(::truncate(shrinking.path().c_str(), 10) == 0);
  CHECK(cell(**table, 63, 0) == "(none)");
}

TEST_CASE("ranks follow Zipf's law") {
  constexpr std::uint64_t kRows = 1000;
  for (const double exponent : {0.5, 1.0, 1.1, 2.0}) {
    INFO(exponent);
    double weights = 0;
    for (std::uint64_t k = 1; k <= kRows; ++k) weights += std::pow(static_cast<double>(k), -exponent);
    std::vector<double> counts(kRows);
    constexpr int kDraws = 200'000;
    for (std::uint64_t i = 0; i < kDraws; ++i) {
      Draws draws(7, 11, i);
      const std::uint64_t rank = zipf(draws, kRows, exponent);
      REQUIRE(rank < kRows);
      ++counts[rank];
    }
    for (const std::uint64_t rank : {0, 1, 2, 9}) {
      const double expected = kDraws * std::pow(static_cast<double>(rank + 1), -exponent) / weights;
      // Five standard deviations.
      CHECK(std::abs(counts[rank] - expected) < 5 * std::sqrt(expected) + 1);
    }
  }
  Draws draws(1, 1, 1);
  CHECK(zipf(draws, 1, 1.1) == 0);
}

}  // namespace tidegate::loadgen
