#include "loadgen/engine.hpp"

#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/assert.hpp"
#include "base/log.hpp"
#include "base/thread_affinity.hpp"
#include "loadgen/loop.hpp"
#include "loadgen/loop_thread.hpp"
#include "loadgen/memory_watch.hpp"
#include "loadgen/name_refresh.hpp"
#include "loadgen/runtime.hpp"
#include "loadgen/series_export.hpp"
#include "loadgen/setup.hpp"
#include "loadgen/source_addresses.hpp"
#include "loadgen/tally.hpp"

namespace tidegate::loadgen {
namespace {

constexpr std::uint64_t kOtherDescriptors = 64;  // of the program itself
constexpr Nanoseconds kLongestInterrupt = std::chrono::seconds(5);

/// Connections are descriptors; the soft limit is often a twentieth of what the hard one allows.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// Keeps the calling load loop to a processor: from the last one down, over and over, for a system on the same machine
/// rather begins with the first.
void keep_apart(std::size_t loop) {
  const std::vector<int> processors = usable_processors();
  if (processors.empty()) return;
  const auto kept = keep_on_processor(processors[processors.size() - 1 - loop % processors.size()]);
  if (!kept) log::warn("thread_affinity", {{"why", kept.error().message}});
}

/// What cannot work is said before it starts. Shared connections are as many as requests in flight, which nobody knows.
Result<void> check_descriptors(const CompiledPlan& plan) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return {};
  std::uint64_t needed = kOtherDescriptors;
  for (const Block& block : plan.blocks) {
    if (block.connections != ConnectionUse::per_vu || block.open_loop()) continue;
    needed += (block.vus + plan.segment.count - 1) / plan.segment.count;
    if (needed <= limit.rlim_cur) continue;
    return machine_error("load block '" + block.name + "' keeps a connection for each VU, " + std::to_string(needed) +
                         " descriptors in all; this process may open " + std::to_string(limit.rlim_cur) +
                         " (ulimit -n): raise that, or take connections: shared");
  }
  return {};
}

/// A virtual user that does nothing takes some 1.5 KiB, and its connection is the kernel's and the system's business.
constexpr std::uint64_t kLeastPerVu = 1536;

/// Virtual users that exist from the start.
Result<void> check_memory(const CompiledPlan& plan, const MemoryWatch& memory) {
  if (!memory.at_start()) return {};
  std::uint64_t needed = 0;
  for (const Block& block : plan.blocks) {
    const std::uint64_t early = block.open_loop() ? block.pre_allocated_vus : block.vus;
    if (early == 0) continue;
    needed += (early + plan.segment.count - 1) / plan.segment.count * kLeastPerVu;
    if (needed <= *memory.at_start()) continue;
    return machine_error("the virtual users up to those of load block '" + block.name + "' take at least " +
                         std::to_string(needed >> 20) + " MiB; " + std::to_string(*memory.at_start() >> 20) +
                         " MiB of memory are left: take fewer, or share them out with --segment");
  }
  return {};
}

}  // namespace

struct Engine::State {
  State(Plan its_plan, EngineOptions its_options, CompiledPlan bound)
      : plan(std::move(its_plan)),
        options(std::move(its_options)),
        runtime(std::move(bound)),
        series(runtime.plan, runtime.layout, options.series),
        memory(options.memory_left ? options.memory_left : MemoryWatch::Left(memory_left)) {}

  Plan plan;
  EngineOptions options;
  Runtime runtime;
  SeriesExport series;
  MemoryWatch memory;
  bool memory_short = false;
  std::vector<std::unique_ptr<LoopThread>> loops;
  std::unique_ptr<NameRefresh> refresh;  // goes before the loops that it tells
  std::atomic<bool> running{false};
  Nanoseconds last_swap{0};
  std::uint64_t iterations_done = 0;

