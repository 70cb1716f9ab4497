#include <string>
#include <vector>

#include "loadgen/csv.hpp"
#include "tests/support/catch.hpp"

namespace tidegate::loadgen {

TEST_CASE("tables are read as they were written") {
  struct Row {
    const char* what;
    std::string text;
    std::vector<std::string> columns, cells;
  };
  const Row rows[] = {
      {"plain", "a,b\n1,2\n3,4\n", {"a", "b"}, {"1", "2", "3", "4"}},
      {"no line end at the end", "a\n1", {"a"}, {"1"}},
      {"CRLF", "a,b\r\n1,2\r\n", {"a", "b"}, {"1", "2"}},
      {"quotes hold commas, quotes and line ends",
       "a,b\n\"x,\"\"y\"\"\",\"two\nlines\"\n",
       {"a", "b"},
       {"x,\"y\"", "two\nlines"}},
      {"empty cells", "a,b,c\n,,\n", {"a", "b", "c"}, {"", "", ""}},
      {"an empty quoted cell", "a\n\"\"\n", {"a"}, {""}},
      {"a byte order mark",
       "\xEF\xBB\xBF"
       "a\n1\n",
       {"a"},
       {"1"}},
      {"blank lines between rows", "a,b\n1,2\n\n3,4\n\n", {"a", "b"}, {"1", "2", "3", "4"}},
      {"spaces belong to the cell", "a\n 1 \n", {"a"}, {" 1 "}},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    const auto table = parse_csv(row.text);
    REQUIRE(table.ok());
    CHECK(table->columns == row.columns);
    CHECK(table->cells == row.cells);
    CHECK(table->rows() == row.cells.size() / row.columns.size());
  }
}

TEST_CASE("tables that are refused name the line") {
  struct Row {
    const char* what;
    std::string text;
    const char* message;
  };
  const Row rows[] = {
      {"nothing", "", "line 1: no header line"},
      {"a header only", "a,b\n", "no row follows the header"},
      {"too few cells", "a,b\n1,2\n3\n", "line 3: 1 cells where the header has 2"},
      {"too many cells", "a,b\n1,2,3\n", "line 2: 3 cells where the header has 2"},
      {"lines inside quotes count", "a,b\n\"x\ny\",2\n3\n", "line 4: 1 cells where the header has 2"},
      {"a quote that is not closed", "a\n1\n\"x\n", "line 3: a quote is not closed"},
      {"text after a quote", "a\n\"x\"y\n", "line 2: text follows a closing quote"},
      {"a quote in the middle", "a\nx\"y\n", "line 2: a quote inside a cell that does not start with one"},
      {"a column without a name", "a,,c\n1,2,3\n", "line 1: column 2 has no name"},
      {"a column twice", "a,b,a\n1,2,3\n", "line 1: column 'a' stands there twice"},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    const auto table = parse_csv(row.text);
    REQUIRE_FALSE(table.ok());
    CHECK(table.error().message == row.message);
  }
}

}  // namespace tidegate::loadgen
