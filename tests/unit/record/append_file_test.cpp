#include "record/append_file.hpp"

#include <csignal>

#include <sys/resource.h>

#include "record/series.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/record/scratch_directory.hpp"

using namespace tidegate;
using namespace tidegate::record;
using test::content_of;
using test::put_content;
using test::ScratchDirectory;

namespace {

/// While it lives, no file of this process grows beyond the limit: a disk that fills in the middle of a write.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : old_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    TIDEGATE_ASSERT(::getrlimit(RLIMIT_FSIZE, &old_) == 0);
    const rlimit lower{bytes, old_.rlim_max};
    TIDEGATE_ASSERT(::setrlimit(RLIMIT_FSIZE, &lower) == 0);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  void (*old_handler_)(int);
  rlimit old_{};
};

}  // namespace

TEST_CASE("a block that does not fit is taken back whole") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("f");
  auto file = AppendFile::create(path, "head");
  REQUIRE(file.ok());
  REQUIRE(file->append("block").ok());
  Result<void> too_much;
  {
    const FileSizeLimit limit(12);  // 9 bytes are there, 3 more fit
    too_much = file->append("does not fit");
  }
  REQUIRE_FALSE(too_much.ok());
  CHECK_THAT(too_much.error().message, Catch::Contains(path));
  CHECK(content_of(path) == "headblock");
  CHECK(file->size() == 9);
  REQUIRE(file->append("more").ok());  // once there is space again
  CHECK(content_of(path) == "headblockmore");
}

TEST_CASE("a file is continued after its whole part") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("f");
  put_content(path, "whole|torn");
  auto file = AppendFile::continue_at(path, 6);
  REQUIRE(file.ok());
  REQUIRE(file->append("next").ok());
  CHECK(content_of(path) == "whole|next");
  CHECK_FALSE(AppendFile::continue_at(scratch.file("absent"), 0).ok());
  CHECK_FALSE(AppendFile::create(scratch.file("absent/f"), "").ok());
}

TEST_CASE("series written before the disk filled stay readable, and the error stays the same") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("series.tgs");
  auto writer = SeriesWriter::create(path);
  REQUIRE(writer.ok());
  SeriesKey key;
  key.metric = "n";
  const SeriesId n = (*writer)->intern(key);
  (*writer)->add(1, n, 1);
  REQUIRE((*writer)->flush().ok());
  Result<void> first, second;
  {
    const FileSizeLimit limit(content_of(path).size() + 5);
    (*writer)->add(2, n, 1);
    first = (*writer)->flush();
  }
  (*writer)->add(3, n, 1);
  second = (*writer)->flush();  // space again, but second 2 is lost: the writer does not pretend
  REQUIRE_FALSE(first.ok());
  REQUIRE_FALSE(second.ok());
  CHECK_THAT(first.error().message, Catch::Contains(path));
  CHECK(second.error().message == first.error().message);
  const auto set = read_series(path);
  REQUIRE(set.ok());
  CHECK_FALSE(set->cut_short);
  CHECK(set->series.at(0).values == std::map<std::int32_t, double>{{1, 1}});
}
