// Goal: every process of the topology is started, known, restarted when asked, and gone at the end.
// Method: one thread owns all children. It sleeps in poll() on their pidfds and on an eventfd that wakes it for
// requests; while a child is starting it also looks every 10 ms whether the child has become ready.
//
//   start()/kill()/restart() --request--> [thread: poll -> reap, readiness, requests] --callbacks--> runner
#include "stack/supervisor.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

#include "base/assert.hpp"
#include "base/http/client.hpp"
#include "base/random.hpp"
#include "stack/child.hpp"
#include "stack/held_port.hpp"

namespace tidegate::stack {
namespace {

constexpr auto kStartingPeriod = std::chrono::milliseconds(10);
constexpr auto kIdlePeriod = std::chrono::milliseconds(500);
constexpr auto kReadinessTimeout = std::chrono::milliseconds(250);
constexpr auto kAllGraces = std::chrono::seconds(8);

}  // namespace

struct Supervisor::State {
  Topology topology;
  SupervisorOptions options;
  CommandInput input;
  int generation = 1;

  mutable std::mutex mutex;  // guards children's stage, endpoints and the two below; the thread alone writes
  mutable std::condition_variable changed;
  std::deque<Child> children;  // never moved once made
  std::vector<std::pair<std::string, std::string>> dead;
  std::optional<Error> failure;  // a child that could not become ready

  FileDescriptor wake;
  std::mutex request_mutex;
  std::deque<std::function<void()>> requests;
  std::atomic<bool> ending{false};
  std::thread thread;

  void emit(std::string_view type, json::object fields) const {
    if (options.on_event) options.on_event(type, std::move(fields));
  }

  Child* find(const std::string& name) {
    for (Child& child : children) {
      if (child.spec.name == name) return &child;
    }
    return nullptr;
  }

  Result<void> on_thread(std::function<Result<void>()> action) {
    if (ending) return closed_error("the stack is stopping");
    auto promise = std::make_shared<std::promise<Result<void>>>();
    auto future = promise->get_future();
    {
      const std::lock_guard lock(request_mutex);
      requests.push_back([promise, action = std::move(action)] { promise->set_value(action()); });
    }
    poke();
    if (future.wait_for(std::chrono::seconds(15)) != std::future_status::ready) {
      return timeout_error("the supervisor did not answer within 15 s");
    }
    return future.get();
  }

  void poke() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(wake.get(), &one, sizeof one);
  }

  void run();
  void wait_for_news();
  void answer_requests();
  bool reap();
  void look_for_readiness(Child& child);
  void became_ready(Child& child);
  Result<void> start_child(Child& child);
  void write_peers();
  std::string peers_of(const Child& child) const;
  void end_all();
};

void Supervisor::State::run() {
  while (!ending) {
    wait_for_news();
    answer_requests();
    reap();
    for (Child& child : children) {
      if (child.stage == Child::Stage::starting) look_for_readiness(child);
    }
  }
  end_all();
  answer_requests();
}

void Supervisor::State::wait_for_news() {
  std::vector<pollfd> descriptors{{wake.get(), POLLIN, 0}};
  bool starting = false;
  for (const Child& child : children) {
    starting = starting || child.stage == Child::Stage::starting;
    if (child.process.running()) descriptors.push_back({child.process.pidfd(), POLLIN, 0});
  }
  const auto period = std::chrono::duration_cast<std::chrono::milliseconds>(starting ? Nanoseconds(kStartingPeriod)
                                                                                     : Nanoseconds(kIdlePeriod));
  poll(descriptors.data(), descriptors.size(), static_cast<int>(period.count()));
  std::uint64_t count = 0;
  if ((descriptors.front().revents & POLLIN) != 0) {
    [[maybe_unused]] const auto got = read(wake.get(), &count, sizeof count);
  }
}

void Supervisor::State::answer_requests() {
  std::deque<std::function<void()>> waiting;
  {
    const std::lock_guard lock(request_mutex);
    waiting.swap(requests);
  }
  for (const auto& request : waiting) request();
}

