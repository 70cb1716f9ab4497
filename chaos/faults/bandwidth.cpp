// bandwidth: a direction of a connection carries no more than so many bytes a second.
#include "chaos/faults/directions.hpp"
#include "chaos/faults/parse.hpp"
#include "chaos/faults/registry.hpp"

namespace tidegate::chaos {
namespace {

class BandwidthFault final : public LinkFault {
 public:
  BandwidthFault(double bytes_per_second, Directions directions) : rate_(bytes_per_second), directions_(directions) {}
  double bytes_per_second(Direction direction) const override { return applies(directions_, direction) ? rate_ : 0; }
  // Counts the chunk as touched; the time that it takes follows from its size.
  Nanoseconds delay(const ChunkPlace& place) const override {
    return Nanoseconds{applies(directions_, place.direction) ? 1 : 0};
  }

 private:
  double rate_;
  Directions directions_;
};

}  // namespace

FaultKind bandwidth_fault() {
  FaultKind kind;
  kind.name = "bandwidth";
  kind.summary = "Each connection carries at most so many bytes a second; the sender feels it.";
  kind.hit = "a chunk that was slowed";
  kind.recovery = "what is still held leaves at once";
  kind.parameters = schema::object(
      {schema::required("per_second", schema::bytes(), "bytes a second, each way; required"), direction_field("both")},
      kind.summary);
  set_link_fault(kind, [](const yaml::Node& parameters, Diagnostics& diagnostics, const FaultIdentity&) {
    const yaml::Node* rate = parameters.find("per_second");
    const auto bytes = schema::as_bytes(*rate);
    if (bytes == 0) diagnostics.add(rate->mark(), "a bandwidth of 0 is a partition; write that instead");
    return std::make_shared<BandwidthFault>(static_cast<double>(bytes), parse_directions(parameters, Directions::both));
  });
  return kind;
}

}  // namespace tidegate::chaos
