// The executors' own options: k6's executors with k6's meaning, and the capacity search.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/schema.hpp"
#include "base/units.hpp"
#include "loadgen/block_reader.hpp"

namespace tidegate::loadgen {
namespace {

constexpr std::uint32_t kMostVus = 1'000'000;
constexpr std::uint32_t kUsualMostVus = 10'000;
constexpr Nanoseconds kLongestIterations = std::chrono::minutes(10);  // k6's maxDuration

using Options = std::vector<const char*>;

/// Options that not every executor takes.
const Options& foreign_options() {
  static const Options all = {
      "arrivals",  "rate",       "duration",           "start_rate",       "stages",  "vus",     "start_vus",
      "max_vus",   "iterations", "max_duration",       "settle",           "measure", "confirm", "max_rate",
      "precision", "gates",      "graceful_ramp_down", "pre_allocated_vus"};
  return all;
}

const Options& options_of(Executor executor) {
  static const Options constant_rate = {"arrivals", "rate", "duration", "max_vus", "pre_allocated_vus"};
  static const Options ramping_rate = {"arrivals", "start_rate", "stages", "max_vus", "pre_allocated_vus"};
  static const Options constant_vus = {"vus", "duration"};
  static const Options ramping_vus = {"start_vus", "stages", "graceful_ramp_down"};
  static const Options counted = {"vus", "iterations", "max_duration"};
  static const Options search = {"arrivals", "start_rate", "max_rate",  "settle",   "measure",          "confirm",
                                 "max_vus",  "gates",      "precision", "duration", "pre_allocated_vus"};
  switch (executor) {
    case Executor::constant_arrival_rate:
      return constant_rate;
    case Executor::ramping_arrival_rate:
      return ramping_rate;
    case Executor::constant_vus:
      return constant_vus;
    case Executor::ramping_vus:
      return ramping_vus;
    case Executor::shared_iterations:
    case Executor::per_vu_iterations:
      return counted;
    case Executor::capacity_search:
      break;
  }
  return search;
}

void read_arrivals(BlockReader& reader) {
  const yaml::Node* arrivals = reader.find("arrivals");
  reader.block.spacing = arrivals != nullptr && arrivals->text() == "poisson" ? Spacing::poisson : Spacing::even;
  const std::uint32_t early = reader.count_or("pre_allocated_vus", 0);
  reader.block.pre_allocated_vus = early;
  reader.block.max_vus = reader.count_or("max_vus", std::max(early, kUsualMostVus));
  if (early > reader.block.max_vus) {
    reader.complain(reader.find("pre_allocated_vus")->mark(),
                    fmt::format("pre_allocated_vus is over max_vus, which is {}", reader.block.max_vus));
  }
}

void read_constant_rate(BlockReader& reader) {
  read_arrivals(reader);
  const yaml::Node* rate = reader.need("rate");
  if (rate == nullptr) return;
  Block& block = reader.block;
  block.curve = RateCurve(block.start);
  const double per_second = reader.positive_rate(*rate);
  block.curve.append(reader.duration(), per_second, per_second);
  block.end = block.curve.end();
}

/// Walks through `stages`, each as long as its phase or as its `over`: `begin` is called with the time at which the
/// first one starts, `append` with each one's length and `to`. False when there are none.
template <typename Begin, typename Append>
bool walk_stages(BlockReader& reader, Begin begin, Append append) {
  const yaml::Node* stages = reader.need("stages");
  if (stages == nullptr) return false;
  bool begun = false;
  Nanoseconds at = reader.block.start;
  for (const yaml::Node& stage : stages->items()) {
    const yaml::Node* phase = stage.find("phase");
    const yaml::Node* over = stage.find("over");
    Nanoseconds length{0};
    if ((phase == nullptr) == (over == nullptr)) {
      reader.complain(stage.mark(), "a stage needs either 'phase' or 'over'");
    } else if (over != nullptr) {
      length = schema::as_duration(*over);
    } else if (const record::Window* window = reader.find_phase(*phase)) {
      const Nanoseconds start = std::chrono::seconds(window->start);
      if (const yaml::Node* after = reader.find("start_after"); !begun && after != nullptr) {
        reader.complain(after->mark(), "'start_after' does not go with stages that follow phases");
      }
      if (!begun) at = start;
      if (at != start) {
        reader.complain(phase->mark(), fmt::format("phase '{}' starts at {} s, but this stage would start at {} s",
                                                   window->name, window->start, to_seconds(at)));
      }
      length = std::chrono::seconds(window->end - window->start);
    }
    if (!begun) begin(at);
    begun = true;
    append(length, *stage.find("to"));
    at += length;
  }
  return begun;
}

void read_ramping_rate(BlockReader& reader) {
  read_arrivals(reader);
  Block& block = reader.block;
  const yaml::Node* start_rate = reader.find("start_rate");
  double rate = start_rate == nullptr ? 0 : reader.bounded_rate(*start_rate);
  const std::size_t mistakes = reader.mistakes();
  const bool any = walk_stages(
      reader, [&](Nanoseconds start) { block.curve = RateCurve(start); },
      [&](Nanoseconds length, const yaml::Node& to_node) {
        const double to = reader.bounded_rate(to_node);
        block.curve.append(length, rate, to);
        rate = to;
      });
  if (block.curve.total() <= 0 && reader.mistakes() == mistakes && reader.find("stages") != nullptr) {
    reader.complain(reader.find("stages")->mark(), fmt::format("load block '{}' plans no arrival", block.name));
  }
  if (!any) return;
  block.start = block.curve.start();
  block.end = block.curve.end();
}

void close_vu_curve(Block& block) {
  block.start = block.vu_curve.start();
  block.end = block.vu_curve.end();
  block.vus = block.max_vus = block.vu_curve.highest();
}

void read_constant_vus(BlockReader& reader) {
  const yaml::Node* vus = reader.need("vus");
  if (vus == nullptr) return;
  const auto count = static_cast<std::uint32_t>(schema::as_integer(*vus));
  reader.block.vu_curve = VuCurve(reader.block.start, count);
  reader.block.vu_curve.append(reader.duration(), count);
  close_vu_curve(reader.block);
}

std::uint32_t read_vus(const BlockReader& reader, const yaml::Node& node) {
  const auto count = parse_integer(node.text());
  if (count && *count >= 0 && *count <= kMostVus) return static_cast<std::uint32_t>(*count);
  reader.complain(node.mark(), fmt::format("expected a number of VUs from 0 to {}, found '{}'", kMostVus, node.text()));
  return 0;
}

void read_ramping_vus(BlockReader& reader) {
  Block& block = reader.block;
  const std::uint32_t first = reader.count_or("start_vus", 0);
  const std::size_t mistakes = reader.mistakes();
  const bool any = walk_stages(
      reader, [&](Nanoseconds start) { block.vu_curve = VuCurve(start, first); },
      [&](Nanoseconds length, const yaml::Node& to) { block.vu_curve.append(length, read_vus(reader, to)); });
  if (!any) return;
  close_vu_curve(block);
  if (block.vus == 0 && reader.mistakes() == mistakes) {
    reader.complain(reader.find("stages")->mark(), fmt::format("load block '{}' plans no VU", block.name));
  }
}

void read_counted(BlockReader& reader) {
  Block& block = reader.block;
  const yaml::Node* iterations = reader.need("iterations");
  if (iterations == nullptr) return;
  block.iterations = static_cast<std::uint64_t>(schema::as_integer(*iterations));
  const std::uint32_t vus = reader.count_or("vus", 1);
  if (block.executor == Executor::shared_iterations && block.iterations < vus) {
    reader.complain(iterations->mark(),
                    fmt::format("{} VUs share {} iterations; give at least one to each", vus, block.iterations));
  }
  const Nanoseconds longest = reader.duration_or("max_duration", kLongestIterations);
  if (longest.count() <= 0) reader.complain(reader.find("max_duration")->mark(), "max_duration must be longer than 0");
  block.vu_curve = VuCurve(block.start, vus);
  block.vu_curve.append(std::max(longest, Nanoseconds{1}), vus);
  close_vu_curve(block);
}

void read_search(BlockReader& reader) {
  read_arrivals(reader);
  Block& block = reader.block;
  CapacityPlan& search = block.search;
  const yaml::Node* start_rate = reader.need("start_rate");
  const yaml::Node* max_rate = reader.need("max_rate");
  const yaml::Node* gates = reader.need("gates");
  if (start_rate == nullptr || max_rate == nullptr || gates == nullptr) return;
  search.start_rate = reader.positive_rate(*start_rate);
  search.max_rate = reader.positive_rate(*max_rate);
  if (search.max_rate < search.start_rate) reader.complain(max_rate->mark(), "max_rate is below start_rate");
  search.settle = std::chrono::ceil<std::chrono::seconds>(reader.duration_or("settle", search.settle));
  search.measure = std::chrono::ceil<std::chrono::seconds>(reader.duration_or("measure", search.measure));
  search.confirm = std::chrono::ceil<std::chrono::seconds>(reader.duration_or("confirm", 2 * search.measure));
  if (search.measure.count() <= 0 || search.confirm.count() <= 0) {
    reader.complain(reader.mark(), "a capacity search must measure and confirm for at least 1s");
  }
  if (const yaml::Node* precision = reader.find("precision")) {
    search.precision = schema::as_share(*precision);
    if (search.precision < 0.01 || search.precision > 0.5)
      reader.complain(precision->mark(), "precision must be from 1% to 50%");
  }
  for (const yaml::Node& gate : gates->items()) search.gates.push_back(gate.text());
  if (search.gates.empty()) reader.complain(gates->mark(), "name at least one gate that must hold");
  block.curve = RateCurve(block.start);
  block.end = block.start + reader.duration();
  if (block.end - block.start < search.settle + search.measure) {
    reader.complain(reader.mark(), fmt::format("load block '{}' has {} for its search; one step takes {}", block.name,
                                               format_duration(block.end - block.start),
                                               format_duration(search.settle + search.measure)));
  }
}

}  // namespace

std::optional<Executor> executor_named(std::string_view name) noexcept {
  for (const Executor executor : kExecutors) {
    if (to_string(executor) == name) return executor;
  }
  return std::nullopt;
}

void refuse_foreign_options(const BlockReader& reader) {
  const Options& own = options_of(reader.block.executor);
  for (const char* key : foreign_options()) {
    const bool takes =
        std::any_of(own.begin(), own.end(), [&](const char* each) { return std::string_view(each) == key; });
    const yaml::Node* value = reader.find(key);
    if (value == nullptr || takes) continue;
    reader.complain(value->mark(),
                    fmt::format("'{}' does not go with the executor {}", key, to_string(reader.block.executor)));
  }
}

void compile_executor(BlockReader& reader) {
  switch (reader.block.executor) {
    case Executor::constant_arrival_rate:
      return read_constant_rate(reader);
    case Executor::ramping_arrival_rate:
      return read_ramping_rate(reader);
    case Executor::constant_vus:
      return read_constant_vus(reader);
    case Executor::ramping_vus:
      return read_ramping_vus(reader);
    case Executor::shared_iterations:
    case Executor::per_vu_iterations:
      return read_counted(reader);
    case Executor::capacity_search:
      return read_search(reader);
  }
}

}  // namespace tidegate::loadgen
