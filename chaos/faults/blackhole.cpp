// blackhole: bytes are taken and thrown away. Unlike a partition, which a network mends by sending again, the stream
// has a hole afterwards: such a connection is reset at the heal.
#include "chaos/faults/directions.hpp"
#include "chaos/faults/parse.hpp"
#include "chaos/faults/registry.hpp"

namespace tidegate::chaos {
namespace {

class BlackholeFault final : public LinkFault {
 public:
  BlackholeFault(Directions directions, std::optional<Nanoseconds> close_after)
      : directions_(directions), close_after_(close_after) {}
  bool discards(Direction direction) const override { return applies(directions_, direction); }
  std::optional<Ending> ending() const override {
    if (!close_after_) return std::nullopt;
    return Ending{Ending::How::close, Directions::both, close_after_, {}};
  }

 private:
  Directions directions_;
  std::optional<Nanoseconds> close_after_;
};

}  // namespace

FaultKind blackhole_fault() {
  FaultKind kind;
  kind.name = "blackhole";
  kind.summary = "Bytes are taken and thrown away; the connection stays open, or is closed after a while.";
  kind.hit = "a chunk that was thrown away, or a connection that was closed";
  kind.recovery = "a connection that lost bytes is reset; the others carry on";
  kind.parameters =
      schema::object({direction_field("both"),
                      schema::optional("close_after", schema::duration(),
                                       "from the injection, or from a later connection's beginning; default never")},
                     kind.summary);
  set_link_fault(kind, [](const yaml::Node& parameters, Diagnostics&, const FaultIdentity&) {
    std::optional<Nanoseconds> close_after;
    if (const auto* node = parameters.find("close_after")) close_after = schema::as_duration(*node);
    return std::make_shared<BlackholeFault>(parse_directions(parameters, Directions::both), close_after);
  });
  return kind;
}

}  // namespace tidegate::chaos
