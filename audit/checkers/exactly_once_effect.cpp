// Every consumer of a topic applied each of its events once.
#include <algorithm>

#include "audit/checker.hpp"

namespace tidegate::audit {
namespace {

void check_group(const NumberCase& one, std::uint64_t group, Finding& finding) {
  const Subject subject{.payment = one.event->payment, .event = one.event->id};
  const auto times = std::ranges::count(one.applications, group, &Application::group);
  if (times > 1) {
    finding.wrong("event {event} of payment {payment} was applied " + std::to_string(times) + " times by one consumer",
                  subject);
  } else if (times == 0 && !(*one.through)(group, *one.event)) {
    finding.wrong("event {event} of payment {payment} was not applied by one of its consumers", subject);
  }
}

void check_number(const NumberCase& one, const Terms& /*terms*/, Finding& finding) {
  if (one.event == nullptr) {
    finding.wrong("a consumer applied event {event}, which was never published",
                  {.event = one.applications.front().event});
    return;
  }
  if (one.groups == nullptr) return;  // nobody consumes its topic
  finding.checked();
  for (const std::uint64_t group : *one.groups) check_group(one, group, finding);
  for (const Application& application : one.applications) {
    if (application.event.empty() || application.event == one.event->id) continue;
    finding.wrong("a consumer applied another event under the number of event {event}",
                  {.payment = one.event->payment, .event = one.event->id});
  }
}

}  // namespace

const Checker& exactly_once_effect() {
  static const Checker checker = {.name = "exactly_once_effect",
                                  .doc = "Every consumer of a topic applied each of its events exactly once.",
                                  .needs = {"events", "applied-*"},
                                  .number = check_number};
  return checker;
}

}  // namespace tidegate::audit
