// slow_close: the end of a stream arrives late; bytes do not.
#include "chaos/faults/directions.hpp"
#include "chaos/faults/parse.hpp"
#include "chaos/faults/registry.hpp"

namespace tidegate::chaos {
namespace {

class SlowCloseFault final : public LinkFault {
 public:
  SlowCloseFault(Nanoseconds delay, Directions directions) : delay_(delay), directions_(directions) {}
  Nanoseconds end_delay(Direction direction) const override {
    return applies(directions_, direction) ? delay_ : Nanoseconds{0};
  }

 private:
  Nanoseconds delay_;
  Directions directions_;
};

}  // namespace

FaultKind slow_close_fault() {
  FaultKind kind;
  kind.name = "slow_close";
  kind.summary = "The end of a stream is told late; its bytes are not.";
  kind.hit = "an end that was told late";
  kind.recovery = "ends still held are told at once";
  kind.parameters = schema::object(
      {schema::required("delay", schema::duration(), "how much later; required"), direction_field("both")},
      kind.summary);
  set_link_fault(kind, [](const yaml::Node& parameters, Diagnostics& diagnostics, const FaultIdentity&) {
    const Nanoseconds delay = duration_or(parameters, "delay", Nanoseconds{0});
    if (delay.count() == 0) diagnostics.add(parameters.find("delay")->mark(), "a delay of 0 does nothing");
    return std::make_shared<SlowCloseFault>(delay, parse_directions(parameters, Directions::both));
  });
  return kind;
}

}  // namespace tidegate::chaos