  void run_on(Loop& loop, std::function<void()> command) const {
    if (running) {
      loop.post(std::move(command));
    } else {
      command();
    }
  }
  void record_usage(Nanoseconds now, Nanoseconds interval);
  void watch_memory();
  void start_refresh();
  void wait_until_finished(Nanoseconds limit) const;
  bool finished() const;
  void join();
};

Engine::Engine(std::unique_ptr<State> state) : state_(std::move(state)) {}

Engine::~Engine() {
  stop(Nanoseconds{0});
}

Result<std::unique_ptr<Engine>> Engine::create(Plan plan, EngineOptions options) {
  TIDEGATE_ASSERT(options.loops > 0);
  auto origin = parse_origin(options.base_url);
  if (!origin) return origin.error();
  if (!options.resolve) options.resolve = resolve_addresses;
  auto addresses =
      origin->unix_path.empty() ? options.resolve(origin->host, origin->port) : unix_address(origin->unix_path);
  if (!addresses) return addresses.error();
  auto sources = parse_source_addresses(options.transport.source_addresses);
  if (!sources) return sources.error();
  if (auto usable = check_source_addresses(*sources); !usable) return usable.error();
  if (origin->is_tls()) {
    // Each loop makes its own; a mistake is told here.
    if (auto usable = TlsContext::create(options.transport.tls, origin->host); !usable) return usable.error();
  }
  auto bound = bind_plan(plan.compiled(), origin->host_header, options.stack);
  if (!bound) return bound.error();
  raise_descriptor_limit();
  if (auto enough = check_descriptors(*bound); !enough) return enough.error();
  auto state = std::make_unique<State>(std::move(plan), std::move(options), *std::move(bound));
  if (auto enough = check_memory(state->runtime.plan, state->memory); !enough) return enough.error();
  state->runtime.origin = *std::move(origin);
  state->runtime.transport = state->options.transport;
  state->runtime.keep_samples = state->options.samples != nullptr;
  state->runtime.spin = state->options.spin;
  state->runtime.addresses = *std::move(addresses);
  state->runtime.sources = *std::move(sources);
  return std::unique_ptr<Engine>(new Engine(std::move(state)));
}

const Plan& Engine::plan() const {
  return state_->plan;
}

Result<void> Engine::run_setup() {
  TIDEGATE_ASSERT(!state_->running);
  return run_setup_steps(state_->runtime, {state_->options.setup_timeout, state_->options.interrupted});
}

std::vector<std::string> Engine::captured(std::string_view feeder_and_column) const {
  std::vector<std::string> texts;
  const auto& feeders = state_->runtime.plan.feeders;
  for (std::size_t i = 0; i < feeders.size(); ++i) {
    const Feeder& feeder = feeders[i];
    for (std::size_t column = 0; column < feeder.captured_columns(); ++column) {
      if (feeder.name + "." + feeder.columns[feeder.file_columns() + column] != feeder_and_column) continue;
      const std::vector<Value>& values = state_->runtime.setup.columns[i];
      for (std::size_t at = column; at < values.size(); at += feeder.captured_columns()) {
        if (values[at].set) texts.push_back(values[at].text);
      }
    }
  }
  return texts;
}

Result<void> Engine::run_teardown() {
  TIDEGATE_ASSERT(!state_->running);
  return run_teardown_steps(state_->runtime, {state_->options.setup_timeout, state_->options.interrupted});
}

