// setting: a process's own documented setting is another for a while. Banks slow down, brokers go away, caches shrink
// by the knobs that their operators have.
//
// Method: GET remembers what the members named in `set` are, PUT changes them, and at the heal PUT puts them back.

#include "chaos/faults/setting.hpp"
#include "base/http/message.hpp"
#include "chaos/faults/parse.hpp"
#include "chaos/faults/registry.hpp"

namespace tidegate::chaos {

SettingFault::SettingFault(Setting setting, std::string process, OperatorControl& control)
    : setting_(std::move(setting)), process_(std::move(process)), control_(control) {}

Result<void> SettingFault::inject() {
  auto now = control_.call(process_, setting_.endpoint, "GET", setting_.path, {});
  if (!now) return now.error();
  const json::value* found = &*now;
  if (!setting_.member.empty() && found->is_object()) found = found->get_object().if_contains(setting_.member);
  if (found == nullptr || !found->is_object()) {
    return protocol_error(process_ + " answers GET " + setting_.path + " with no JSON object" +
                          (setting_.member.empty() ? "" : " in '" + setting_.member + "'"));
  }
  const json::object& current = found->get_object();
  json::object during = setting_.set;
  if (setting_.whole) before_ = during = current;
  bool differs = false;
  for (const auto& [key, value] : setting_.set) {
    const json::value* member = current.if_contains(key);
    if (setting_.whole) during[key] = value;
    if (member == nullptr && setting_.may_be_new) {
      differs = true;
      continue;
    }
    if (member == nullptr) {
      std::vector<std::string> names;
      for (const auto& [name, other] : current) names.emplace_back(name);
      const std::string near = nearest_spelling(std::string(key), names);
      return usage_error("setting " + setting_.path + " of " + process_ + " has no member '" + std::string(key) + "'" +
                         (near.empty() ? "" : "; did you mean '" + near + "'?"));
    }
    if (!setting_.whole) before_[key] = *member;
    differs = differs || *member != value;
  }
  if (!differs) return usage_error("setting " + setting_.path + " of " + process_ + " is so already");
  if (!setting_.hit.empty()) {
    auto count = control_.counter(process_, setting_.endpoint, setting_.hit);
    if (!count) return count.error();
    first_ = last_ = *count;
  }
  auto changed = control_.call(process_, setting_.endpoint, "PUT", setting_.path, json::serialize(during));
  if (!changed) {
    // It may have been heard all the same.
    [[maybe_unused]] const auto back = put_back();
    return changed.error();
  }
  on_ = true;
  return {};
}

void SettingFault::count() {
  if (setting_.hit.empty()) return;
  if (auto now = control_.counter(process_, setting_.endpoint, setting_.hit)) {
    if (*now < last_) first_ -= last_;  // it started anew, and so did its counter
    last_ = *now;
  }
}

Result<bool> SettingFault::poll() {
  const Nanoseconds now = monotonic_now();
  if (now - counted_ < std::chrono::milliseconds(500)) return false;
  counted_ = now;
  count();
  return false;
}

Result<void> SettingFault::put_back() {
  auto back = control_.call(process_, setting_.endpoint, "PUT", setting_.path, json::serialize(before_));
  if (!back) back = control_.call(process_, setting_.endpoint, "PUT", setting_.path, json::serialize(before_));
  if (!back) return back.error();
  return {};
}

Result<void> SettingFault::heal() {
  count();
  return put_back();
}

std::uint64_t SettingFault::hits() const {
  if (!on_) return 0;
  return setting_.hit.empty() ? 1 : static_cast<std::uint64_t>(std::max(0.0, last_ - first_));
}

FaultKind setting_fault() {
  FaultKind kind;
  kind.name = "setting";
  kind.target = TargetKind::process;
  kind.summary = "A setting of the process's own operator API (GET and PUT of a JSON object) is another for a while.";
  kind.hit = "an increase of the counter that hit: names; without one, 1 for the change";
  kind.recovery = "the members are what they were";
  kind.parameters = schema::object(
      {schema::required("path", schema::text(), "of the setting, such as /admin/behaviour; required"),
       schema::required("set", schema::map_of(schema::any()), "members and their values during the fault; required"),
       schema::optional("endpoint", schema::text(), "of the process; default http"),
       schema::optional("hit", schema::text(),
                        "a counter on its Prometheus page that counts what is touched; default none"),
       schema::optional("whole", schema::boolean(),
                        "PUT replaces the setting, so that all its members are sent; default false")},
      kind.summary);
  kind.check = [](const yaml::Node& parameters, Diagnostics& diagnostics) {
    const auto* path = parameters.find("path");
    if (path->text().empty() || path->text().front() != '/') diagnostics.add(path->mark(), "a path begins with /");
    if (parameters.find("set")->entries().empty()) diagnostics.add(parameters.find("set")->mark(), "set: is empty");
  };
  kind.make_operator_fault = [](const yaml::Node& parameters, const std::string& process,
                                OperatorControl& control) -> std::unique_ptr<RunningFault> {
    Setting setting;
    setting.path = parameters.find("path")->text();
    if (const auto* endpoint = parameters.find("endpoint")) setting.endpoint = endpoint->text();
    if (const auto* hit = parameters.find("hit")) setting.hit = hit->text();
    if (const auto* whole = parameters.find("whole")) setting.whole = schema::as_boolean(*whole);
    setting.set = tidegate::to_json(*parameters.find("set")).as_object();
    return std::make_unique<SettingFault>(std::move(setting), process, control);
  };
  return kind;
}

}  // namespace tidegate::chaos
