#include "platform/reconciliation/ingest.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "base/file.hpp"
#include "base/json.hpp"
#include "base/random.hpp"

namespace tidegate::platform::reconciliation {
namespace {

constexpr std::size_t kRead = 4 * 1024 * 1024;
constexpr std::size_t kBucketBuffer = 256 * 1024;
constexpr std::int64_t kCheckpointEvery = std::int64_t{128} * 1024 * 1024;  // of input
constexpr std::size_t kLongestLine = 64 * 1024;

std::string_view name_of(Side side) {
  return side == Side::ours ? "ours" : "statement";
}

/// A file that is appended to, and can be cut back to a checkpoint.
struct Appended {
  FileDescriptor file;
  std::string path, buffer;
  std::int64_t size = 0;  // with what is in the buffer

  Result<void> open(const std::string& at, std::int64_t keep) {
    path = at;
    size = keep;
    file = FileDescriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    if (!file) return system_error("open " + path, errno);
    if (ftruncate(file.get(), keep) != 0) return system_error("cut " + path, errno);
    buffer.reserve(kBucketBuffer + 4096);
    return {};
  }
  Result<void> flush() {
    auto written = write_all(file.get(), buffer, path);
    buffer.clear();
    return written;
  }
};

class SideIngest {
 public:
  SideIngest(const std::string& directory, Side side) : directory_(directory), side_(side) {}

  Result<void> open() {
    auto sizes = load();
    if (!sizes) return sizes.error();
    for (std::size_t i = 0; i < files_.size(); ++i) {
      const std::string path =
          i < kBuckets ? bucket_path(directory_, side_, static_cast<int>(i)) : malformed_path(directory_, side_);
      if (auto opened = files_[i].open(path, (*sizes)[i]); !opened) return opened;
    }
    input_ = FileDescriptor(::open(input_path(directory_, side_).c_str(), O_RDONLY | O_CLOEXEC));
    if (!input_) return system_error("read " + input_path(directory_, side_), errno);
    struct stat status {};
    if (fstat(input_.get(), &status) != 0) return system_error("look at " + input_path(directory_, side_), errno);
    whole_ = status.st_size;
    return {};
  }

  bool done() const { return finished_; }
  std::int64_t offset() const { return offset_; }
  std::int64_t whole() const { return whole_; }

  /// The next piece of input; the last one finishes the side.
  Result<void> step() {
    const std::size_t kept = pending_.size();
    pending_.resize(kept + kRead);
    const ssize_t got = pread(input_.get(), pending_.data() + kept, kRead, offset_ + static_cast<std::int64_t>(kept));
    if (got < 0) return system_error("read " + input_path(directory_, side_), errno);
    pending_.resize(kept + static_cast<std::size_t>(got));
    if (auto taken = take_lines(got == 0); !taken) return taken;
    if (got == 0) {
      finished_ = true;
      return save();
    }
    return offset_ - saved_at_ >= kCheckpointEvery ? save() : Result<void>{};
  }

 private:
  std::string state_path() const { return directory_ + "/ingest-" + std::string(name_of(side_)) + ".json"; }

  Result<std::array<std::int64_t, kBuckets + 1>> load() {
    std::array<std::int64_t, kBuckets + 1> sizes{};
    const auto text = read_file(state_path());
    if (!text) return sizes;  // the beginning
    const auto parsed = parse_json(*text);
    if (!parsed || !parsed->is_object()) return machine_error(state_path() + " is no checkpoint");
    const json::object& state = parsed->as_object();
    offset_ = saved_at_ = integer_member(state, "offset").value_or(0);
    line_ = integer_member(state, "line").value_or(0);
    finished_ = boolean_member(state, "finished").value_or(false);
    const json::value* listed = state.if_contains("sizes");
    if (listed == nullptr || !listed->is_array() || listed->as_array().size() != sizes.size()) {
      return machine_error(state_path() + " is no checkpoint");
    }
    for (std::size_t i = 0; i < sizes.size(); ++i) sizes[i] = listed->as_array()[i].to_number<std::int64_t>();
    return sizes;
  }

