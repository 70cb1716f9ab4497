#include "chaos/agent_client.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/file.hpp"
#include "base/process.hpp"
#include "base/random.hpp"
#include "base/units.hpp"

namespace tidegate::chaos {
namespace {

constexpr auto kHeartbeat = std::chrono::milliseconds(250);
constexpr auto kHeartbeatTimeout = std::chrono::milliseconds(400);
constexpr Nanoseconds kLostAfter = std::chrono::seconds(2);
constexpr auto kReadyPoll = std::chrono::milliseconds(5);
constexpr auto kStopGrace = std::chrono::seconds(2);

}  // namespace

struct AgentClient::State {
  AgentStart start;
  ChildProcess process;
  FileDescriptor watch;  ///< the write end that nobody writes to: the kernel closes it with this process
  std::optional<AgentControl> control, heartbeat_control;

  mutable std::mutex mutex;
  std::condition_variable wake;
  AgentStatus status;
  std::uint64_t changes = 0;  ///< injections and heals so far: an answer from before one is not the newest news
  std::optional<std::string> lost;
  bool stopping = false;
  std::thread thread;
  std::once_flag stopped;

  Result<void> launch();
  Result<void> wait_until_ready();
  void beat();
  void one_beat(Nanoseconds& last_answer);
  void remember(const FaultReport& report);
  Error lost_error() const {
    return machine_error("the chaos agent is lost: " + *lost + "; its log is " + start.log_path);
  }
};

Result<void> AgentClient::State::launch() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_error("make a pipe for the chaos agent", errno);
  const FileDescriptor read_end(ends[0]);
  watch.reset(ends[1]);
  ::unlink(start.ready_file.c_str());

  ProcessOptions options;
  options.command = {start.program};
  options.command.insert(options.command.end(), start.arguments.begin(), start.arguments.end());
  for (const std::string& argument : {std::string("--listen"), std::string("127.0.0.1:0"), std::string("--watch-fd"),
                                      std::to_string(read_end.get()), std::string("--ready-file"), start.ready_file}) {
    options.command.push_back(argument);
  }
  options.environment["TIDEGATE_AGENT_TOKEN"] = random_hex(16);
  options.output_path = start.log_path;
  options.die_with_parent = false;  // it is to see the pipe's end and heal
  options.inherited_descriptors = {read_end.get()};
  auto started = ChildProcess::start(options);
  if (!started) return started.error();
  process = *std::move(started);
  return wait_until_ready();
}

Result<void> AgentClient::State::wait_until_ready() {
  const Nanoseconds deadline = monotonic_now() + start.ready_within;
  while (monotonic_now() < deadline) {
    if (const auto status_now = process.poll()) {
      return machine_error("the chaos agent ended at its start (" + status_now->text() + "); its log is " +
                           start.log_path);
    }
    if (::access(start.ready_file.c_str(), R_OK) == 0) {
      auto endpoint = read_agent_file(start.ready_file);
      if (!endpoint) return endpoint.error();
      control.emplace(*endpoint, std::chrono::seconds(2));
      heartbeat_control.emplace(*endpoint, kHeartbeatTimeout);
      return {};
    }
    std::this_thread::sleep_for(kReadyPoll);
  }
  return timeout_error("the chaos agent was not ready within " + format_duration(start.ready_within) + "; its log is " +
                       start.log_path);
}

void AgentClient::State::beat() {
  Nanoseconds last_answer = monotonic_now();
  std::unique_lock lock(mutex);
  while (!stopping) {
    lock.unlock();
    one_beat(last_answer);
    lock.lock();
    wake.wait_for(lock, kHeartbeat, [this] { return stopping; });
  }
}

void AgentClient::State::one_beat(Nanoseconds& last_answer) {
  std::uint64_t changes_before = 0;
  {
    const std::lock_guard lock(mutex);
    changes_before = changes;
  }
  auto answer = heartbeat_control->heartbeat();
  std::string why;
  {
    const std::lock_guard lock(mutex);
    if (answer) {
      if (changes == changes_before) status = *std::move(answer);
      last_answer = monotonic_now();
      return;
    }
    if (lost || stopping) return;
    if (const auto ended = process.poll()) {
      why = ended->text();
    } else if (monotonic_now() - last_answer > kLostAfter) {
      why = answer.error().message;
    } else {
      return;
    }
    lost = why;
  }
  if (start.on_lost) start.on_lost("the chaos agent is lost: " + why);
}

void AgentClient::State::remember(const FaultReport& report) {
  const std::lock_guard lock(mutex);
  ++changes;
  for (auto known = status.faults.rbegin(); known != status.faults.rend(); ++known) {
    if (known->id != report.id) continue;
    *known = report;
    return;
  }
  status.faults.push_back(report);
}

Result<std::unique_ptr<AgentClient>> AgentClient::start(AgentStart start) {
  auto state = std::make_unique<State>();
  state->start = std::move(start);
  if (auto launched = state->launch(); !launched) return launched.error();
  state->thread = std::thread([shared = state.get()] { shared->beat(); });
  return std::unique_ptr<AgentClient>(new AgentClient(std::move(state)));
}

AgentClient::AgentClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
AgentClient::~AgentClient() {
  stop();
}

Result<std::string> AgentClient::open_link(const std::string& name) {
  auto link = state_->control->open_link(name);
  if (!link) return link.error();
  return link->address;
}

Result<void> AgentClient::set_upstream(const std::string& link, const std::string& address) {
  auto set = state_->control->set_upstream(link, address);
  if (!set) return set.error();
  return {};
}

Result<FaultReport> AgentClient::inject(const LeaseRequest& request) {
  auto report = state_->control->inject(request);
  if (report) state_->remember(*report);
  return report;
}

Result<FaultReport> AgentClient::heal(const std::string& fault) {
  auto report = state_->control->heal(fault);
  if (report) state_->remember(*report);
  return report;
}

Result<FaultReport> AgentClient::report(const std::string& fault) {
  const std::lock_guard lock(state_->mutex);
  if (state_->lost) return state_->lost_error();
  const auto& faults = state_->status.faults;
  const auto found =
      std::find_if(faults.rbegin(), faults.rend(), [&](const FaultReport& each) { return each.id == fault; });
  if (found == faults.rend()) return usage_error("the chaos agent knows no fault '" + fault + "'");
  return *found;
}

Result<void> AgentClient::heal_all() {
  auto healed = state_->control->heal_all();
  if (!healed) return healed.error();
  return {};
}

const AgentEndpoint& AgentClient::endpoint() const {
  return state_->control->endpoint();
}

std::optional<std::string> AgentClient::lost() const {
  const std::lock_guard lock(state_->mutex);
  return state_->lost;
}

void AgentClient::stop() {
  std::call_once(state_->stopped, [this] {
    {
      const std::lock_guard lock(state_->mutex);
      state_->stopping = true;
    }
    state_->wake.notify_all();
    if (state_->thread.joinable()) state_->thread.join();
    state_->process.stop(kStopGrace);  // SIGTERM: it heals first
    state_->watch.reset();
    ::unlink(state_->start.ready_file.c_str());
  });
}

}  // namespace tidegate::chaos