Result<void> Engine::start(RunClock clock) {
  State& state = *state_;
  TIDEGATE_ASSERT(state.loops.empty());
  state.runtime.clock = clock;
  state.last_swap = std::max(clock.now(), Nanoseconds{0});
  const auto count = static_cast<std::uint32_t>(state.options.loops);
  const SegmentChoice segment = state.runtime.plan.segment;
  for (std::uint32_t i = 0; i < count; ++i) {
    // Whatever the number of loops, the segment plays the indices i with i mod segments == segment.
    auto loop = Loop::create(state.runtime, {segment.index + segment.count * i, segment.count * count});
    if (!loop) return loop.error();
    state.loops.push_back(std::make_unique<LoopThread>());
    state.loops.back()->loop = *std::move(loop);
  }
  state.running = true;
  for (std::uint32_t i = 0; i < count; ++i) {
    LoopThread& own = *state.loops[i];
    own.thread = std::thread([&own, i, apart = state.runtime.plan.thread_affinity] {
      ::pthread_setname_np(::pthread_self(), ("load-" + std::to_string(i)).c_str());
      if (apart) keep_apart(i);
      own.id = current_thread_id();
      own.loop->run();
    });
  }
  state.start_refresh();
  return {};
}

void Engine::State::start_refresh() {
  const Origin& origin = runtime.origin;
  if (options.transport.dns_refresh.count() <= 0 || !origin.unix_path.empty()) return;
  const auto tell = [this](const std::vector<Address>& found) {
    for (const auto& own : loops) {
      own->loop->post([loop = own->loop.get(), found] { loop->pool().replace_addresses(found); });
    }
  };
  refresh = std::make_unique<NameRefresh>(
      options.transport.dns_refresh, runtime.addresses,
      [this] { return options.resolve(runtime.origin.host, runtime.origin.port); }, tell);
}

void Engine::State::record_usage(Nanoseconds now, Nanoseconds interval) {
  const std::int32_t second = second_of(now - interval / 2);
  std::uint64_t busy = 0, allocated = 0;
  for (std::size_t i = 0; i < loops.size(); ++i) {
    LoopThread& own = *loops[i];
    busy += own.loop->busy_vus();
    allocated += own.loop->allocated_vus();
    const ThreadUsage usage = thread_usage(own.id);
    if (interval.count() <= 0 || usage.running.count() == 0) continue;
    const auto share = [&](Nanoseconds part) { return std::max(to_seconds(part) / to_seconds(interval), 0.0); };
    const Nanoseconds spun = own.loop->spun();
    const Nanoseconds worked = usage.running - own.usage.running - (spun - own.spun);
    own.spun = spun;
    series.gauge(record::kGeneratorCpu, second, share(worked), std::to_string(i));
    series.gauge(record::kGeneratorRunQueueWait, second, share(usage.waiting - own.usage.waiting), std::to_string(i));
    own.usage = usage;
  }
  if (!running) return;
  series.gauge(record::kVus, second, static_cast<double>(busy));
  series.gauge(record::kVusMax, second, static_cast<double>(allocated));
}

void Engine::State::watch_memory() {
  const bool is_short = memory.look();
  if (is_short == memory_short) return;
  memory_short = is_short;
  for (const auto& own : loops)
    run_on(*own->loop, [loop = own->loop.get(), is_short] { loop->set_memory_short(is_short); });
}

void Engine::take_operations(const record::OperationVisit& visit) {
  for (const auto& own : state_->loops) {
    for (auto& notes : own->operations.exchange(*own->loop, own->spare_operations, state_->running)) {
      own->reading.read(notes, visit);
      notes.clear();
      own->spare_operations = std::move(notes);
    }
  }
}

Progress Engine::swap() {
  State& state = *state_;
  if (state.loops.empty()) return {};
  std::vector<std::unique_ptr<MetricBuffer>> buffers;
  for (const auto& own : state.loops) {
    if (!own->spare) own->spare = std::make_unique<MetricBuffer>(state.runtime.layout);
    for (auto& buffer : own->buffers.exchange(*own->loop, own->spare, state.running)) {
      buffers.push_back(std::move(buffer));
    }
  }
  const Nanoseconds now = state.runtime.clock.now();
  const Nanoseconds interval = std::max(now - state.last_swap, Nanoseconds{0});
  Tally tally;
  for (auto& buffer : buffers) {
    state.series.write(*buffer);
    if (state.options.samples != nullptr) {
      state.options.samples->write(buffer->samples, state.runtime.plan, state.runtime.layout);
    }
    tally.add(*buffer);
  }
  state.record_usage(now, interval);
  state.watch_memory();
  state.iterations_done += tally.iterations();
  Progress progress = tally.progress(state.runtime.plan, state.last_swap, now);
  progress.iterations_done = state.iterations_done;
  for (const auto& own : state.loops) {
    progress.vus += own->loop->busy_vus();
    progress.vus_max += own->loop->allocated_vus();
  }
  state.last_swap = std::max(now, state.last_swap);
  for (std::size_t i = 0; i < buffers.size() && i < state.loops.size(); ++i) {
    buffers[i]->clear();
    state.loops[i]->spare = std::move(buffers[i]);
  }
  return progress;
}

