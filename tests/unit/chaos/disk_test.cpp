// The faults of a disk, on a file system that the test made for itself, as far as this machine lets it.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "tests/support/catch.hpp"
#include "tests/unit/chaos/support/child.hpp"
#include "tests/unit/chaos/support/proxy_host.hpp"
#include "tests/unit/chaos/support/sockets.hpp"

using namespace tidegate;
using namespace tidegate::chaos;
using namespace tidegate::chaos::test;

namespace {

/// A small file system in a directory that goes away with the object.
class SmallDisk {
 public:
  SmallDisk() : mounted_(::mount("none", directory_.path().c_str(), "tmpfs", 0, "size=2m") == 0) {}
  ~SmallDisk() {
    if (mounted_) ::umount2(path().c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  const std::string& path() const { return directory_.path(); }
  std::uint64_t free() const {
    struct statvfs now {};
    return ::statvfs(path().c_str(), &now) == 0 ? now.f_bavail * now.f_frsize : 0;
  }

 private:
  TemporaryDirectory directory_;
  bool mounted_;
};

/// A process that has a file open in the directory, as a database would.
ChildProcess start_owner(const std::string& directory) {
  ChildProcess child = start_child({"sh", "-c", "exec 3<>" + directory + "/database; exec sleep 600"});
  REQUIRE(eventually([&] { return ::access((directory + "/database").c_str(), F_OK) == 0; }));
  return child;
}

Result<FaultReport> inject(ProxyHost& host, const LeaseRequest& lease) {
  return host.on_thread([&] { return host.state().inject(lease); });
}

bool hits_come(ProxyHost& host) {
  return eventually([&] {
    host.on_thread([&] {
      host.state().check();
      return 0;
    });
    return host.hits("f") >= 2;
  });
}

}  // namespace

TEST_CASE("disk_full: nothing is free where the process's database stands, and all is at the heal") {
  const SmallDisk disk;
  if (!disk.mounted()) {
    WARN("this machine lets the test mount nothing: " << std::strerror(errno));
    return;
  }
  ChildProcess owner = start_owner(disk.path());
  ProxyHost host{""};
  const std::uint64_t before = disk.free();
  REQUIRE(before > 1'000'000);
  const auto injected = inject(host, lease_on(owner, "disk_full", "{}"));
  INFO((injected ? "" : injected.error().message));
  REQUIRE(injected.ok());
  CHECK(disk.free() == 0);
  CHECK(hits_come(host));
  const FileDescriptor victim(::open((disk.path() + "/database").c_str(), O_WRONLY));
  REQUIRE(victim);
  CHECK(::pwrite(victim.get(), "x", 1, 1 << 20) < 0);
  host.heal("f");
  CHECK(disk.free() == before);
  CHECK(::pwrite(victim.get(), "x", 1, 1 << 20) == 1);
}

TEST_CASE("disk_full: a mount that the process alone sees is found through its root") {
  TemporaryDirectory directory;
  const std::string at = directory.path();
  ChildProcess owner =
      start_child({"unshare", "--map-root-user", "--mount", "sh", "-c",
                   "mount -t tmpfs -o size=2m none " + at + " && exec 3<>" + at + "/database && exec sleep 600"});
  const std::string seen = "/proc/" + std::to_string(owner.pid()) + "/root" + at;
  if (!eventually([&] { return owner.poll().has_value() || ::access((seen + "/database").c_str(), F_OK) == 0; }) ||
      owner.poll()) {
    WARN("this machine lets users make no namespaces");
    return;
  }
  const auto free = [&] {
    struct statvfs now {};
    return ::statvfs(seen.c_str(), &now) == 0 ? now.f_bavail * now.f_frsize : 0;
  };
  ProxyHost host{""};
  const std::uint64_t before = free();
  REQUIRE(before > 1'000'000);
  const auto injected = inject(host, lease_on(owner, "disk_full", "{}"));
  INFO((injected ? "" : injected.error().message));
  REQUIRE(injected.ok());
  CHECK(free() == 0);
  host.heal("f");
  CHECK(free() == before);
}

TEST_CASE("disk_full: a file system that the machine or the harness needs is refused") {
  TemporaryDirectory directory;
  ChildProcess owner = start_owner(directory.path());
  ProxyHost host{""};
  for (const std::string& parameters :
       {std::string("{}"), "{directory: " + directory.path() + "}", std::string("{directory: /}")}) {
    INFO(parameters);
    const auto refused = inject(host, lease_on(owner, "disk_full", parameters));
    REQUIRE_FALSE(refused.ok());
    CHECK_THAT(refused.error().message, Catch::Contains("file system of its own"));
  }
}

TEST_CASE("disk faults: a process without data, and a directory that is none, are refused") {
  ProcessOptions options;
  options.command = {"sleep", "600"};
  options.output_path = "/dev/null";
  auto child = ChildProcess::start(options);
  REQUIRE(child.ok());
  ProxyHost host{""};
  const char* kind = GENERATE("disk_full", "disk_hog");
  const auto nothing = inject(host, lease_on(*child, kind, "{}"));
  REQUIRE_FALSE(nothing.ok());
  CHECK_THAT(nothing.error().message, Catch::Contains("say directory:"));
  CHECK_FALSE(inject(host, lease_on(*child, kind, "{directory: /does/not/exist}")).ok());
}

TEST_CASE("disk_hog: a neighbour writes and syncs, and leaves nothing behind") {
  TemporaryDirectory directory;
  ChildProcess owner = start_owner(directory.path());
  ProxyHost host{""};
  const auto injected = inject(host, lease_on(owner, "disk_hog", "{block: 64KiB}"));
  INFO((injected ? "" : injected.error().message));
  REQUIRE(injected.ok());
  CHECK(hits_come(host));
  host.heal("f");
  const auto hits = host.hits("f");
  wait_a_little();
  CHECK(host.hits("f") == hits);
}
