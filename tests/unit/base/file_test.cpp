#include "base/file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <thread>

#include "tests/support/catch.hpp"
#include "tests/unit/base/scratch.hpp"

namespace tidegate {
namespace {

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}

}  // namespace

TEST_CASE("a descriptor is closed once, by its last owner") {
  FileDescriptor first(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  REQUIRE(first);
  const int fd = first.get();
  FileDescriptor second = std::move(first);
  CHECK_FALSE(first);  // NOLINT: the state after the move is the point
  CHECK(second.get() == fd);
  second = std::move(second);  // NOLINT: to itself
  CHECK(is_open(fd));
  second.reset(fd);  // the same one: nothing to close
  CHECK(is_open(fd));
  second.reset();
  CHECK_FALSE(is_open(fd));
  CHECK_FALSE(FileDescriptor());
}

TEST_CASE("a released descriptor stays open") {
  FileDescriptor owner(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int fd = owner.release();
  CHECK_FALSE(owner);
  CHECK(is_open(fd));
  ::close(fd);
}

TEST_CASE("what is written atomically is read back whole") {
  const test::ScratchDirectory scratch;
  const std::string path = scratch / "result.json";
  const std::string content("with a \0 byte and \n lines", 25);
  REQUIRE(write_file_atomically(path, "older and longer than what comes next").ok());
  REQUIRE(write_file_atomically(path, content).ok());
  CHECK(*read_file(path) == content);
  CHECK(std::distance(std::filesystem::directory_iterator(scratch.path()), {}) == 1);  // no temporary file is left
  REQUIRE(write_file_atomically(path, "").ok());
  CHECK(read_file(path)->empty());
}

TEST_CASE("a reader meets the old or the new content, never a part") {
  const test::ScratchDirectory scratch;
  const std::string path = scratch / "state";
  const std::string old_content(100'000, 'a'), new_content(200'000, 'b');
  REQUIRE(write_file_atomically(path, old_content).ok());
  std::thread writer([&] {
    for (int i = 0; i < 50; ++i) (void)write_file_atomically(path, i % 2 ? old_content : new_content);
  });
  int torn = 0;
  for (int i = 0; i < 200; ++i) {
    const auto content = read_file(path);
    if (!content || (*content != old_content && *content != new_content)) ++torn;
  }
  writer.join();
  CHECK(torn == 0);
}

TEST_CASE("errors name the path and the cause") {
  const test::ScratchDirectory scratch;
  const auto absent = read_file(scratch / "absent");
  REQUIRE_FALSE(absent.ok());
  CHECK(absent.error().kind == Error::Kind::machine);
  CHECK(absent.error().message == "open " + (scratch / "absent") + ": No such file or directory");

  const auto directory = read_file(scratch.path());
  REQUIRE_FALSE(directory.ok());
  CHECK(directory.error().message.find("Is a directory") != std::string::npos);

  const auto nowhere = write_file_atomically(scratch / "no/such/place", "x");
  REQUIRE_FALSE(nowhere.ok());
  CHECK(nowhere.error().message.find("no/such/place") != std::string::npos);

  // Renaming over a directory fails; the temporary file must go.
  const auto over_directory = write_file_atomically(scratch.path(), "x");
  CHECK_FALSE(over_directory.ok());
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::temp_directory_path())) {
    CHECK(entry.path().string().find(scratch.path() + ".tmp.") == std::string::npos);
  }
}

TEST_CASE("a full disk is an error that says so") {
  const FileDescriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  REQUIRE(full);
  const auto written = write_all(full.get(), "x", "runs/1/requests.log");
  REQUIRE_FALSE(written.ok());
  CHECK(written.error().message == "write runs/1/requests.log: No space left on device");
  CHECK(write_all(full.get(), "", "nothing").ok());
}

TEST_CASE("a short write is continued") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const FileDescriptor read_end(ends[0]);
  FileDescriptor write_end(ends[1]);
  const std::string content(500'000, 'x');  // more than a pipe holds
  std::size_t got = 0;
  std::thread reader([&] {
    char buffer[4096];
    for (ssize_t n = 0; (n = ::read(read_end.get(), buffer, sizeof buffer)) > 0;) got += static_cast<std::size_t>(n);
  });
  const auto written = write_all(write_end.get(), content, "pipe");
  write_end.reset();
  reader.join();
  CHECK(written.ok());
  CHECK(got == content.size());
}

TEST_CASE("directories are made with their parents, and a file in the way is an error") {
  const test::ScratchDirectory scratch;
  CHECK(make_directories(scratch / "a/b/c").ok());
  CHECK(make_directories(scratch / "a/b/c").ok());
  CHECK(std::filesystem::is_directory(scratch / "a/b/c"));
  REQUIRE(write_file_atomically(scratch / "file", "").ok());
  CHECK_FALSE(make_directories(scratch / "file").ok());
  CHECK_FALSE(make_directories(scratch / "file/below").ok());
}

TEST_CASE("a program knows where it is") {
  CHECK(executable_path() == executable_directory() + "/unit_base");
  CHECK(std::filesystem::exists(executable_path()));
}

}  // namespace tidegate
