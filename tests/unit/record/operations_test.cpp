#include "record/operations.hpp"

#include "record/operation_codec.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/record/scratch_directory.hpp"

using namespace tidegate;
using namespace tidegate::record;
using operation_codec::kRecordSize;
using test::content_of;
using test::put_content;
using test::ScratchDirectory;

namespace {

Operation operation(std::uint64_t iteration, OperationEvent event = OperationEvent::ok) {
  Operation out;
  out.time = Nanoseconds{-5 + static_cast<std::int64_t>(iteration)};
  out.event = event;
  out.block = 65535;
  out.step = 2;
  out.attempt = 3;
  out.status = 202;
  out.repeat = true;
  out.iteration = iteration;
  out.scope = ~std::uint64_t{0};
  out.amount = -12'345;
  out.body = 0xdeadbeef;
  out.set_kind("payment");
  out.set_currency("EUR");
  out.set_key("key-" + std::to_string(iteration));
  out.set_id("pay_1");
  return out;
}

void write_file_of(const std::string& path, std::size_t count) {
  auto writer = OperationWriter::create(path);
  REQUIRE(writer.ok());
  std::vector<Operation> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back(operation(i));
  REQUIRE((*writer)->write(all).ok());
}

}  // namespace

TEST_CASE("operations come back field by field") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("operations.tgo");
  {
    auto writer = OperationWriter::create(path);
    REQUIRE(writer.ok());
    REQUIRE((*writer)->write({}).ok());
    const Operation all[] = {operation(1, OperationEvent::invoke), operation(2, OperationEvent::resolved_fail)};
    REQUIRE((*writer)->write(all).ok());
  }
  CHECK(content_of(path).size() == kFileHeaderSize + 2 * kRecordSize);
  const auto log = read_operations(path);
  REQUIRE(log.ok());
  CHECK_FALSE(log->cut_short);
  REQUIRE(log->operations.size() == 2);
  const Operation& have = log->operations[0];
  const Operation want = operation(1, OperationEvent::invoke);
  CHECK(have.time == want.time);
  CHECK(have.event == OperationEvent::invoke);
  CHECK(have.block == 65535);
  CHECK(have.step == 2);
  CHECK(have.attempt == 3);
  CHECK(have.status == 202);
  CHECK(have.repeat);
  CHECK_FALSE(have.truncated);
  CHECK(have.iteration == 1);
  CHECK(have.scope == ~std::uint64_t{0});
  CHECK(have.amount == -12'345);
  CHECK(have.body == 0xdeadbeef);
  CHECK(have.kind_text() == "payment");
  CHECK(have.currency_text() == "EUR");
  CHECK(have.key_text() == "key-1");
  CHECK(have.id_text() == "pay_1");
  CHECK(log->operations[1].event == OperationEvent::resolved_fail);
}

TEST_CASE("a mark is added to the record where it stands, and to no other") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("operations.tgo");
  write_file_of(path, 5);
  const TouchedOperation marks[] = {{1, 1}, {4, std::uint64_t{1} << 63}, {1, 4}};
  REQUIRE(mark_touched(path, marks).ok());
  const auto log = read_operations(path);
  REQUIRE(log.ok());
  CHECK_FALSE(log->cut_short);
  REQUIRE(log->operations.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(log->operations[i].touched == (i == 1 ? 5 : i == 4 ? std::uint64_t{1} << 63 : 0));
    CHECK(log->operations[i].key_text() == "key-" + std::to_string(i));
  }
  const TouchedOperation beyond[] = {{5, 1}};
  CHECK_FALSE(mark_touched(path, beyond).ok());
  CHECK(mark_touched(scratch.file("none.tgo"), {}).ok());
  CHECK_FALSE(mark_touched(scratch.file("none.tgo"), beyond).ok());
}

TEST_CASE("texts that do not fit are cut and marked; a field set again forgets the old text") {
  Operation one;
  one.set_key(std::string(64, 'k'));  // exactly full
  CHECK_FALSE(one.truncated);
  CHECK(one.key_text() == std::string(64, 'k'));
  one.set_key("short");
  CHECK(one.key_text() == "short");
  one.set_currency("EURO");  // four letters fit
  CHECK_FALSE(one.truncated);
  one.set_id(std::string(49, 'i'));
  CHECK(one.truncated);
  CHECK(one.id_text() == std::string(48, 'i'));
  one.set_id("x");
  CHECK(one.truncated);  // once cut, marked for good
}

