#include "chaos/plan_schedule.hpp"

#include <algorithm>
#include <set>

#include "base/random.hpp"
#include "base/units.hpp"
#include "chaos/plan_time.hpp"

namespace tidegate::chaos {
namespace {

enum class Stage { untouched, in_progress, known, unknown };

class Scheduler {
 public:
  Scheduler(std::vector<DraftFault>& drafts, const FaultContext& context, Diagnostics& diagnostics)
      : drafts_(drafts), context_(context), diagnostics_(diagnostics), stages_(drafts.size(), Stage::untouched) {}

  void run() {
    for (std::size_t i = 0; i < drafts_.size(); ++i) resolve(i);
    repeat_and_jitter();
    for (std::size_t i = 0; i < drafts_.size(); ++i) {
      if (stages_[i] == Stage::known) check_inside_run(drafts_[i]);
    }
    for (std::size_t i = 0; i < drafts_.size(); ++i) check_exclusive(i);
    for (std::size_t i = 0; i < drafts_.size(); ++i) check_limits(i);
  }

 private:
  /// Whether the fault's times are known.
  bool resolve(std::size_t index) {
    if (stages_[index] != Stage::untouched) return stages_[index] == Stage::known;
    stages_[index] = Stage::in_progress;
    DraftFault& draft = drafts_[index];
    const bool known = !draft.node.is_null() && !draft.spec.kind.empty() && resolve_start_and_end(draft);
    stages_[index] = known ? Stage::known : Stage::unknown;
    if (!known) draft.usable = false;
    return known;
  }

  bool resolve_start_and_end(DraftFault& draft) {
    const yaml::Node* at = draft.node.find("at");
    const yaml::Node* after = draft.node.find("after");
    if ((at == nullptr) == (after == nullptr)) {
      return refuse(at != nullptr ? after->mark() : draft.spec.mark,
                    "fault '" + draft.spec.name + "' needs one of at: and after:");
    }
    const record::Window* phase = nullptr;
    const bool started = at != nullptr ? resolve_at(*at, draft, phase) : resolve_after(*after, draft);
    return resolve_end(draft, phase, started) && started;
  }

  bool resolve_at(const yaml::Node& at, DraftFault& draft, const record::Window*& phase) {
    if (is_time(at.text())) {
      const auto time = parse_duration(at.text());
      if (!time) return refuse(at.mark(), "at: " + time.error().message);
      draft.spec.inject_at = *time;
      return true;
    }
    const auto anchor = parse_anchor(at.text());
    if (!anchor) return refuse(at.mark(), "at: " + anchor.error().message);
    phase = find_phase(anchor->name);
    if (phase == nullptr) {
      std::vector<std::string> names;
      for (const auto& each : context_.phases) names.push_back(each.name);
      return refuse(at.mark(), "there is no phase '" + anchor->name + "'", nearest_spelling(anchor->name, names));
    }
    draft.spec.inject_at = start_of(*phase) + length_within(anchor->offset, *phase);
    if (draft.spec.inject_at < end_of(*phase)) return true;
    return refuse(at.mark(), "'" + at.text() + "' is past the end of that phase, which lasts " +
                                 format_duration(end_of(*phase) - start_of(*phase)));
  }

  bool resolve_after(const yaml::Node& after, DraftFault& draft) {
    const auto anchor = parse_anchor(after.text());
    if (!anchor) return refuse(after.mark(), "after: " + anchor.error().message);
    const auto* offset = std::get_if<Nanoseconds>(&anchor->offset);
    if (offset == nullptr) return refuse(after.mark(), "after: takes a duration, since a fault is no phase to share");
    const auto other = std::find_if(drafts_.begin(), drafts_.end(),
                                    [&](const DraftFault& each) { return each.spec.name == anchor->name; });
    if (other == drafts_.end()) {
      std::vector<std::string> names;
      for (const DraftFault& each : drafts_) names.push_back(each.spec.name);
      return refuse(after.mark(), "there is no fault '" + anchor->name + "'", nearest_spelling(anchor->name, names));
    }
    const auto index = static_cast<std::size_t>(other - drafts_.begin());
    if (stages_[index] == Stage::in_progress) {
      return refuse(after.mark(), "fault '" + draft.spec.name + "' waits in a circle for its own end");
    }
    if (!resolve(index)) return false;  // reported where it went wrong
    if (!other->spec.heal_at) return refuse(after.mark(), "fault '" + anchor->name + "' never ends");
    draft.spec.after = anchor->name;
    draft.spec.after_offset = *offset;
    draft.spec.inject_at = *other->spec.heal_at + *offset;
    return true;
  }

