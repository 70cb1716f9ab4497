// slice: bytes leave in small pieces, with a rest between them.
#include "chaos/faults/directions.hpp"
#include "chaos/faults/parse.hpp"
#include "chaos/faults/registry.hpp"

namespace tidegate::chaos {
namespace {

struct SliceParameters {
  std::uint64_t size = 1, variation = 0;
  Nanoseconds gap{0};
  Directions directions = Directions::both;
};

class SliceFault final : public LinkFault {
 public:
  SliceFault(SliceParameters parameters, const FaultIdentity& identity)
      : parameters_(parameters), draws_(identity, "slice") {}

  std::size_t piece_size(const BytePlace& place) const override {
    if (!applies(parameters_.directions, place.direction)) return 0;
    if (parameters_.variation == 0) return parameters_.size;
    Draws draws = draws_.at(place.connection, place.direction, place.offset);
    const auto size = static_cast<std::int64_t>(parameters_.size),
               spread = static_cast<std::int64_t>(parameters_.variation);
    return static_cast<std::size_t>(draws.between(std::max<std::int64_t>(1, size - spread), size + spread));
  }
  Nanoseconds piece_gap() const override { return parameters_.gap; }

 private:
  SliceParameters parameters_;
  FaultDraws draws_;
};

}  // namespace

FaultKind slice_fault() {
  FaultKind kind;
  kind.name = "slice";
  kind.summary = "Bytes leave in small pieces, with a rest between them.";
  kind.hit = "a cut";
  kind.recovery = "what is still held leaves at once";
  kind.parameters = schema::object(
      {schema::required("size", schema::bytes(), "of a piece, on average; required"),
       schema::optional("variation", schema::bytes(), "pieces are size ± variation; default 0B"),
       schema::optional("gap", schema::duration(), "between two pieces of what came together; default 0ms"),
       direction_field("both")},
      kind.summary);
  set_link_fault(kind, [](const yaml::Node& parameters, Diagnostics& diagnostics, const FaultIdentity& identity) {
    SliceParameters slice{bytes_or(parameters, "size", 1), bytes_or(parameters, "variation", 0),
                          duration_or(parameters, "gap", Nanoseconds{0}),
                          parse_directions(parameters, Directions::both)};
    if (slice.size == 0) diagnostics.add(parameters.find("size")->mark(), "a piece has at least 1 byte");
    if (slice.variation >= slice.size && slice.variation > 0) {
      diagnostics.add(parameters.find("variation")->mark(), "the variation is not smaller than the size");
    }
    return std::make_shared<SliceFault>(slice, identity);
  });
  return kind;
}

}  // namespace tidegate::chaos
