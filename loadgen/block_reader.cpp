#include "loadgen/block_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/random.hpp"
#include "base/schema.hpp"
#include "base/units.hpp"

namespace tidegate::loadgen {
namespace {

constexpr double kHighestRate = 1e6;  // per second and block; beyond it is a typing mistake

Nanoseconds end_of_phases(const std::vector<record::Window>& phases) {
  std::int32_t end = 0;
  for (const record::Window& phase : phases) end = std::max(end, phase.end);
  return std::chrono::seconds(end);
}

}  // namespace

BlockReader::BlockReader(const yaml::Node& name, const yaml::Node& node, CompileContext& context)
    : node_(node), mark_(name.mark()), context_(context) {
  block.name = name.text();
  block.index = static_cast<std::uint32_t>(context.plan.blocks.size());
  block.stream = substream(stable_hash("block"), stable_hash(block.name));
}

const yaml::Node* BlockReader::need(const char* key) const {
  const yaml::Node* value = find(key);
  if (value == nullptr) {
    complain(mark_,
             fmt::format("load block '{}' needs '{}' for the executor {}", block.name, key, to_string(block.executor)));
  }
  return value;
}

std::uint32_t BlockReader::count_or(const char* key, std::uint32_t otherwise) const {
  const yaml::Node* value = find(key);
  return value != nullptr ? static_cast<std::uint32_t>(schema::as_integer(*value)) : otherwise;
}

Nanoseconds BlockReader::duration() const {
  const yaml::Node* node = find("duration");
  const Nanoseconds length =
      node != nullptr ? schema::as_duration(*node) : end_of_phases(context_.input.phases) - block.start;
  if (length.count() > 0) return length;
  complain(node != nullptr ? node->mark() : mark_,
           fmt::format("load block '{}' lasts no time; give it a duration", block.name));
  return std::chrono::seconds(1);
}

double BlockReader::bounded_rate(const yaml::Node& node) const {
  const auto rate = parse_rate(node.text());
  if (!rate) {
    complain(node.mark(), rate.error().message);
    return 0;
  }
  if (*rate <= kHighestRate) return *rate;
  complain(node.mark(), fmt::format("{} is over the highest rate of a load block, {}", format_rate(*rate),
                                    format_rate(kHighestRate)));
  return kHighestRate;
}

double BlockReader::positive_rate(const yaml::Node& node) const {
  const std::size_t before = mistakes();
  const double rate = bounded_rate(node);
  if (rate > 0) return rate;
  if (mistakes() == before) complain(node.mark(), "the rate must be above 0");
  return 1;
}

const record::Window* BlockReader::find_phase(const yaml::Node& name) const {
  std::vector<std::string> known;
  for (const record::Window& phase : context_.input.phases) {
    if (phase.name == name.text()) return &phase;
    known.push_back(phase.name);
  }
  context_.diagnostics.add(name.mark(), "unknown phase '" + name.text() + "'", nearest_spelling(name.text(), known));
  return nullptr;
}

}  // namespace tidegate::loadgen
