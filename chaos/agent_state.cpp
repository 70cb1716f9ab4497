#include "chaos/agent_state.hpp"

#include <unistd.h>

#include <algorithm>

#include "base/assert.hpp"
#include "base/http/message.hpp"
#include "base/log.hpp"
#include "base/units.hpp"
#include "chaos/fault.hpp"

namespace tidegate::chaos {

AgentState::AgentState(asio::any_io_executor executor, const Clock& clock)
    : clock_(clock), context_{std::move(executor)}, last_heartbeat_(clock.now()) {}

Result<LinkReport> AgentState::open_link(const std::string& name) {
  if (name.empty()) return usage_error("a link needs a name");
  if (has_link(name)) return usage_error("link '" + name + "' is open already");
  auto link = std::make_unique<Link>(context_, name);
  if (auto opened = link->open(); !opened) return opened.error();
  log::info("link opened", {{"link", name}, {"address", link->address()}});
  return report_of(*links_.emplace(name, std::move(link)).first->second);
}

Result<LinkReport> AgentState::set_upstream(const std::string& name, const std::string& address) {
  TIDEGATE_ASSERT(has_link(name));
  auto endpoint = parse_endpoint(address);
  if (!endpoint) return endpoint.error();
  Link& link = *links_.at(name);
  link.set_upstream(*endpoint);
  log::info("upstream set", {{"link", name}, {"upstream", address}});
  return report_of(link);
}

Result<FaultReport> AgentState::inject(LeaseRequest request) {
  if (const Lease* other = find(request.id); other != nullptr && other->active()) {
    return usage_error("fault '" + request.id + "' is on already");
  }
  const auto link = links_.find(request.link);
  if (link == links_.end()) {
    std::vector<std::string> names;
    for (const auto& [name, each] : links_) names.push_back(name);
    const std::string near = nearest_spelling(request.link, names);
    return usage_error("there is no link '" + request.link + "'" +
                       (near.empty() ? "" : "; did you mean '" + near + "'?"));
  }
  const FaultKind* kind = find_fault_kind(request.kind);
  TIDEGATE_ASSERT(kind != nullptr && kind->make_link_fault);
  const FaultIdentity identity{request.seed, request.id, request.link};
  Lease lease;
  lease.fault = std::make_shared<ActiveFault>(ActiveFault{kind->make_link_fault(request.parameters, identity),
                                                          Picker(request.match, identity), monotonic_now(), 0});
  lease.injected = clock_.now();
  lease.second = second_of(lease.injected);
  lease.request = std::move(request);
  if (leases_.size() > kRemembered) {
    const auto healed = std::find_if(leases_.begin(), leases_.end(), [](const Lease& each) { return !each.active(); });
    if (healed != leases_.end()) leases_.erase(healed);
  }
  leases_.push_back(std::move(lease));
  last_heartbeat_ = clock_.now();
  const Lease& made = leases_.back();
  link->second->add_fault(made.fault);
  log::info("fault injected", {{"fault", made.request.id},
                               {"kind", made.request.kind},
                               {"link", made.request.link},
                               {"parameters", json::serialize(tidegate::to_json(made.request.parameters))},
                               {"for", format_duration(made.request.duration)}});
  return report_of(made);
}

bool AgentState::has_fault(const std::string& id) const {
  return find(id) != nullptr;
}

FaultReport AgentState::report(const std::string& id) const {
  const Lease* lease = find(id);
  TIDEGATE_ASSERT(lease != nullptr);
  return report_of(*lease);
}

FaultReport AgentState::heal(const std::string& id, const std::string& why) {
  Lease* lease = find(id);
  TIDEGATE_ASSERT(lease != nullptr);
  if (lease->active()) end(*lease, why);
  return report_of(*lease);
}

void AgentState::heal_all(const std::string& why) {
  for (Lease& lease : leases_) {
    if (lease.active()) end(lease, why);
  }
}

void AgentState::heartbeat() {
  last_heartbeat_ = clock_.now();
}

void AgentState::check() {
  const Nanoseconds now = clock_.now();
  const bool silent = now - last_heartbeat_ >= kHeartbeatLimit;
  for (Lease& lease : leases_) {
    if (!lease.active()) continue;
    count_second(lease, now);
    const Nanoseconds lasts = lease.request.duration;
    if (silent && lease.request.needs_heartbeat) {
      end(lease, "heartbeat missing");
    } else if (lasts.count() > 0 && now - lease.injected >= lasts + lease.request.grace) {
      end(lease, "lease ended");
    }
  }
}

AgentStatus AgentState::status() const {
  AgentStatus status;
  status.pid = static_cast<int>(::getpid());
  for (const auto& [name, link] : links_) status.links.push_back(report_of(*link));
  for (const Lease& lease : leases_) status.faults.push_back(report_of(lease));
  return status;
}

void AgentState::stop() {
  heal_all("agent stopping");
  for (const auto& [name, link] : links_) link->stop();
  links_.clear();
}

AgentState::Lease* AgentState::find(const std::string& id) {
  const auto found =
      std::find_if(leases_.rbegin(), leases_.rend(), [&](const Lease& each) { return each.request.id == id; });
  return found == leases_.rend() ? nullptr : &*found;
}

const AgentState::Lease* AgentState::find(const std::string& id) const {
  return const_cast<AgentState*>(this)->find(id);  // NOLINT: the same search, without a second copy of it
}

void AgentState::end(Lease& lease, const std::string& why) {
  lease.healed_by = why;
  lease.healed = clock_.now();
  if (const auto link = links_.find(lease.request.link); link != links_.end()) link->second->remove_fault(lease.fault);
  log::info("fault healed", {{"fault", lease.request.id}, {"why", why}, {"hits", std::to_string(lease.fault->hits)}});
}

void AgentState::count_second(Lease& lease, Nanoseconds now) {
  const std::int32_t second = second_of(now);
  if (second == lease.second) return;
  lease.hits_last_second = lease.fault->hits - lease.hits_before_second;
  lease.hits_before_second = lease.fault->hits;
  lease.second = second;
}

FaultReport AgentState::report_of(const Lease& lease) const {
  const Nanoseconds until = lease.active() ? clock_.now() : lease.healed;
  FaultReport report{
      lease.request.id, lease.request.link, lease.request.kind, lease.active(), lease.healed_by, 0, 0, 0};
  report.hits = lease.fault->hits;
  report.hits_last_second = lease.hits_last_second;
  report.active_s = to_seconds(until - lease.injected);
  return report;
}

LinkReport AgentState::report_of(const Link& link) const {
  LinkReport report{link.name(), link.address(), {}, link.connections(), link.accepted(), link.refused()};
  if (const auto& upstream = link.upstream()) {
    report.upstream = http::host_and_port(upstream->address().to_string(), upstream->port());
  }
  return report;
}

}  // namespace tidegate::chaos
