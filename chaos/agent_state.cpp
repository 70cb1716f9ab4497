#include "chaos/agent_state.hpp"

#include <unistd.h>

#include <algorithm>

#include "base/assert.hpp"
#include "base/http/message.hpp"
#include "base/log.hpp"
#include "base/units.hpp"
#include "chaos/http/http_protocol.hpp"

namespace tidegate::chaos {

AgentState::AgentState(asio::any_io_executor executor, const Clock& clock, Journal* journal)
    : clock_(clock), journal_(journal), context_(std::move(executor)), last_heartbeat_(clock.now()) {}

AgentState::~AgentState() {
  stop();
}

Result<LinkReport> AgentState::open_link(const LinkRequest& request) {
  if (request.name.empty()) return usage_error("a link needs a name");
  if (has_link(request.name)) return usage_error("link '" + request.name + "' is open already");
  auto link = std::make_unique<Link>(context_, request.name, request.http ? std::make_unique<HttpProtocol>() : nullptr);
  if (!request.upstream.empty()) {
    auto upstream = parse_endpoint(request.upstream);
    if (!upstream) return upstream.error();
    link->set_upstream(*upstream);
  }
  if (auto opened = link->open(request.listen); !opened) return opened.error();
  log::info("link opened", {{"link", request.name}, {"address", link->address()}, {"upstream", request.upstream}});
  const Link& made = *links_.emplace(request.name, std::move(link)).first->second;
  tell_link(made);
  return report_of(made);
}

Result<LinkReport> AgentState::set_upstream(const std::string& name, const std::string& address) {
  TIDEGATE_ASSERT(has_link(name));
  auto endpoint = parse_endpoint(address);
  if (!endpoint) return endpoint.error();
  Link& link = *links_.at(name);
  link.set_upstream(*endpoint);
  log::info("upstream set", {{"link", name}, {"upstream", address}});
  tell_link(link);
  return report_of(link);
}

Result<LinkReport> AgentState::set_enabled(const std::string& name, bool enabled) {
  TIDEGATE_ASSERT(has_link(name));
  Link& link = *links_.at(name);
  if (auto set = link.set_enabled(enabled); !set) return set.error();
  tell_link(link);
  return report_of(link);
}

void AgentState::close_link(const std::string& name) {
  TIDEGATE_ASSERT(has_link(name));
  for (Lease& lease : leases_) {
    if (lease.active() && lease.request.link == name) end(lease, "link closed");
  }
  links_.at(name)->stop();
  links_.erase(name);
  if (journal_ != nullptr) journal_->link_closed(name);
}

LinkReport AgentState::link_report(const std::string& name) const {
  return report_of(*links_.at(name));
}

Result<void> AgentState::take_over(Inheritance inheritance, const std::string& why) {
  for (auto& [name, inherited] : inheritance.links) {
    const LinkReport& report = inherited.report;
    auto link = std::make_unique<Link>(context_, name, report.http ? std::make_unique<HttpProtocol>() : nullptr);
    if (const auto upstream = parse_endpoint(report.upstream)) link->set_upstream(*upstream);
    if (auto adopted = link->adopt(std::move(inherited.listener)); !adopted) return adopted;
    if (!report.enabled) {
      if (auto off = link->set_enabled(false); !off) return off;
    }
    tell_link(*links_.emplace(name, std::move(link)).first->second);
  }
  for (const auto& [id, report] : inheritance.faults) {
    Lease lease;
    lease.request.id = id;
    lease.request.link = report.link;
    lease.request.process = report.process;
    lease.request.kind = report.kind;
    lease.healed_by = report.active ? why : report.healed_by;
    lease.inherited_hits = report.hits;
    lease.healed = clock_.now();
    lease.injected = lease.healed - from_seconds(report.active_s);
    leases_.push_back(std::move(lease));
    if (journal_ != nullptr) journal_->fault(report_of(leases_.back()));
    if (report.active) log::warn("fault healed", {{"fault", id}, {"why", why}});
  }
  return {};
}

Result<void> AgentState::refusal(const LeaseRequest& request) const {
  if (const Lease* other = find(request.id); other != nullptr && other->active()) {
    return usage_error("fault '" + request.id + "' is on already");
  }
  const auto on = std::count_if(leases_.begin(), leases_.end(), [](const Lease& lease) { return lease.active(); });
  if (limit_ > 0 && static_cast<std::uint64_t>(on) >= limit_) {
    return usage_error("fault '" + request.id + "' would be one more than the " + std::to_string(limit_) +
                       " that this agent allows at once");
  }
  return {};
}

Result<FaultReport> AgentState::inject(LeaseRequest request) {
  if (auto allowed = refusal(request); !allowed) return allowed.error();
  const FaultKind* kind = find_fault_kind(request.kind);
  TIDEGATE_ASSERT(kind != nullptr && kind->held_by_agent());
  Lease lease;
  lease.request = std::move(request);
  lease.injected = clock_.now();
  lease.second = second_of(lease.injected);
  auto put = kind->on_links() ? put_on_link(lease, *kind) : put_on_process(lease, *kind);
  if (!put) return put.error();
  last_heartbeat_ = clock_.now();
  const Lease& made = remember(std::move(lease));
  log::info("fault injected", {{"fault", made.request.id},
                               {"kind", made.request.kind},
                               {"target", made.request.link.empty() ? made.request.process : made.request.link},
                               {"parameters", json::serialize(tidegate::to_json(made.request.parameters))},
                               {"for", format_duration(made.request.duration)},
                               {"by", made.request.by.empty() ? "unnamed" : made.request.by}});
  if (journal_ != nullptr) journal_->fault(report_of(made));
  return report_of(made);
}

AgentState::Lease& AgentState::remember(Lease lease) {
  if (leases_.size() > kRemembered) {
    const auto healed = std::find_if(leases_.begin(), leases_.end(), [](const Lease& each) { return !each.active(); });
    if (healed != leases_.end()) leases_.erase(healed);
  }
  leases_.push_back(std::move(lease));
  return leases_.back();
}

Result<void> AgentState::put_on_link(Lease& lease, const FaultKind& kind) {
  const LeaseRequest& request = lease.request;
  const auto link = links_.find(request.link);
  if (link == links_.end()) {
    std::vector<std::string> names;
    for (const auto& [name, each] : links_) names.push_back(name);
    const std::string near = nearest_spelling(request.link, names);
    return usage_error("there is no link '" + request.link + "'" +
                       (near.empty() ? "" : "; did you mean '" + near + "'?"));
  }
  const bool http = link->second->knows_messages();
  const bool needs_http =
      !kind.make_link_fault || request.match.per == Match::Per::message || request.match.selects_messages();
  if (needs_http && (!http || !kind.make_http_fault)) {
    return usage_error(http ? request.kind + " does not look at messages"
                            : "link '" + request.link + "' is not known to speak HTTP");
  }
  const FaultIdentity identity{request.seed, request.id, request.link};
  lease.fault = std::make_shared<ActiveFault>(ActiveFault{nullptr, Picker(request.match, identity), monotonic_now()});
  if (http && kind.per_message(request.match)) {
    lease.fault->message = kind.make_http_fault(request.parameters, identity);
  } else {
    lease.fault->effect = kind.make_link_fault(request.parameters, identity);
  }
  link->second->add_fault(lease.fault);
  return {};
}

Result<void> AgentState::put_on_process(Lease& lease, const FaultKind& kind) {
  auto target = ProcessTarget::open(lease.request.pid, lease.request.started);
  if (!target) return target.error();
  if (target->pid() == ::getpid() || target->pid() == ::getppid() || target->pid() == 1) {
    return usage_error("process " + std::to_string(target->pid()) + " is the agent's own, or everybody's");
  }
  auto copy = target->duplicate();
  if (!copy) return copy.error();
  lease.held = kind.make_held_fault(lease.request.parameters, std::move(*copy));
  lease.target = std::make_unique<ProcessTarget>(std::move(*target));
  // Told before it is done, where that is known: what is undone without having been done does no harm.
  const auto tell = [&] {
    if (const auto undo = lease.held->undo(); undo && journal_ != nullptr) {
      journal_->undo(lease.request.id, *undo, *lease.target);
    }
  };
  tell();
  if (auto injected = lease.held->inject(); !injected) return injected;
  tell();
  lease.held->tick(clock_.now());
  tick_later(lease.held);
  return {};
}

// A fault with a rhythm of its own is ticked by timers that end with it.
void AgentState::tick_later(std::weak_ptr<HeldFault> fault) {
  const auto held = fault.lock();
  if (!held || !held->next_tick()) return;
  auto timer = std::make_shared<asio::steady_timer>(context_.executor);
  timer->expires_after(std::max(Nanoseconds{std::chrono::microseconds(100)}, *held->next_tick() - clock_.now()));
  timer->async_wait([this, fault, timer](error_code error) {
    const auto still = fault.lock();
    if (error || !still) return;
    const bool on = std::any_of(leases_.begin(), leases_.end(),
                                [&](const Lease& lease) { return lease.held == still && lease.active(); });
    if (!on) return;
    still->tick(clock_.now());
    tick_later(fault);
  });
}

bool AgentState::has_fault(const std::string& id) const {
  return find(id) != nullptr;
}

FaultReport AgentState::report(const std::string& id) const {
  const Lease* lease = find(id);
  TIDEGATE_ASSERT(lease != nullptr);
  return report_of(*lease);
}

TouchPage AgentState::touched(const std::string& id, std::uint64_t from) const {
  const Lease* lease = find(id);
  TIDEGATE_ASSERT(lease != nullptr);
  TouchPage page;
  page.next = from;
  if (!lease->fault) return page;
  const TouchLog& log = lease->fault->touched;
  page.beyond = log.beyond;
  if (from >= log.touches.size()) return page;
  const std::size_t count = std::min<std::size_t>(kTouchesPerPage, log.touches.size() - from);
  const auto first = log.touches.begin() + static_cast<std::ptrdiff_t>(from);
  page.touches.assign(first, first + static_cast<std::ptrdiff_t>(count));
  page.next = from + count;
  return page;
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
    if (lease.held && !lease.held->next_tick()) lease.held->tick(now);
    count_second(lease, now);
    const Nanoseconds lasts = lease.request.duration;
    if (silent && lease.request.needs_heartbeat) {
      end(lease, "heartbeat missing");
    } else if (lasts.count() > 0 && now - lease.injected >= lasts + lease.request.grace) {
      end(lease, "lease ended");
    } else if (lease.target && !lease.target->alive()) {
      end(lease, "its process is gone");
    }
  }
}