void Engine::stop_arrivals() {
  for (const auto& own : state_->loops) {
    Loop* loop = own->loop.get();
    state_->run_on(*loop, [loop] { loop->stop_arrivals(); });
  }
}

void Engine::extend_search(std::size_t block, Nanoseconds from, Nanoseconds length, double rate) {
  TIDEGATE_ASSERT(block < state_->runtime.plan.blocks.size());
  for (const auto& own : state_->loops) {
    state_->run_on(*own->loop, [=, loop = own->loop.get()] {
      loop->player(static_cast<std::uint32_t>(block)).extend(from, length, rate);
    });
  }
}

std::uint64_t Engine::searching() const {
  std::uint64_t sum = 0;
  for (const auto& own : state_->loops) sum += own->loop->searching();
  return sum;
}

void Engine::end_search(std::size_t block) {
  TIDEGATE_ASSERT(block < state_->runtime.plan.blocks.size());
  for (const auto& own : state_->loops) {
    state_->run_on(*own->loop,
                   [=, loop = own->loop.get()] { loop->player(static_cast<std::uint32_t>(block)).stop_arrivals(); });
  }
}

bool Engine::State::finished() const {
  return !loops.empty() &&
         std::all_of(loops.begin(), loops.end(), [](const auto& own) { return own->loop->finished(); });
}

bool Engine::finished() const {
  return state_->finished();
}

void Engine::State::wait_until_finished(Nanoseconds limit) const {
  const Nanoseconds until = monotonic_now() + limit;
  while (!finished() && monotonic_now() < until) std::this_thread::sleep_for(std::chrono::milliseconds(2));
}

void Engine::State::join() {
  refresh.reset();
  for (const auto& own : loops) own->loop->quit();
  for (const auto& own : loops) own->thread.join();
  running = false;
}

void Engine::stop(Nanoseconds grace) {
  State& state = *state_;
  if (!state.running) return;
  stop_arrivals();
  state.wait_until_finished(grace);
  for (const auto& own : state.loops) {
    Loop* loop = own->loop.get();
    loop->post([loop] { loop->interrupt(); });
  }
  state.wait_until_finished(kLongestInterrupt);
  state.join();
}

Result<RenderedRequest> Engine::render(std::size_t block, std::uint64_t iteration, std::size_t step) const {
  const CompiledPlan& plan = state_->runtime.plan;
  if (block >= plan.blocks.size()) return internal_error("the plan has no load block " + std::to_string(block));
  const Flow& flow = plan.flows[plan.flow_of(plan.blocks[block], iteration).flow];
  if (step >= flow.steps.size() || flow.steps[step].kind != Step::Kind::request) {
    return internal_error("flow '" + flow.name + "' has no request as step " + std::to_string(step));
  }
  const RenderScope scope{plan,   state_->runtime.setup, &plan.blocks[block], iteration, {}, {}, std::nullopt, 0,
                          nullptr};
  RenderedRequest parts;
  if (!render_parts(scope, flow.steps[step].request, parts)) {
    return usage_error("step '" + flow.steps[step].name +
                       "' cannot be sent again: it needs an earlier answer or the time of day");
  }
  return parts;
}

}  // namespace tidegate::loadgen
