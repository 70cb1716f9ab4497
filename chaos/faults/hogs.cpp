// The faults of a neighbour that takes the machine: cpu_hog and memory_hog run a child of the agent, which the kernel
// ends with it.
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>
#include <vector>

#include "base/pidfd.hpp"
#include "chaos/faults/parse.hpp"
#include "chaos/faults/registry.hpp"

namespace tidegate::chaos {
namespace {

/// What a hog has done so far, seen by the agent.
struct Progress {
  volatile std::uint64_t done = 0;
};

class Hog : public HeldFault {
 public:
  ~Hog() override { end(); }

  Result<void> inject() override {
    void* page = ::mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return system_error("map a page for a hog", errno);
    progress_ = new (page) Progress;
    const pid_t agent = ::getpid();
    child_ = ::fork();
    if (child_ < 0) return system_error("start a hog", errno);
    if (child_ > 0) return {};
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != agent) ::_exit(0);
    for (int fd = 3; fd < 1024; ++fd) ::close(fd);  // none of the agent's sockets lives on in here
    std::signal(SIGTERM, SIG_DFL);
    run(*progress_);
    for (;;) ::pause();
  }
  Result<void> heal() override {
    last_ = hits();
    end();
    return {};
  }
  std::uint64_t hits() const override { return progress_ != nullptr ? progress_->done : last_; }

 protected:
  virtual void run(Progress& progress) = 0;

 private:
  void end() {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);  // ours and not reaped yet, so the number is its own
      ::waitpid(child_, nullptr, 0);
      child_ = -1;
    }
    if (progress_ != nullptr) ::munmap(progress_, sizeof(Progress));
    progress_ = nullptr;
  }

  pid_t child_ = -1;
  Progress* progress_ = nullptr;
  std::uint64_t last_ = 0;
};

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
