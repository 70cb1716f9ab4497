// What an opponent does to series.tgs: cuts it anywhere, flips bits, claims absurd sizes, writes it with a later
// version.

#include <limits>

#include "record/binary.hpp"
#include "record/series.hpp"
#include "record/series_format.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/record/scratch_directory.hpp"

using namespace tidegate;
using namespace tidegate::record;
using test::content_of;
using test::put_content;
using test::ScratchDirectory;

namespace {

/// Two flushes of one counter and one histogram: second 1 in the first, second 2 in the second.
struct TwoFlushes {
  ScratchDirectory scratch;
  std::string path = scratch.file("series.tgs");
  std::size_t after_first = 0;
  std::string content;

  TwoFlushes() {
    auto writer = SeriesWriter::create(path);
    REQUIRE(writer.ok());
    SeriesKey counter, latency;
    counter.metric = "n";
    latency.metric = "response_time";
    latency.kind = SeriesKind::histogram;
    const SeriesId n = (*writer)->intern(counter), time = (*writer)->intern(latency);
    Histogram some;
    some.record(1234, 3);
    for (const std::int32_t second : {1, 2}) {
      (*writer)->add(second, n, 10);
      (*writer)->merge(second, time, some);
      REQUIRE((*writer)->flush().ok());
      if (second == 1) after_first = content_of(path).size();
    }
    content = content_of(path);
  }
};

std::string with_header(const std::string& blocks, std::uint32_t version = 1) {
  FileHeader header = series_format::kHeader;
  header.version = version;
  return encode_header(header) + blocks;
}

std::string definition(std::uint64_t id, std::uint8_t kind, std::string_view metric) {
  std::string out;
  binary::put_varint(out, id);
  binary::put_fixed(out, kind);
  binary::put_text(out, metric);
  binary::put_text(out, "us");
  binary::put_varint(out, 0);
  return out;
}

std::string record_of(std::int64_t second, std::uint64_t id, std::string_view value) {
  std::string out;
  binary::put_signed(out, second);
  binary::put_varint(out, id);
  binary::put_text(out, value);
  return out;
}

std::string number(double value) {
  std::string out;
  binary::put_double(out, value);
  return out;
}

}  // namespace

TEST_CASE("a tail torn at any byte of the last block keeps everything before it") {
  const TwoFlushes file;
  for (std::size_t length = file.after_first; length < file.content.size(); ++length) {
    put_content(file.path, file.content.substr(0, length));
    const auto set = read_series(file.path);
    INFO("cut to " << length << " of " << file.content.size() << " bytes");
    REQUIRE(set.ok());
    CHECK(set->cut_short == (length != file.after_first));
    CHECK(set->cut_short_reason.empty() == !set->cut_short);
    CHECK(set->find("n").at(0)->values == std::map<std::int32_t, double>{{1, 10}});
    CHECK(set->find("response_time").at(0)->histograms.size() == 1);
  }
}

TEST_CASE("a file cut inside its header is refused") {
  const TwoFlushes file;
  for (std::size_t length = 0; length < kFileHeaderSize; ++length) {
    put_content(file.path, file.content.substr(0, length));
    CHECK_FALSE(read_series(file.path).ok());
  }
}

TEST_CASE("a flipped bit anywhere in the last block costs that block and no other") {
  const TwoFlushes file;
  for (std::size_t at = file.after_first; at < file.content.size(); ++at) {
    std::string damaged = file.content;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
    put_content(file.path, damaged);
    const auto set = read_series(file.path);
    INFO("flipped at byte " << at);
    REQUIRE(set.ok());
    CHECK(set->cut_short);
    CHECK(set->find("n").at(0)->values == std::map<std::int32_t, double>{{1, 10}});
  }
}

TEST_CASE("a newer version of series.tgs is refused by name, and so is another kind of file") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("series.tgs");
  put_content(path, with_header("", 2));
  const auto newer = read_series(path);
  REQUIRE_FALSE(newer.ok());
  CHECK_THAT(newer.error().message,
             Catch::Contains(path) && Catch::Contains("newer tidegate") && Catch::Contains("version 2"));
  put_content(path, std::string(64, 'x'));
  CHECK_FALSE(read_series(path).ok());
  CHECK_FALSE(read_series(scratch.file("absent")).ok());
}

TEST_CASE("kinds of series and blocks that a later version adds are passed over") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("series.tgs");
  using namespace series_format;
  put_content(path, with_header(encode_block(kDefinitions, definition(0, 9, "sketch") + definition(1, 0, "n")) +
                                encode_block(77, "what is this") +
                                encode_block(kRecords, record_of(3, 0, "opaque") + record_of(3, 1, number(4)))));
  const auto set = read_series(path);
  REQUIRE(set.ok());
  CHECK_FALSE(set->cut_short);
  REQUIRE(set->series.size() == 1);
  CHECK(set->series[0].key.metric == "n");
  CHECK(set->series[0].values.at(3) == 4);
}

TEST_CASE("blocks with a right checksum and hostile content are refused whole") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("series.tgs");
  using namespace series_format;
  const std::string good = encode_block(kDefinitions, definition(0, 0, "n") + definition(1, 2, "h")) +
                           encode_block(kRecords, record_of(1, 0, number(1)));
  std::string endless_length;  // a text of 2^63 bytes
  binary::put_varint(endless_length, 0);
  binary::put_fixed(endless_length, std::uint8_t{0});
  binary::put_varint(endless_length, std::uint64_t{1} << 63);
  std::string huge_block;  // claims 4 GiB
  binary::put_fixed(huge_block, kRecords);
  binary::put_fixed(huge_block, std::numeric_limits<std::uint32_t>::max());
  binary::put_fixed(huge_block, std::uint32_t{0});

  const std::pair<const char*, std::string> rows[] = {
      {"a record of a series that is not defined", encode_block(kRecords, record_of(2, 5, number(1)))},
      {"a series id beyond 64 bits", encode_block(kRecords, "\x02" + std::string(10, '\xff') + "\x01")},
      {"a counter of three bytes", encode_block(kRecords, record_of(2, 0, "abc"))},
      {"a histogram that is none", encode_block(kRecords, record_of(2, 1, std::string(5, '\xff')))},
      {"a second in another age", encode_block(kRecords, record_of(std::int64_t{1} << 40, 0, number(1)))},
      {"the least second of all", encode_block(kRecords, record_of(INT64_MIN, 0, number(1)))},
      {"a definition out of order", encode_block(kDefinitions, definition(9, 0, "late"))},
      {"a definition again", encode_block(kDefinitions, definition(0, 0, "n"))},
      {"a text without end", encode_block(kDefinitions, endless_length)},
      {"a block of 4 GiB", huge_block},
      {"half a good record after a whole one",
       encode_block(kRecords, record_of(2, 0, number(1)) + record_of(3, 0, number(1)).substr(0, 5))},
  };
  for (const auto& [what, block] : rows) {
    put_content(path, with_header(good + block + encode_block(kRecords, record_of(4, 0, number(1)))));
    const auto set = read_series(path);
    INFO(what);
    REQUIRE(set.ok());
    CHECK(set->cut_short);
    CHECK_THAT(set->cut_short_reason, Catch::Contains(path));
    CHECK(set->series.size() == 2);
    CHECK(set->series.at(0).values == std::map<std::int32_t, double>{{1, 1}});
  }
}

TEST_CASE("a full disk is one clear error that names the path, and stays") {
  auto created = SeriesWriter::create("/dev/full");
  REQUIRE_FALSE(created.ok());
  CHECK_THAT(created.error().message, Catch::Contains("/dev/full") && Catch::Contains("No space left"));
}
