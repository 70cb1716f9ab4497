#include "loadgen/task.hpp"

#include <array>
#include <vector>

namespace tidegate::loadgen {
namespace {

constexpr std::size_t kStep = 64;
constexpr std::size_t kClasses = 32;  // frames up to 2 KiB are kept
constexpr std::size_t kKeptPerClass = 4096;

/// Free frames of one thread, by size class.
struct FreeFrames {
  std::array<std::vector<void*>, kClasses> of_class;
  FreeFrames() = default;
  FreeFrames(const FreeFrames&) = delete;
  FreeFrames& operator=(const FreeFrames&) = delete;
  ~FreeFrames() {
    for (const auto& frames : of_class) {
      for (void* frame : frames) ::operator delete(frame);
    }
  }
};
thread_local FreeFrames free_frames;

std::size_t class_of(std::size_t size) {
  return (size - 1) / kStep;
}

}  // namespace

void* allocate_frame(std::size_t size) {
  const std::size_t place = class_of(size);
  if (place >= kClasses) return ::operator new(size);
  std::vector<void*>& frames = free_frames.of_class[place];
  if (frames.empty()) return ::operator new((place + 1) * kStep);
  void* frame = frames.back();
  frames.pop_back();
  return frame;
}

void release_frame(void* frame, std::size_t size) noexcept {
  const std::size_t place = class_of(size);
  if (place < kClasses && free_frames.of_class[place].size() < kKeptPerClass) {
    free_frames.of_class[place].push_back(frame);
  } else {
    ::operator delete(frame);
  }
}

}  // namespace tidegate::loadgen
