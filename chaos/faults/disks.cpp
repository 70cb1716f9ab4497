// The faults of a disk: disk_full takes all that is free on the file system of a process's data, disk_hog keeps that
// disk busy. What they write has no name, so the kernel gives the room back when the one who wrote it ends, however.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "base/file.hpp"
#include "chaos/faults/hog.hpp"
#include "chaos/faults/parse.hpp"
#include "chaos/faults/registry.hpp"

namespace tidegate::chaos {
namespace {

namespace fs = std::filesystem;

/// Where the process has a file open for reading and writing: a database stands there, a log does not. Seen through the
/// process's own root, since it may have mounts of its own.
Result<std::string> data_directory_of(int pid) {
  const std::string process = "/proc/" + std::to_string(pid);
  const std::string root = process + "/root";
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(process + "/fd", error)) {
    const auto target = fs::read_symlink(entry.path(), error);
    if (error || !target.is_absolute() || !fs::is_regular_file(root + target.string(), error)) continue;
    const auto info = read_file(process + "/fdinfo/" + entry.path().filename().string());
    const auto flags = info ? info->find("flags:") : std::string::npos;
    if (flags == std::string::npos) continue;
    const auto mode = std::strtoul(info->c_str() + flags + 6, nullptr, 8);
    if ((mode & O_ACCMODE) == O_RDWR) return root + target.parent_path().string();
  }
  return usage_error("process " + std::to_string(pid) +
                     " has no file open for reading and writing; say directory: where its data is");
}

Result<std::string> directory_from(const yaml::Node& parameters, int pid) {
  const auto* directory = parameters.find("directory");
  return directory == nullptr ? data_directory_of(pid) : Result<std::string>(directory->text());
}

FileDescriptor open_nameless(const std::string& directory) {
  return FileDescriptor(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
}

bool same_file_system(const std::string& one, const std::string& other) {
  struct stat a {
  }, b{};
  return ::stat(one.c_str(), &a) == 0 && ::stat(other.c_str(), &b) == 0 && a.st_dev == b.st_dev;
}

/// What must not run out of room: the machine's root, and where the agent itself writes its log.
Result<void> may_be_filled(const std::string& directory) {
  for (const char* other : {"/", "/proc/self/fd/1", "/proc/self/fd/2", "."}) {
    if (!same_file_system(directory, other)) continue;
    return usage_error("the file system of " + directory +
                       " holds more than that data (the machine's root, or what the harness writes): filling it would "
                       "take the run along. Give the data a file system of its own");
  }
  return {};
}

class DiskFull final : public HeldFault {
 public:
  explicit DiskFull(Result<std::string> directory) : directory_(std::move(directory)) {}

  Result<void> inject() override {
    if (!directory_) return directory_.error();
    if (auto allowed = may_be_filled(*directory_); !allowed) return allowed;
    file_ = open_nameless(*directory_);
    if (!file_) return system_error("make a file without a name in " + *directory_, errno);
    return fill();
  }
  // What the process gives back is taken too.
  void tick(Nanoseconds) override {
    if (!file_) return;
    [[maybe_unused]] const auto filled = fill();
    struct statvfs now {};
    if (::fstatvfs(file_.get(), &now) == 0 && now.f_bavail == 0) ++hits_;
  }
  Result<void> heal() override {
    file_.reset();
    return {};
  }
  std::uint64_t hits() const override { return hits_; }

 private:
  Result<void> fill() {
    struct stat status {};
    if (::fstat(file_.get(), &status) != 0) return system_error("look at a file in " + *directory_, errno);
    off_t end = status.st_size;
    for (off_t step = off_t{1} << 40; step >= kSmallest;) {
      if (::fallocate(file_.get(), 0, end, step) == 0) {
        end += step;
      } else if (errno == EOPNOTSUPP) {
        return system_error("take room on the file system of " + *directory_, errno);
      } else if (errno != EINTR) {
        step /= 2;
      }
    }
    return {};
  }

  static constexpr off_t kSmallest = 4096;
  Result<std::string> directory_;
  FileDescriptor file_;
  std::uint64_t hits_ = 0;
};

class DiskHog final : public Hog {
 public:
  DiskHog(Result<std::string> directory, std::size_t block) : directory_(std::move(directory)), block_(block) {}

  Result<void> inject() override {
    if (!directory_) return directory_.error();
    if (!open_nameless(*directory_)) return system_error("make a file without a name in " + *directory_, errno);
    return Hog::inject();
  }

 private:
  // One file, written over and over: the disk is busy, and does not fill.
  void run(Progress& progress) override {
    const FileDescriptor file = open_nameless(*directory_);
    const std::vector<char> block(block_, 'x');
    for (std::uint64_t round = 0; file; ++round) {
      const auto at = static_cast<off_t>(round % kBlocks * block_);
      if (::pwrite(file.get(), block.data(), block.size(), at) < 0 || ::fdatasync(file.get()) != 0) return;
      progress.done = round + 1;
    }
  }

  static constexpr std::uint64_t kBlocks = 16;
  Result<std::string> directory_;
  std::size_t block_;
};

schema::Field directory_field() {
  return schema::optional("directory", schema::text(),
                          "of the data; default: where the process has a file open for reading and writing");
}

void check_directory(const yaml::Node& parameters, Diagnostics& diagnostics) {
  const auto* directory = parameters.find("directory");
  if (directory != nullptr && !directory->text().starts_with('/')) {
    diagnostics.add(directory->mark(), "directory: is an absolute path, such as /srv/data");
  }
}

}  // namespace

FaultKind disk_full_fault() {
  FaultKind kind;
  kind.name = "disk_full";
  kind.target = TargetKind::process;
  kind.summary =
      "Nothing is free on the file system of the process's data; refused unless that is a file system of its own.";
  kind.hit = "a look, ten times a second, that found nothing free";
  kind.recovery = "the room is free again";
  kind.parameters = schema::object({directory_field()}, kind.summary);
  kind.exclusive = true;
  kind.check = check_directory;
  kind.make_held_fault = [](const yaml::Node& parameters, ProcessTarget target) -> std::unique_ptr<HeldFault> {
    return std::make_unique<DiskFull>(directory_from(parameters, target.pid()));
  };
  return kind;
}

FaultKind disk_hog_fault() {
  FaultKind kind;
  kind.name = "disk_hog";
  kind.target = TargetKind::process;
  kind.summary = "A slow disk: a neighbour writes and syncs without rest on the file system of the process's data.";
  kind.hit = "a sync of the neighbour's";
  kind.recovery = "the neighbour ends, and what it wrote is gone";
  kind.parameters = schema::object(
      {schema::optional("block", schema::bytes(), "written before each sync; default 4MiB"), directory_field()},
      kind.summary);
  kind.check = [](const yaml::Node& parameters, Diagnostics& diagnostics) {
    check_directory(parameters, diagnostics);
    const auto* block = parameters.find("block");
    if (block == nullptr) return;
    const auto bytes = schema::as_bytes(*block);
    if (bytes == 0 || bytes > 256 << 20) diagnostics.add(block->mark(), "block: from 1B to 256MiB");
  };
  kind.make_held_fault = [](const yaml::Node& parameters, ProcessTarget target) -> std::unique_ptr<HeldFault> {
    return std::make_unique<DiskHog>(directory_from(parameters, target.pid()),
                                     static_cast<std::size_t>(bytes_or(parameters, "block", 4 << 20)));
  };
  return kind;
}

}  // namespace tidegate::chaos
