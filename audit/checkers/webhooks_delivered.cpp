// Every event that a customer is to be told arrived at the sink with a right signature, or lies in the dead letters.
#include <algorithm>

#include "audit/checker.hpp"

namespace tidegate::audit {
namespace {

void check_notice(const NoticeCase& one, const Terms& terms, Finding& finding) {
  Subject subject;
  if (one.event != nullptr) {
    subject = {.payment = one.event->payment, .event = one.event->id};
  } else {
    subject.event = one.deliveries.front().event;
  }
  if (std::ranges::any_of(one.deliveries, [](const Delivery& delivery) { return !delivery.genuine; })) {
    finding.wrong("a webhook for event {event} came with a wrong signature", subject);
  }
  if (one.event == nullptr || !one.event->notifies) return;
  finding.checked();
  const bool told = std::ranges::any_of(
      one.deliveries, [](const Delivery& one_delivery) { return one_delivery.accepted || one_delivery.dead_letter; });
  if (!told) finding.wrong("event {event} was neither delivered nor put among the dead letters", subject);
  const auto times = std::ranges::count(one.deliveries, false, &Delivery::dead_letter);
  if (times > terms.deliveries) {
    finding.wrong("event {event} was delivered " + std::to_string(times) + " times; at most " +
                      std::to_string(terms.deliveries) + " are allowed",
                  subject);
  }
}

}  // namespace

const Checker& webhooks_delivered() {
  static const Checker checker = {
      .name = "webhooks_delivered",
      .doc = "Every event to be told was delivered with a right signature, or is a dead letter; no endless repeats.",
      .needs = {"events", "webhooks"},
      .uses = {"dead-letters"},
      .notice = check_notice};
  return checker;
}

}  // namespace tidegate::audit