bool Supervisor::State::reap() {
  bool any = false;
  for (Child& child : children) {
    if (child.stage == Child::Stage::down) continue;
    const auto status = child.process.poll();
    if (!status) continue;
    any = true;
    {
      const std::lock_guard lock(mutex);
      if (child.stage == Child::Stage::starting && !child.asked_to_end && !failure) {
        failure = machine_error("process '" + child.spec.name + "' ended before it was ready (" + status->text() +
                                "); its log " + child.log_path + " ends with:\n" + log_tail(child.log_path));
      }
      child.stage = Child::Stage::down;
      if (!child.asked_to_end) dead.emplace_back(child.spec.name, status->text());
    }
    changed.notify_all();
    emit("process_exited", {{"process", child.spec.name}, {"status", status->text()}, {"asked", child.asked_to_end}});
  }
  return any;
}

void Supervisor::State::look_for_readiness(Child& child) {
  const auto waited = monotonic_now() - child.started;
  if (waited > child.spec.ready.within) {
    const std::lock_guard lock(mutex);
    if (!failure) {
      failure = timeout_error("process '" + child.spec.name + "' was not ready within " +
                              format_duration(child.spec.ready.within) + "; its log " + child.log_path +
                              " ends with:\n" + log_tail(child.log_path));
    }
    changed.notify_all();
    return;
  }
  if (child.endpoints.empty()) {
    auto endpoints = read_ready_file(child.ready_file());
    if (!endpoints) {
      const std::lock_guard lock(mutex);
      failure = endpoints.error();
      changed.notify_all();
      return;
    }
    if (!*endpoints) return;
    {
      const std::lock_guard lock(mutex);
      child.endpoints = std::move(**endpoints);
    }
    write_peers();
    for (const auto& [name, address] : child.endpoints) {
      if (options.on_address) options.on_address(child.spec.name + "." + name, address);
    }
  }
  const auto address = child.endpoints.find(child.spec.ready.endpoint);
  if (address == child.endpoints.end()) {
    const std::lock_guard lock(mutex);
    failure = protocol_error(child.ready_file() + " does not name the endpoint '" + child.spec.ready.endpoint + "'");
    changed.notify_all();
    return;
  }
  const auto answer = http::fetch("http://" + address->second + child.spec.ready.path, kReadinessTimeout);
  if (answer && answer->status == 200) became_ready(child);
}

void Supervisor::State::became_ready(Child& child) {
  if (child.spec.hold_port && !child.held_port) {
    const auto found = child.endpoints.find(*child.spec.hold_port);
    if (found != child.endpoints.end()) {
      auto held = hold_port(found->second);
      if (held) {
        child.held_port = std::move(*held);
        child.held_address = found->second;
      }
    }
  }
  {
    const std::lock_guard lock(mutex);
    child.ready = monotonic_now();
    child.stage = Child::Stage::ready;
  }
  changed.notify_all();
  emit("process_ready", {{"process", child.spec.name}, {"seconds", to_seconds(child.ready - child.started)}});
}

Result<void> Supervisor::State::start_child(Child& child) {
  if (child.stage != Child::Stage::down) {
    return machine_error("process '" + child.spec.name + "' is running already");
  }
  if (auto made = make_directories(child.data_directory()); !made) return made;
  unlink(child.ready_file().c_str());
  const bool restarted = child.instance > 0;
  {
    const std::lock_guard lock(mutex);
    child.endpoints.clear();
  }
  if (restarted && topology.kafka.starts_with(child.spec.name + ".")) ++generation;
  if (auto written = write_file_atomically(child.peers_file(), peers_of(child)); !written) return written;
  CommandInput own = input;
  for (const auto& [name, value] : child.own_switches) own.switches.insert_or_assign(name, value);
  auto command = command_of(child, own);
  if (!command) return command.error();
  ProcessOptions process;
  process.command = std::move(*command);
  process.output_path = child.log_path;
  process.idle_scheduling = child.spec.idle_scheduling;
  auto started = ChildProcess::start(process);
  if (!started) return started.error();
  {
    const std::lock_guard lock(mutex);
    child.process = std::move(*started);
    child.stage = Child::Stage::starting;
    child.asked_to_end = false;
    child.started = monotonic_now();
    ++child.instance;
  }
  emit("process_started", {{"process", child.spec.name}, {"pid", child.process.pid()}});
  return {};
}