TEST_CASE("more operations than one write takes all arrive") {
  const ScratchDirectory scratch;
  write_file_of(scratch.file("o"), 10'000);
  const auto log = read_operations(scratch.file("o"));
  REQUIRE(log.ok());
  REQUIRE(log->operations.size() == 10'000);
  CHECK(log->operations.back().iteration == 9'999);
  CHECK_FALSE(log->cut_short);
}

TEST_CASE("a history torn at any byte of its last record keeps the others, and can be continued") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("o");
  write_file_of(path, 3);
  const std::string whole = content_of(path);
  for (std::size_t missing = 1; missing <= kRecordSize; ++missing) {
    INFO(missing << " bytes missing");
    put_content(path, whole.substr(0, whole.size() - missing));
    const auto torn = read_operations(path);
    REQUIRE(torn.ok());
    CHECK(torn->cut_short == (missing != kRecordSize));
    CHECK(torn->operations.size() == 2);

    auto writer = OperationWriter::append_to(path);
    REQUIRE(writer.ok());
    const Operation resolution = operation(77, OperationEvent::resolved_ok);
    REQUIRE((*writer)->write({&resolution, 1}).ok());
    const auto continued = read_operations(path);
    REQUIRE(continued.ok());
    CHECK_FALSE(continued->cut_short);
    REQUIRE(continued->operations.size() == 3);
    CHECK(continued->operations[2].iteration == 77);
  }
}

TEST_CASE("a flipped bit anywhere in a record ends the history before it") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("o");
  write_file_of(path, 3);
  const std::string whole = content_of(path);
  for (std::size_t at = 0; at < kRecordSize; ++at) {
    std::string damaged = whole;
    char& byte = damaged[kFileHeaderSize + kRecordSize + at];
    byte = static_cast<char>(byte ^ (1 << (at % 8)));
    put_content(path, damaged);
    const auto log = read_operations(path);
    INFO("byte " << at);
    REQUIRE(log.ok());
    CHECK(log->cut_short);
    CHECK(log->operations.size() == 1);
  }
}

TEST_CASE("histories of a newer version, with another record size, or of another kind are refused") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("o");
  const std::pair<FileHeader, const char*> rows[] = {
      {{"TGOPERAT", operation_codec::kHeader.version + 1, kRecordSize}, "newer tidegate"},
      {{"TGOPERAT", operation_codec::kHeader.version - 1, kRecordSize}, "is unknown"},
      {{"TGOPERAT", operation_codec::kHeader.version, 64}, "header says 64"},
      {{"TGSERIES", 1, 0}, "not a file of this kind"},
  };
  for (const auto& [header, message] : rows) {
    put_content(path, encode_header(header));
    const auto read = read_operations(path);
    REQUIRE_FALSE(read.ok());
    CHECK_THAT(read.error().message, Catch::Contains(message) && Catch::Contains(path));
    CHECK_FALSE(OperationWriter::append_to(path).ok());
  }
  put_content(path, "");
  CHECK_FALSE(read_operations(path).ok());
  CHECK_FALSE(OperationWriter::append_to(scratch.file("absent")).ok());
}

TEST_CASE("an event that this version does not know ends the history") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("o");
  std::string bytes = encode_header(operation_codec::kHeader);
  operation_codec::encode(operation(1), bytes);
  operation_codec::encode(operation(2, static_cast<OperationEvent>(7)), bytes);  // right checksum
  put_content(path, bytes);
  const auto log = read_operations(path);
  REQUIRE(log.ok());
  CHECK(log->cut_short);
  CHECK(log->operations.size() == 1);
}

TEST_CASE("a full disk is told by the path of the history") {
  auto writer = OperationWriter::create("/dev/full");
  REQUIRE_FALSE(writer.ok());
  CHECK_THAT(writer.error().message, Catch::Contains("/dev/full") && Catch::Contains("No space left"));
}

TEST_CASE("each operation event has its word") {
  CHECK(to_string(OperationEvent::invoke) == "invoke");
  CHECK(to_string(OperationEvent::unknown) == "unknown");
  CHECK(to_string(OperationEvent::resolved_ok) == "resolved_ok");
  CHECK(to_string(OperationEvent::read) == "read");
}

TEST_CASE("single records by their position, and a visit of all") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("o");
  write_file_of(path, 5000);
  OperationReader reader(path);
  for (const std::uint64_t position : {std::uint64_t{4999}, std::uint64_t{0}, std::uint64_t{17}}) {
    const auto one = reader.at(position);
    REQUIRE(one.ok());
    CHECK(one->iteration == position);
  }
  CHECK_FALSE(reader.at(5000).ok());
  CHECK_FALSE(OperationReader(scratch.file("absent")).at(0).ok());
  std::uint64_t count = 0;
  const auto cut = visit_operations(path, [&count](const Operation& one) { CHECK(one.iteration == count++); });
  REQUIRE(cut.ok());
  CHECK_FALSE(*cut);
  CHECK(count == 5000);
}
