#include "record/truth.hpp"

#include <vector>

#include "tests/support/catch.hpp"
#include "tests/unit/record/scratch_directory.hpp"

using namespace tidegate;
using namespace tidegate::record;
using test::content_of;
using test::put_content;
using test::ScratchDirectory;

namespace {

struct Read {
  Result<void> result;
  std::vector<std::string> lines;
};

Read read_all(const std::string& path) {
  Read read;
  read.result = read_truth(path, [&read](std::string_view line) {
    read.lines.emplace_back(line);
    return true;
  });
  return read;
}

void write_lines(const std::string& path, const std::vector<std::string>& lines) {
  auto writer = TruthWriter::create(path);
  REQUIRE(writer.ok());
  for (const auto& line : lines) REQUIRE((*writer)->write_line(line).ok());
  REQUIRE((*writer)->close().ok());
  CHECK((*writer)->close().ok());  // twice does no harm
  CHECK_FALSE((*writer)->write_line("late").ok());
}

}  // namespace

TEST_CASE("exported lines come back, compressed in between") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("payments.ndjson.zst");
  std::vector<std::string> lines = {"", "{}", std::string(600'000, 'x')};  // a line longer than the buffer
  for (int i = 0; i < 20'000; ++i) lines.push_back("{\"id\":" + std::to_string(i) + "}");
  write_lines(path, lines);
  CHECK(content_of(path).size() < 200'000);
  const Read read = read_all(path);
  CHECK(read.result.ok());
  CHECK(read.lines == lines);
}

TEST_CASE("a reader that had enough stops the reading") {
  const ScratchDirectory scratch;
  write_lines(scratch.file("t"), {"1", "2", "3"});
  int seen = 0;
  CHECK(read_truth(scratch.file("t"), [&seen](std::string_view) { return ++seen < 2; }).ok());
  CHECK(seen == 2);
}

TEST_CASE("an export cut at any byte gives only whole lines, and an error") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("t");
  const std::vector<std::string> lines = {"{\"a\":1}", "{\"b\":22}", "{\"c\":333}"};
  write_lines(path, lines);
  const std::string whole = content_of(path);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    put_content(path, whole.substr(0, length));
    const Read read = read_all(path);
    INFO("cut to " << length << " of " << whole.size());
    CHECK_FALSE(read.result.ok());
    for (std::size_t i = 0; i < read.lines.size(); ++i) CHECK(read.lines[i] == lines.at(i));
  }
}

TEST_CASE("what is no export is an error with the path") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("t");
  put_content(path, "{\"plain\":\"text\"}\n");
  Read read = read_all(path);
  REQUIRE_FALSE(read.result.ok());
  CHECK_THAT(read.result.error().message, Catch::Contains(path));
  CHECK(read.lines.empty());
  CHECK_FALSE(read_all(scratch.file("absent")).result.ok());

  write_lines(path, {"{\"a\":1}"});
  std::string damaged = content_of(path);
  damaged[damaged.size() - 6] = static_cast<char>(damaged[damaged.size() - 6] ^ 0x40);  // in the checksum
  put_content(path, damaged);
  CHECK_FALSE(read_all(path).result.ok());
}

TEST_CASE("a bomb of one endless line is refused before it fills memory") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("t");
  write_lines(path, {std::string(40U << 20, 'x')});
  const Read read = read_all(path);
  REQUIRE_FALSE(read.result.ok());
  CHECK_THAT(read.result.error().message, Catch::Contains("a line of over"));
}

TEST_CASE("a full disk shows at the latest when the export is closed") {
  auto writer = TruthWriter::create("/dev/full");
  REQUIRE(writer.ok());
  (void)(*writer)->write_line("{}");
  const auto closed = (*writer)->close();
  REQUIRE_FALSE(closed.ok());
  CHECK_THAT(closed.error().message, Catch::Contains("/dev/full") && Catch::Contains("No space left"));
}
