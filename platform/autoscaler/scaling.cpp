#include "platform/autoscaler/scaling.hpp"

#include <algorithm>
#include <cmath>

namespace tidegate::platform {

int Scaling::decide(Nanoseconds now, std::optional<Nanoseconds> lag) {
  wanted_ = std::clamp(wanted_, limits_.least, limits_.most);
  if (!lag) return wanted_;
  if (*lag > limits_.target) {
    calm_since_.reset();
    if (grown_at_ != Nanoseconds{0} && now - grown_at_ < limits_.settle) return wanted_;
    const double share = static_cast<double>(lag->count()) / static_cast<double>(limits_.target.count());
    const int grown = static_cast<int>(std::ceil(wanted_ * std::min(share, 2.0)));
    grown_at_ = now;
    return wanted_ = std::clamp(std::max(grown, wanted_ + 1), limits_.least, limits_.most);
  }
  if (*lag > limits_.target / 4) {
    calm_since_.reset();
    return wanted_;
  }
  if (!calm_since_) calm_since_ = now;
  if (now - *calm_since_ < limits_.calm) return wanted_;
  calm_since_ = now;
  return wanted_ = std::max(wanted_ - 1, limits_.least);
}

std::map<std::string, std::set<int>> spread(int units, const std::vector<std::string>& workers,
                                            const std::map<std::string, std::set<int>>& now) {
  std::map<std::string, std::set<int>> wanted;
  if (workers.empty()) return wanted;
  std::set<int> homeless;
  for (int unit = 0; unit < units; ++unit) homeless.insert(unit);
  // Those that have most keep one more, where they do not divide evenly.
  std::vector<std::string> order = workers;
  const auto count_of = [&](const std::string& worker) {
    const auto found = now.find(worker);
    return found == now.end() ? std::size_t{0} : found->second.size();
  };
  std::ranges::stable_sort(order, [&](const auto& a, const auto& b) { return count_of(a) > count_of(b); });
  const std::size_t each = static_cast<std::size_t>(units) / order.size();
  std::size_t more = static_cast<std::size_t>(units) % order.size();
  std::map<std::string, std::size_t> room;
  for (const std::string& worker : order) {
    room[worker] = each + (more > 0 ? 1 : 0);
    if (more > 0) --more;
    wanted[worker];
    const auto held = now.find(worker);
    if (held == now.end()) continue;
    for (const int unit : held->second) {
      if (wanted[worker].size() < room[worker] && homeless.erase(unit) == 1) wanted[worker].insert(unit);
    }
  }
  for (const std::string& worker : order) {
    while (wanted[worker].size() < room[worker]) wanted[worker].insert(homeless.extract(homeless.begin()).value());
  }
  return wanted;
}

LagWatch::Lag LagWatch::observe(Nanoseconds now, const Numbers& published, const Numbers& applied) {
  Lag lag;
  for (const auto& [stream, number] : published) {
    const auto found = applied.find(stream);
    const std::int64_t done = found == applied.end() ? 0 : found->second;
    std::vector<Mark>& marks = marks_[stream];
    if (number > (marks.empty() ? done : std::max(done, marks.back().number))) marks.push_back({now, number});
    std::erase_if(marks, [&](const Mark& mark) { return mark.number <= done; });
    if (number <= done) continue;
    lag.events += number - done;
    if (!marks.empty()) lag.age = std::max(lag.age, now - marks.front().at);
  }
  return lag;
}

}  // namespace tidegate::platform