  bool resolve_end(DraftFault& draft, const record::Window* phase, bool started) {
    FaultSpec& spec = draft.spec;
    const FaultKind& kind = spec.fault_kind();
    const yaml::Node* length = draft.node.find("for");
    if (kind.ends_by_itself()) {
      if (length != nullptr) {
        return refuse(length->mark(), "for: does not apply to " + kind.name + ", which ends by itself (" +
                                          kind.parameters->fields.front().name + ")");
      }
      if (!draft.usable) return false;
      const auto own = kind.own_duration(spec.parameters);
      if (own) spec.heal_at = spec.inject_at + *own;
      return true;
    }
    if (length == nullptr) return refuse(spec.mark, "fault '" + spec.name + "' needs for:, how long it lasts");
    const auto extent = parse_extent(length->text());
    if (!extent) return refuse(length->mark(), "for: " + extent.error().message);
    if (std::holds_alternative<Share>(*extent) && phase == nullptr) {
      return started && refuse(length->mark(), "for: is a share, and at: names no phase to take it of");
    }
    const Nanoseconds lasts = phase != nullptr ? length_within(*extent, *phase) : std::get<Nanoseconds>(*extent);
    if (lasts.count() <= 0) return refuse(length->mark(), "for: must be longer than 0");
    spec.heal_at = spec.inject_at + lasts;
    return true;
  }

  /// `repeat:` makes one fault several, `jitter:` moves the beginning of each; both before the checks that follow.
  void repeat_and_jitter() {
    std::vector<DraftFault> all;
    std::vector<Stage> stages;
    for (std::size_t i = 0; i < drafts_.size(); ++i) {
      const yaml::Node* repeat = stages_[i] == Stage::known ? drafts_[i].node.find("repeat") : nullptr;
      const auto times = repeat == nullptr ? 1 : schema::as_integer(*repeat->find("times"));
      const Nanoseconds every = repeat == nullptr ? Nanoseconds{0} : schema::as_duration(*repeat->find("every"));
      for (std::int64_t k = 0; k < times; ++k) {
        DraftFault draft = drafts_[i];
        if (k > 0) draft.spec.name += "#" + std::to_string(k + 1);
        if (stages_[i] == Stage::known) move(draft, every * k + jitter_of(draft, static_cast<std::uint64_t>(k)));
        all.push_back(std::move(draft));
        stages.push_back(stages_[i]);
      }
    }
    drafts_ = std::move(all);
    stages_ = std::move(stages);
  }

  Nanoseconds jitter_of(const DraftFault& draft, std::uint64_t occurrence) const {
    const yaml::Node* jitter = draft.node.find("jitter");
    if (jitter == nullptr) return Nanoseconds{0};
    const std::string name = draft.spec.name.substr(0, draft.spec.name.find('#'));
    const double share = Draws(context_.seed, stable_hash("jitter\n" + name), occurrence).uniform();
    return Nanoseconds{static_cast<std::int64_t>(share * static_cast<double>(schema::as_duration(*jitter).count()))};
  }

  static void move(DraftFault& draft, Nanoseconds by) {
    draft.spec.inject_at += by;
    if (draft.spec.heal_at) *draft.spec.heal_at += by;
    draft.spec.after_offset += by;
  }

