#pragma once
// A blocking TCP client whose every wait has a deadline.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.hpp"
#include "base/time.hpp"

namespace tidegate::chaos::test {

inline constexpr Nanoseconds kDeadline = std::chrono::seconds(20);

/// Calls `condition` until it says true; false when the deadline passed first.
template <typename Condition>
bool eventually(Condition condition, Nanoseconds limit = kDeadline);
void wait_a_little();

class TestClient {
 public:
  /// "127.0.0.1:PORT"; not connected when refused or silent.
  explicit TestClient(const std::string& address);
  explicit TestClient(FileDescriptor connected) : fd_(std::move(connected)) {}

  bool connected() const { return static_cast<bool>(fd_); }
  int fd() const { return fd_.get(); }
  /// Whether all of it was taken.
  bool send(std::string_view bytes, Nanoseconds limit = kDeadline);
  /// As much as goes without waiting; how much that was.
  std::size_t send_what_fits(std::string_view bytes);
  /// Exactly so many bytes; fewer when the peer ended or the deadline passed.
  std::string receive(std::size_t count, Nanoseconds limit = kDeadline);
  /// Until the peer's end; nothing when it did not come, or the connection was reset.
  std::optional<std::string> receive_all(Nanoseconds limit = kDeadline);
  /// Whether a byte, an end or a reset is there now.
  bool readable() const;
  /// Waits for the reset; false for anything else.
  bool was_reset(Nanoseconds limit = kDeadline);
  void end_sending();
  void close() { fd_.reset(); }
  /// Closes with a reset.
  void abort();

 private:
  bool wait_for(short events, Nanoseconds until) const;
  FileDescriptor fd_;
};

/// The same bytes for the same seed.
std::string random_bytes(std::size_t count, std::uint64_t seed);
/// No such process, or one that has ended and waits for its parent to notice.
bool process_gone(int pid);
/// The permission bits of a file.
int mode_of(const std::string& path);
/// A directory that goes away with the object.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

template <typename Condition>
bool eventually(Condition condition, Nanoseconds limit) {
  const Nanoseconds until = monotonic_now() + limit;
  while (!condition()) {
    if (monotonic_now() >= until) return false;
    wait_a_little();
  }
  return true;
}

}  // namespace tidegate::chaos::test