AgentStatus AgentState::status() const {
  AgentStatus status;
  status.pid = static_cast<int>(::getpid());
  status.limit = limit_;
  for (const auto& [name, link] : links_) status.links.push_back(report_of(*link));
  for (const Lease& lease : leases_) status.faults.push_back(report_of(lease));
  return status;
}

void AgentState::stop() {
  heal_all("agent stopping");
  for (const auto& [name, link] : links_) link->stop();
  links_.clear();
  context_.reactor.stop();
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
  if (lease.fault) {
    if (const auto link = links_.find(lease.request.link); link != links_.end())
      link->second->remove_fault(lease.fault);
  } else if (lease.held) {
    if (auto healed = lease.held->heal(); !healed) {
      log::error("a fault could not be healed", {{"fault", lease.request.id}, {"why", healed.error().message}});
      lease.healed_by = why + ", and not healed: " + healed.error().message;
    }
  }
  log::info("fault healed",
            {{"fault", lease.request.id}, {"why", lease.healed_by}, {"hits", std::to_string(lease.hits())}});
  if (journal_ != nullptr) journal_->fault(report_of(lease));
}

void AgentState::count_second(Lease& lease, Nanoseconds now) {
  const std::int32_t second = second_of(now);
  if (second == lease.second) return;
  lease.hits_last_second = lease.hits() - lease.hits_before_second;
  lease.hits_before_second = lease.hits();
  lease.second = second;
  if (journal_ != nullptr) journal_->fault(report_of(lease));
}