std::string Supervisor::State::peers_of(const Child& reader) const {
  json::object peers;
  for (const Child& child : children) {
    for (const auto& [name, address] : child.endpoints) peers[child.spec.name + "." + name] = address;
  }
  for (const LinkSpec& link : topology.links) {
    const auto proxied = options.link_addresses.find(link.name);
    if (link.from == reader.spec.name && proxied != options.link_addresses.end()) {
      peers[link.to + "." + link.endpoint] = proxied->second;
    }
  }
  return json::serialize(json::object{{"generation", generation}, {"peers", std::move(peers)}});
}

void Supervisor::State::write_peers() {
  for (const Child& child : children) {
    if (auto written = write_file_atomically(child.peers_file(), peers_of(child)); !written) {
      const std::lock_guard lock(mutex);
      failure = written.error();
      changed.notify_all();
    }
  }
}

// One after the other in reverse order of the file, so that callers end before what they call: a broker that went first
// would leave its clients waiting for it. Each gets its own grace, as long as all of them together have time left.
void Supervisor::State::end_all() {
  const Nanoseconds deadline = monotonic_now() + kAllGraces;
  for (auto child = children.rbegin(); child != children.rend(); ++child) {
    if (child->stage == Child::Stage::down) continue;
    child->asked_to_end = true;
    const Nanoseconds grace = std::min(child->spec.stop_grace, std::max(Nanoseconds{0}, deadline - monotonic_now()));
    const ExitStatus status = child->process.stop(grace);
    {
      const std::lock_guard lock(mutex);
      child->stage = Child::Stage::down;
    }
    emit("process_exited", {{"process", child->spec.name}, {"status", status.text()}, {"asked", true}});
  }
  changed.notify_all();
}

