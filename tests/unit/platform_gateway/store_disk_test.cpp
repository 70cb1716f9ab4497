// A disk that refuses and a process that dies.

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <set>

#include "tests/unit/platform_gateway/scratch.hpp"
#include "tests/unit/platform_gateway/store_support.hpp"

namespace tidegate::platform {
namespace {

using test::HeldWriter;
using test::insert_item;
using test::items_of;
using test::open_items;
using test::Outcomes;
using test::ScratchDirectory;

/// No file of this process grows beyond the limit: what a full disk looks like to a program.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    previous_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &previous_);
    rlimit limited = previous_;
    limited.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limited);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &previous_);
    std::signal(SIGXFSZ, previous_handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit previous_{};
  void (*previous_handler_)(int) = SIG_DFL;
};

std::string integrity_of(Store& store) {
  auto reader = store.reader();
  REQUIRE(reader.ok());
  std::string text;
  REQUIRE((*reader)
              ->query("PRAGMA integrity_check", {},
                      [&](const Row& row) {
                        text += row.text(0);
                        return true;
                      })
              .ok());
  return text;
}

TEST_CASE("store: a full disk surfaces to each unit, reads go on, and it recovers without help") {
  const ScratchDirectory scratch;
  auto store = open_items(scratch.path());
  REQUIRE(store->run(insert_item(1, "before")).ok());
  Outcomes outcomes;
  {
    const FullDisk full(1);
    {
      HeldWriter held(*store);
      for (int i = 2; i <= 6; ++i) store->submit(insert_item(i, std::string(3000, 'x')), outcomes.expect(i));
    }
    for (const auto& [number, outcome] : outcomes.wait_for(5)) {
      INFO(number);
      REQUIRE_FALSE(outcome.ok());
      CHECK(outcome.error().kind == Error::Kind::machine);
    }
    CHECK(items_of(*store).size() == 1);
    CHECK_FALSE(store->run(insert_item(7)).ok());
  }
  CHECK(store->run(insert_item(8, "after")).ok());
  CHECK(items_of(*store) == std::map<std::int64_t, std::string>{{1, "before"}, {8, "after"}});
  CHECK(integrity_of(*store) == "ok");
}

TEST_CASE("store: a disk that fills up in the middle of a group acknowledges nothing of it") {
  const ScratchDirectory scratch;
  auto store = open_items(scratch.path());
  REQUIRE(store->run(insert_item(1)).ok());
  // Enough for the first units' pages, not for all: pages spill into the log before the commit.
  const FullDisk full(8 << 20);
  Outcomes outcomes;
  {
    HeldWriter held(*store);
    for (int i = 0; i < 64; ++i) {
      store->submit(insert_item(100 + i, std::string(1 << 20, 'x')), outcomes.expect(i));
    }
  }
  std::size_t acknowledged = 0;
  for (const auto& [number, outcome] : outcomes.wait_for(64)) acknowledged += outcome.ok() ? 1 : 0;
  CHECK(acknowledged == 0);
  CHECK(items_of(*store).size() == 1);
  CHECK(integrity_of(*store) == "ok");
}

/// Two rows per unit; writes the id of each acknowledged unit to the pipe, until it is killed.
[[noreturn]] void write_until_killed(const std::string& directory, std::int64_t first, int pipe) {
  auto opened = open_sqlite_store(directory, "items", test::kItems);
  if (!opened) ::_exit(3);
  Store& store = **opened;
  for (std::int64_t id = first;; id += 2) {
    while (store.queue_depth() > 64) ::usleep(50);
    store.submit(
        [id](Connection& connection) -> Result<void> {
          if (auto done = insert_item(id, "first")(connection); !done) return done;
          return insert_item(id + 1, "second")(connection);
        },
        [id, pipe](const Result<void>& outcome) {
          if (!outcome || ::write(pipe, &id, sizeof id) != sizeof id) ::_exit(4);
        });
  }
}

/// The ids that the child acknowledged before it died.
std::vector<std::int64_t> kill_after(const std::string& directory, std::int64_t first, std::size_t acknowledged) {
  int pipe[2];
  REQUIRE(::pipe2(pipe, O_CLOEXEC) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) write_until_killed(directory, first, pipe[1]);
  ::close(pipe[1]);
  std::vector<std::int64_t> ids;
  std::int64_t id = 0;
  while (::read(pipe[0], &id, sizeof id) == sizeof id) {
    ids.push_back(id);
    if (ids.size() == acknowledged) ::kill(child, SIGKILL);  // what is in the pipe is still read
  }
  ::close(pipe[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  return ids;
}

TEST_CASE("store: kill -9 in the middle of the stream loses nothing that was acknowledged") {
  const ScratchDirectory scratch;
  std::set<std::int64_t> acknowledged;
  std::int64_t first = 1;
  for (const std::size_t after : {1, 17, 300, 5, 1000}) {  // a fresh file, a small log, beyond a checkpoint
    for (const std::int64_t id : kill_after(scratch.path(), first, after)) acknowledged.insert(id);
    auto store = open_items(scratch.path());
    const auto items = items_of(*store);
    for (const std::int64_t id : acknowledged) {
      const bool whole = items.count(id) == 1 && items.count(id + 1) == 1;
      if (!whole) FAIL("unit " << id << " was acknowledged and is lost");
    }
    for (const auto& [id, note] : items) {  // what was not acknowledged is there as a whole or not at all
      if (note == "first" && items.count(id + 1) == 0) FAIL("unit " << id << " is there by half");
    }
    CHECK(items.size() % 2 == 0);
    CHECK(integrity_of(*store) == "ok");
    first = items.rbegin()->first + 1;
  }
  CHECK(acknowledged.size() >= 1323);
}

}  // namespace
}  // namespace tidegate::platform