  void check_inside_run(DraftFault& draft) {
    const Nanoseconds end = context_.phases.empty() ? context_.end : end_of(context_.phases.back());
    if (end.count() == 0) return;
    const FaultSpec& spec = draft.spec;
    const yaml::Node* at = draft.node.find("at");
    const Mark mark = at != nullptr ? at->mark() : draft.node.find("after")->mark();
    const std::string ends = "the run ends at " + format_duration(end);
    if (spec.inject_at >= end) {
      draft.usable = false;
      diagnostics_.add(mark,
                       "fault '" + spec.name + "' begins at " + format_duration(spec.inject_at) + ", and " + ends);
    } else if (spec.heal_at && *spec.heal_at > end) {
      draft.usable = false;
      diagnostics_.add(mark, "fault '" + spec.name + "' ends at " + format_duration(*spec.heal_at) + ", and " + ends);
    }
  }

  void check_exclusive(std::size_t index) {
    const FaultSpec& spec = drafts_[index].spec;
    if (stages_[index] != Stage::known || !spec.fault_kind().exclusive) return;
    for (std::size_t i = 0; i < index; ++i) {
      const FaultSpec& other = drafts_[i].spec;
      if (stages_[i] != Stage::known || other.kind != spec.kind || other.target != spec.target) continue;
      if (!overlap(spec, other)) continue;
      drafts_[index].usable = false;
      diagnostics_.add(spec.mark, "fault '" + spec.name + "' overlaps '" + other.name + "' (" + other.mark.text() +
                                      "): two " + spec.kind + " faults cannot be on " + spec.target + " at once");
    }
  }

  /// At the beginning of each fault, what is on together: the plan's worst moments are among these.
  void check_limits(std::size_t index) {
    const FaultSpec& spec = drafts_[index].spec;
    if (stages_[index] != Stage::known) return;
    std::size_t at_once = 0;
    std::set<std::string> targets;
    for (std::size_t i = 0; i < drafts_.size(); ++i) {
      const FaultSpec& other = drafts_[i].spec;
      const bool on = stages_[i] == Stage::known && other.inject_at <= spec.inject_at &&
                      (i == index || !other.heal_at || *other.heal_at > spec.inject_at);
      if (!on) continue;
      ++at_once;
      if (other.target_kind == spec.target_kind) targets.insert(other.target);
    }
    const BlastRadius& limits = context_.limits;
    if (limits.faults_at_once && at_once > *limits.faults_at_once) {
      return over_limit(index, std::to_string(at_once) + " faults are on at once, and limits: faults_at_once says " +
                                   std::to_string(*limits.faults_at_once));
    }
    const bool links = spec.target_kind == TargetKind::link;
    const auto share = links ? limits.links_at_once : limits.processes_at_once;
    const std::size_t total = links ? context_.links.size() : context_.processes.size();
    if (spec.target_kind == TargetKind::store || !share || total == 0) return;
    if (static_cast<double>(targets.size()) <= *share * static_cast<double>(total)) return;
    over_limit(index, std::to_string(targets.size()) + " of " + std::to_string(total) +
                          (links ? " links" : " processes") + " are hit at once, and limits: " +
                          (links ? "links_at_once" : "processes_at_once") + " says " + format_share(*share));
  }

  void over_limit(std::size_t index, const std::string& what) {
    drafts_[index].usable = false;
    diagnostics_.add(drafts_[index].spec.mark, "when fault '" + drafts_[index].spec.name + "' begins, " + what);
  }

  static bool overlap(const FaultSpec& a, const FaultSpec& b) {
    const auto ends = [](const FaultSpec& spec) { return spec.heal_at.value_or(Nanoseconds::max()); };
    // Two that begin together overlap even when one of them has no length.
    return a.inject_at == b.inject_at || (a.inject_at < ends(b) && b.inject_at < ends(a));
  }

  const record::Window* find_phase(const std::string& name) const {
    for (const auto& phase : context_.phases) {
      if (phase.name == name) return &phase;
    }
    return nullptr;
  }

  bool refuse(const Mark& mark, std::string message, std::string suggestion = {}) {
    diagnostics_.add(mark, std::move(message), std::move(suggestion));
    return false;
  }

  std::vector<DraftFault>& drafts_;
  const FaultContext& context_;
  Diagnostics& diagnostics_;
  std::vector<Stage> stages_;
};

}  // namespace

void schedule(std::vector<DraftFault>& drafts, const FaultContext& context, Diagnostics& diagnostics) {
  Scheduler(drafts, context, diagnostics).run();
}

}  // namespace tidegate::chaos
