#include "gates/fingerprint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <string_view>

#include "base/yaml.hpp"

namespace tidegate::gates {
namespace {

// FNV-1a, 64 bits: a name for a folder, not a secret.
class Hash {
 public:
  void add(std::string_view text) {
    for (const char c : text) {
      value_ = (value_ ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    }
    value_ = (value_ ^ 0xff) * 0x100000001b3ULL;  // so that "ab" + "c" is not "a" + "bc"
  }
  void add(const yaml::Node& node) {
    add(std::string_view(node.is_map() ? "map" : node.is_list() ? "list" : "scalar"));
    add(std::string_view(node.text()));
    for (const yaml::Node& item : node.items()) add(item);
    // The order of keys says nothing.
    std::vector<const std::pair<yaml::Node, yaml::Node>*> entries;
    for (const auto& entry : node.entries()) entries.push_back(&entry);
    std::sort(entries.begin(), entries.end(),
              [](const auto* a, const auto* b) { return a->first.text() < b->first.text(); });
    for (const auto* entry : entries) {
      add(entry->first);
      add(entry->second);
    }
    add(std::string_view("end"));
  }
  std::string text() const { return fmt::format("{:016x}", value_); }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325ULL;
};

// "Linux 6.1.0-18-amd64" is of the series "Linux 6.1".
std::string kernel_series(const std::string& kernel) {
  std::size_t dots = 0, end = 0;
  for (; end < kernel.size(); ++end) {
    if (kernel[end] == '.' && ++dots == 2) break;
    if (kernel[end] == '-') break;
  }
  return kernel.substr(0, end);
}

std::string machine_text(const record::MachineInfo& machine) {
  const double gib = static_cast<double>(machine.memory_bytes) / (1024.0 * 1024 * 1024);
  return fmt::format("{}, {} cores, {:.0f} GiB, {}", machine.cpu_model, machine.cores, std::round(gib),
                     kernel_series(machine.kernel));
}

}  // namespace

Fingerprint fingerprint(const record::RunInfo& run) {
  Diagnostics ignored;
  const yaml::Node root = yaml::parse(run.scenario, "run.json", ignored);
  Hash scenario;
  for (const char* section : {"stack", "load", "flows", "data", "setup", "phases", "faults"}) {
    scenario.add(std::string_view(section));
    if (const yaml::Node* node = root.find(section)) scenario.add(*node);
  }
  Hash machine;
  machine.add(std::string_view(machine_text(run.machine)));
  return {scenario.text(), machine.text()};
}

std::string mismatch(const record::RunInfo& baseline, const record::RunInfo& candidate) {
  const Fingerprint one = fingerprint(baseline), other = fingerprint(candidate);
  if (one.scenario != other.scenario) {
    return baseline.name == candidate.name
               ? fmt::format("both play {}, but not with the same stack, load, flows, data and faults", candidate.name)
               : fmt::format("the baseline plays {}, the candidate {}", baseline.name, candidate.name);
  }
  if (one.machine == other.machine) return {};
  return fmt::format("the machines differ: baseline {}; candidate {}", machine_text(baseline.machine),
                     machine_text(candidate.machine));
}

}  // namespace tidegate::gates
