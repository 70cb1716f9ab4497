// partition: bytes of a link stop, and nobody is told: connections stay open, buffers fill, new ones stay silent.
#include "chaos/faults/directions.hpp"
#include "chaos/faults/parse.hpp"
#include "chaos/faults/registry.hpp"

namespace tidegate::chaos {
namespace {

class PartitionFault final : public LinkFault {
 public:
  explicit PartitionFault(Directions directions) : directions_(directions) {}
  bool stops(Direction direction) const override { return applies(directions_, direction); }
  // With one direction cut, a connection is still made, as if it had been open before; its bytes of that direction
  // stop.
  bool stops_connecting() const override { return directions_ == Directions::both; }

 private:
  Directions directions_;
};

}  // namespace

FaultKind partition_fault() {
  FaultKind kind;
  kind.name = "partition";
  kind.summary = "Bytes stop, and neither end is told: connections stay open, new ones stay silent.";
  kind.hit = "a direction of a connection in which bytes were stopped, or a new connection kept silent";
  kind.recovery = "bytes flow on; none is lost";
  kind.parameters = schema::object({direction_field("both")}, kind.summary);
  kind.exclusive = true;
  set_link_fault(kind, [](const yaml::Node& parameters, Diagnostics&, const FaultIdentity&) {
    return std::make_shared<PartitionFault>(parse_directions(parameters, Directions::both));
  });
  return kind;
}

}  // namespace tidegate::chaos
