#include "chaos/agent_client.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/file.hpp"
#include "base/pidfd.hpp"
#include "base/process.hpp"
#include "base/random.hpp"
#include "base/units.hpp"

namespace tidegate::chaos {
namespace {

constexpr auto kHeartbeat = std::chrono::milliseconds(250);
constexpr auto kHeartbeatTimeout = std::chrono::milliseconds(400);
constexpr Nanoseconds kLostAfter = std::chrono::seconds(3);
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
  int agent_pid = 0;         ///< of whoever answers
  FileDescriptor successor;  ///< pidfd of one that is no child of ours
  bool stopping = false;
  std::thread thread;
  std::once_flag stopped;

  Result<void> launch();
  Result<void> wait_until_ready();
  void beat();
  void one_beat(Nanoseconds& last_answer);
  void missed_beat(Nanoseconds last_answer, const std::string& reason);
  void end_process();
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
  if (start.fault_limit > 0) {
    options.command.push_back("--limit");
    options.command.push_back(std::to_string(start.fault_limit));
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
      agent_pid = endpoint->pid;
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
  if (!answer) return missed_beat(last_answer, answer.error().message);
  const int pid = answer->pid;
  {
    const std::lock_guard lock(mutex);
    if (changes == changes_before) status = *std::move(answer);
    last_answer = monotonic_now();
    if (pid == agent_pid || stopping) return;
    agent_pid = pid;
    successor.reset(::pidfd_open(pid, 0));
  }
  if (start.on_replaced) {
    start.on_replaced("the chaos agent was killed; its watchdog took its place, with no fault on; its log is " +
                      start.log_path);
  }
}

// The watchdog needs a moment to take the agent's place, and a busy machine one to answer.
void AgentClient::State::missed_beat(Nanoseconds last_answer, const std::string& reason) {
  std::string why;
  {
    const std::lock_guard lock(mutex);
    if (lost || stopping || monotonic_now() - last_answer <= kLostAfter) return;
    const auto ended = process.poll();
    lost = why = ended ? ended->text() : reason;
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

Result<std::string> AgentClient::open_link(const LinkRequest& request) {
  auto link = state_->control->open_link(request);
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

Result<TouchPage> AgentClient::touched(const std::string& fault, std::uint64_t from) {
  if (const auto why = lost()) return state_->lost_error();
  return state_->control->touched(fault, from);
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

std::optional<Nanoseconds> AgentClient::cpu_time() const {
  const std::lock_guard lock(state_->mutex);
  if (state_->stopping || state_->lost) return std::nullopt;
  return cpu_time_of(state_->agent_pid);
}

// SIGTERM: it heals first. A successor sees the pipe's end instead, and is waited for.
void AgentClient::State::end_process() {
  process.stop(kStopGrace);
  watch.reset();
  if (!successor) return;
  pollfd ended{successor.get(), POLLIN, 0};
  const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(kStopGrace).count();
  if (::poll(&ended, 1, static_cast<int>(limit)) == 0) ::pidfd_send_signal(successor.get(), SIGTERM, nullptr, 0);
}

void AgentClient::stop() {
  std::call_once(state_->stopped, [this] {
    {
      const std::lock_guard lock(state_->mutex);
      state_->stopping = true;
    }
    state_->wake.notify_all();
    if (state_->thread.joinable()) state_->thread.join();
    state_->end_process();
    ::unlink(state_->start.ready_file.c_str());
  });
}

}  // namespace tidegate::chaos