FaultReport AgentState::report_of(const Lease& lease) const {
  const Nanoseconds until = lease.active() ? clock_.now() : lease.healed;
  FaultReport report;
  report.id = lease.request.id;
  report.link = lease.request.link;
  report.process = lease.request.process;
  report.kind = lease.request.kind;
  report.by = lease.request.by;
  report.active = lease.active();
  report.healed_by = lease.healed_by;
  report.hits = lease.hits();
  report.hits_last_second = lease.hits_last_second;
  report.active_s = to_seconds(until - lease.injected);
  return report;
}

LinkReport AgentState::report_of(const Link& link) const {
  LinkReport report;
  report.name = link.name();
  report.address = link.address();
  report.connections = link.connections();
  report.accepted = link.accepted();
  report.refused = link.refused();
  report.bytes_up = link.bytes(Direction::upstream);
  report.bytes_down = link.bytes(Direction::downstream);
  report.http = link.knows_messages();
  report.enabled = link.enabled();
  if (const auto& upstream = link.upstream()) {
    report.upstream = http::host_and_port(upstream->address().to_string(), upstream->port());
  }
  return report;
}

void AgentState::tell_link(const Link& link) {
  if (journal_ != nullptr) journal_->link(report_of(link), link.listener());
}

}  // namespace tidegate::chaos
