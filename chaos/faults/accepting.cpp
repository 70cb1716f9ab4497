// The faults of new connections: refuse and slow_accept.
#include "chaos/faults/parse.hpp"
#include "chaos/faults/registry.hpp"

namespace tidegate::chaos {
namespace {

class RefuseFault final : public LinkFault {
 public:
  bool refuses() const override { return true; }
};

class SlowAcceptFault final : public LinkFault {
 public:
  explicit SlowAcceptFault(Nanoseconds delay) : delay_(delay) {}
  Nanoseconds accept_delay(std::uint64_t) const override { return delay_; }

 private:
  Nanoseconds delay_;
};

}  // namespace

FaultKind refuse_fault() {
  FaultKind kind;
  kind.name = "refuse";
  kind.summary = "A new connection is reset at once; open ones live on.";
  kind.hit = "a connection that was refused";
  kind.recovery = "new connections are taken";
  kind.parameters = schema::object({}, kind.summary);
  set_link_fault(kind,
                 [](const yaml::Node&, Diagnostics&, const FaultIdentity&) { return std::make_shared<RefuseFault>(); });
  return kind;
}

FaultKind slow_accept_fault() {
  FaultKind kind;
  kind.name = "slow_accept";
  kind.summary = "A new connection is served late; open ones are not touched.";
  kind.hit = "a connection that waited";
  kind.recovery = "those that wait are served at once";
  kind.parameters =
      schema::object({schema::required("delay", schema::duration(), "how much later; required")}, kind.summary);
  set_link_fault(kind, [](const yaml::Node& parameters, Diagnostics& diagnostics, const FaultIdentity&) {
    const Nanoseconds delay = duration_or(parameters, "delay", Nanoseconds{0});
    if (delay.count() == 0) diagnostics.add(parameters.find("delay")->mark(), "a delay of 0 does nothing");
    return std::make_shared<SlowAcceptFault>(delay);
  });
  return kind;
}

}  // namespace tidegate::chaos
