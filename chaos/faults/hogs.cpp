// The faults of a neighbour that takes the machine: cpu_hog and memory_hog run a child of the agent, which the kernel
// ends with it.
#include <sys/mman.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "chaos/faults/hog.hpp"
#include "chaos/faults/parse.hpp"
#include "chaos/faults/registry.hpp"

namespace tidegate::chaos {
namespace {

class CpuHog final : public Hog {
 public:
  explicit CpuHog(int threads) : threads_(threads) {}

 private:
  void run(Progress& progress) override {
    std::vector<std::thread> others;
    for (int i = 1; i < threads_; ++i) {
      others.emplace_back([] {
        for (volatile std::uint64_t spins = 0;;) spins = spins + 1;
      });
    }
    const Nanoseconds begin = thread_cpu_time();
    for (;;) progress.done = static_cast<std::uint64_t>((thread_cpu_time() - begin) / std::chrono::milliseconds(100));
  }
  int threads_;
};

class MemoryHog final : public Hog {
 public:
  explicit MemoryHog(std::uint64_t bytes) : bytes_(bytes) {}

 private:
  void run(Progress& progress) override {
    constexpr std::size_t kMebibyte = 1024 * 1024;
    void* memory = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return;
    auto* bytes = static_cast<volatile char*>(memory);
    for (std::uint64_t at = 0; at < bytes_; at += 4096) {
      bytes[at] = 1;
      if (at % kMebibyte == 0) progress.done = at / kMebibyte + 1;
    }
  }
  std::uint64_t bytes_;
};

}  // namespace

FaultKind cpu_hog_fault() {
  FaultKind kind;
  kind.name = "cpu_hog";
  kind.target = TargetKind::process;
  kind.summary = "A neighbour of the process takes CPU time.";
  kind.hit = "100 ms of CPU that its first thread got";
  kind.recovery = "the neighbour ends";
  kind.parameters = schema::object({schema::optional("threads", schema::integer(1, 256), "default 1")}, kind.summary);
  kind.check = [](const yaml::Node&, Diagnostics&) {};
  kind.make_held_fault = [](const yaml::Node& parameters, ProcessTarget) -> std::unique_ptr<HeldFault> {
    const auto* threads = parameters.find("threads");
    return std::make_unique<CpuHog>(threads == nullptr ? 1 : static_cast<int>(schema::as_integer(*threads)));
  };
  return kind;
}

FaultKind memory_hog_fault() {
  FaultKind kind;
  kind.name = "memory_hog";
  kind.target = TargetKind::process;
  kind.summary = "A neighbour of the process takes memory.";
  kind.hit = "a MiB that it holds";
  kind.recovery = "the neighbour ends";
  kind.parameters = schema::object({schema::required("size", schema::bytes(), "how much; required")}, kind.summary);
  kind.check = [](const yaml::Node& parameters, Diagnostics& diagnostics) {
    const auto size = schema::as_bytes(*parameters.find("size"));
    const auto machine =
        static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    if (size == 0) diagnostics.add(parameters.find("size")->mark(), "a size of 0 takes nothing");
    if (size > machine / 10 * 9) {
      diagnostics.add(parameters.find("size")->mark(),
                      "more than 90 % of this machine's memory would take the harness along");
    }
  };
  kind.make_held_fault = [](const yaml::Node& parameters, ProcessTarget) -> std::unique_ptr<HeldFault> {
    return std::make_unique<MemoryHog>(schema::as_bytes(*parameters.find("size")));
  };
  return kind;
}

}  // namespace tidegate::chaos