  Result<void> save() {
    json::array sizes;
    for (Appended& file : files_) {
      if (auto flushed = file.flush(); !flushed) return flushed;
      sizes.emplace_back(file.size);
    }
    saved_at_ = offset_;
    return write_checkpoint(
        state_path(), json::serialize(json::object{
                          {"offset", offset_}, {"line", line_}, {"finished", finished_}, {"sizes", std::move(sizes)}}));
  }

  Result<void> take_lines(bool last) {
    std::string_view rest = pending_;
    while (!rest.empty()) {
      const void* feed = std::memchr(rest.data(), '\n', rest.size());
      if (feed == nullptr && !last && rest.size() <= kLongestLine) break;
      const std::size_t size =
          feed == nullptr ? rest.size() : static_cast<std::size_t>(static_cast<const char*>(feed) - rest.data());
      if (auto taken = take_line(rest.substr(0, size)); !taken) return taken;
      const std::size_t used = feed == nullptr ? size : size + 1;
      rest.remove_prefix(used);
      offset_ += static_cast<std::int64_t>(used);
    }
    pending_.erase(0, pending_.size() - rest.size());
    return {};
  }

  Result<void> take_line(std::string_view line) {
    ++line_;
    if (line_ == 1 || line.empty()) return {};
    const auto row = parse_row(side_, line);
    std::size_t number = kBuckets;
    record_.clear();
    if (row) {
      // The high bits: the matcher's table uses the low ones.
      number = stable_hash(row->reference) >> 58U;
      append_record(record_, *row);
    } else {
      record_ = std::to_string(line_) + "," + row.error().message + "\n";
    }
    Appended& file = files_[number];
    file.buffer += record_;
    file.size += static_cast<std::int64_t>(record_.size());
    return file.buffer.size() >= kBucketBuffer ? file.flush() : Result<void>{};
  }

  const std::string& directory_;
  const Side side_;
  std::array<Appended, kBuckets + 1> files_;  // the buckets, and the malformed lines
  FileDescriptor input_;
  std::string pending_, record_;
  std::int64_t offset_ = 0, whole_ = 0, line_ = 0, saved_at_ = 0;
  bool finished_ = false;
};

static_assert(kBuckets == 1 << 6);  // of 64 - 58 bits

}  // namespace

std::string bucket_path(const std::string& directory, Side side, int bucket) {
  return directory + "/buckets/" + std::string(name_of(side)) + "-" + std::to_string(bucket);
}

std::string input_path(const std::string& directory, Side side) {
  return directory + "/" + std::string(name_of(side)) + ".csv";
}

std::string malformed_path(const std::string& directory, Side side) {
  return directory + "/malformed-" + std::string(name_of(side)) + ".csv";
}

Result<void> ingest_side(const std::string& directory, Side side, const std::atomic<bool>& stopping,
                         const std::function<void(std::int64_t, std::int64_t)>& tell) {
  if (auto made = make_directories(directory + "/buckets"); !made) return made;
  SideIngest ingest(directory, side);
  if (auto opened = ingest.open(); !opened) return opened;
  while (!ingest.done()) {
    if (stopping) return closed_error("the reconciliation was stopped; it goes on from its checkpoint");
    if (auto done = ingest.step(); !done) return done;
    tell(ingest.offset(), ingest.whole());
  }
  return {};
}

Result<void> write_checkpoint(const std::string& path, std::string_view content) {
  const std::string part = path + ".part";
  const FileDescriptor file(::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file) return system_error("make " + part, errno);
  if (auto written = write_all(file.get(), content, part); !written) return written;
  if (std::rename(part.c_str(), path.c_str()) != 0) return system_error("name " + path, errno);
  return {};
}

Result<std::int64_t> count_malformed(const std::string& directory, Side side) {
  const auto text = read_file(malformed_path(directory, side));
  if (!text) return text.error();
  return static_cast<std::int64_t>(std::count(text->begin(), text->end(), '\n'));
}

}  // namespace tidegate::platform::reconciliation