Supervisor::Supervisor(Topology topology, SupervisorOptions options) : state_(std::make_unique<State>()) {
  state_->topology = std::move(topology);
  state_->options = std::move(options);
  state_->input.profile = state_->options.profile;
  state_->input.switches = state_->options.switches;
  for (const SecretSpec& secret : state_->topology.secrets) {
    state_->input.secrets[secret.name] = secret.value.value_or(random_hex(16));
  }
  for (const ProcessSpec& spec : state_->topology.processes) {
    Child& child = state_->children.emplace_back();
    child.spec = spec;
    child.directory = state_->options.directory + "/" + spec.name;
    child.log_path = state_->options.log_directory + "/" + spec.name + ".log";
  }
  state_->wake.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  TIDEGATE_ASSERT(state_->wake);
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

Supervisor::~Supervisor() {
  stop();
}

void Supervisor::stop() {
  state_->ending = true;
  state_->poke();
  if (state_->thread.joinable()) state_->thread.join();
}

Result<void> Supervisor::start(const std::function<bool()>& interrupted) {
  State* state = state_.get();
  auto started = state->on_thread([state]() -> Result<void> {
    if (auto made = make_directories(state->options.log_directory); !made) return made;
    for (Child& child : state->children) {
      if (auto result = state->start_child(child); !result) return result;
    }
    return {};
  });
  if (!started) return started;
  std::unique_lock lock(state->mutex);
  for (;;) {
    if (state->failure) return *state->failure;
    bool all = true;
    for (const Child& child : state->children) all = all && child.stage == Child::Stage::ready;
    if (all) return {};
    if (interrupted && interrupted()) return closed_error("interrupted while the stack was starting");
    state->changed.wait_for(lock, std::chrono::milliseconds(20));
  }
}

Result<void> Supervisor::kill(const std::string& process, int signal_number) {
  State* state = state_.get();
  return state->on_thread([state, process, signal_number]() -> Result<void> {
    Child* child = state->find(process);
    if (child == nullptr) return usage_error("the topology has no process '" + process + "'");
    if (child->stage == Child::Stage::down) return machine_error("process '" + process + "' is not running");
    child->asked_to_end = true;
    return child->process.signal(signal_number);
  });
}

Result<void> Supervisor::restart(const std::string& process) {
  return restart(process, {});
}

Result<void> Supervisor::restart(const std::string& process, const std::map<std::string, std::string>& switches) {
  State* state = state_.get();
  return state->on_thread([state, process, switches]() -> Result<void> {
    Child* child = state->find(process);
    if (child == nullptr) return usage_error("the topology has no process '" + process + "'");
    if (child->asked_to_end && child->stage != Child::Stage::down) {
      // The signal was sent a moment ago: the exit is reaped here so that kill and restart can follow each other.
      if (!child->process.wait(std::chrono::seconds(5))) return timeout_error("process '" + process + "' did not end");
      state->reap();
    }
    const auto& words = child->spec.command;
    if (!switches.empty() && std::find(words.begin(), words.end(), "${switches}") == words.end()) {
      return usage_error("the command of process '" + process + "' has no ${switches}");
    }
    child->own_switches = switches;
    return state->start_child(*child);
  });
}

std::optional<Nanoseconds> Supervisor::ready_since(const std::string& process) const {
  const std::lock_guard lock(state_->mutex);
  const Child* child = state_->find(process);
  if (child == nullptr || child->stage != Child::Stage::ready) return std::nullopt;
  return child->ready;
}

std::optional<int> Supervisor::pid(const std::string& process) const {
  const std::lock_guard lock(state_->mutex);
  const Child* child = state_->find(process);
  if (child == nullptr || child->stage == Child::Stage::down) return std::nullopt;
  return child->process.pid();
}

Result<void> Supervisor::wait_ready(const std::string& process, Nanoseconds limit) const {
  std::unique_lock lock(state_->mutex);
  const Child* child = state_->find(process);
  if (child == nullptr) return usage_error("the topology has no process '" + process + "'");
  if (state_->changed.wait_for(lock, limit, [child] { return child->stage == Child::Stage::ready; })) return {};
  return timeout_error("process '" + process + "' was not ready within " + format_duration(limit));
}

Result<std::string> Supervisor::address(const std::string& endpoint, const std::string& from) const {
  const auto dot = endpoint.rfind('.');
  const std::string process = endpoint.substr(0, dot);
  const std::string name = dot == std::string::npos ? "http" : endpoint.substr(dot + 1);
  const auto link = state_->topology.link(from + "->" + process);
  if (link != nullptr && link->endpoint == name) {
    const auto proxied = state_->options.link_addresses.find(link->name);
    if (proxied != state_->options.link_addresses.end()) return proxied->second;
  }
  const std::lock_guard lock(state_->mutex);
  const Child* child = state_->find(process);
  if (child == nullptr) return usage_error("the topology has no process '" + process + "'");
  const auto found = child->endpoints.find(name);
  if (found == child->endpoints.end()) {
    return machine_error("process '" + process + "' has not reported an endpoint '" + name + "'");
  }
  return found->second;
}

const std::map<std::string, std::string>& Supervisor::secrets() const {
  return state_->input.secrets;
}
const Topology& Supervisor::topology() const {
  return state_->topology;
}

std::map<std::string, Nanoseconds> Supervisor::cpu_times() const {
  std::map<std::string, Nanoseconds> times;
  const std::lock_guard lock(state_->mutex);
  for (const Child& child : state_->children) {
    if (child.stage != Child::Stage::down) times[child.spec.name] = child.process.cpu_time();
  }
  return times;
}

std::vector<std::pair<std::string, std::string>> Supervisor::deaths() const {
  const std::lock_guard lock(state_->mutex);
  return state_->dead;
}

}  // namespace tidegate::stack
