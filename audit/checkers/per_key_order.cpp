// The events of a payment tell its life in order, and no number of a stream is missing. Judged by the outbox, not by
// topics: a broker may evict and a relay may publish again.
#include <algorithm>
#include <unordered_map>

#include "audit/checker.hpp"

namespace tidegate::audit {
namespace {

class Numbers final : public StreamCheck {
 public:
  explicit Numbers(Finding& finding) : finding_(finding) {}

  void event(const Event& event) override {
    auto [stream, fresh] = last_.try_emplace(event.stream, event.sequence);
    if (fresh) {
      if (event.sequence != 1)
        finding_.unknown("a stream starts at number " + std::to_string(event.sequence) +
                         ": what came before was pruned");
      return;
    }
    const std::int64_t expected = stream->second + 1;
    if (event.sequence != expected) {
      finding_.wrong("number " + std::to_string(event.sequence) + " follows " + std::to_string(expected - 1) +
                         " in the stream of payment {payment}",
                     {.payment = event.payment, .event = event.id});
    }
    stream->second = event.sequence;
  }

 private:
  Finding& finding_;
  std::unordered_map<std::uint64_t, std::int64_t> last_;
};

void find_disorder_payment(const PaymentCase& one, const Terms& /*terms*/, Finding& finding) {
  if (one.events.empty()) return;
  finding.checked();
  std::optional<State> known;
  bool created = false;
  const bool tells_creation = std::ranges::any_of(one.events, &Event::creates);
  for (const Event& event : one.events) {
    const Subject subject{.payment = one.payment, .event = event.id};
    if (event.creates && created) finding.wrong("payment {payment} was created twice", subject);
    created = created || event.creates;
    if (!event.leads_to) continue;
    if (tells_creation && !created) {
      finding.wrong("payment {payment} was " + std::string(to_string(*event.leads_to)) + " before it was created",
                    subject);
      return;
    }
    if (known && goes_back(*known, *event.leads_to)) {
      finding.wrong("payment {payment} became " + std::string(to_string(*event.leads_to)) + " after it was " +
                        std::string(to_string(*known)),
                    subject);
      return;
    }
    known = event.leads_to;
  }
}

}  // namespace

const Checker& per_key_order() {
  static const Checker checker = {
      .name = "per_key_order",
      .doc = "The events of one payment are in order, and no number of a stream is missing.",
      .needs = {"events"},
      .payment = find_disorder_payment,
      .stream = [](Finding& finding) -> std::unique_ptr<StreamCheck> { return std::make_unique<Numbers>(finding); }};
  return checker;
}

}  // namespace tidegate::audit
