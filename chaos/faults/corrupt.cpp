// corrupt: some bytes arrive as others. Which ones depends on their place in the stream and not on how it was cut.
#include <cmath>

#include "chaos/faults/directions.hpp"
#include "chaos/faults/parse.hpp"
#include "chaos/faults/registry.hpp"

namespace tidegate::chaos {
namespace {

// Each block of the stream has its own draws, so that any place can be asked about without those before it.
constexpr std::uint64_t kBlock = 4096;

class CorruptFault final : public LinkFault {
 public:
  CorruptFault(double share, Directions directions, const FaultIdentity& identity)
      : share_(share), directions_(directions), draws_(identity, "corrupt") {}

  bool alters(Direction direction) const override { return applies(directions_, direction); }

  std::size_t alter(const BytePlace& place, std::span<char> bytes) const override {
    const std::uint64_t end = place.offset + bytes.size();
    std::size_t altered = 0;
    for (std::uint64_t block = place.offset / kBlock; block * kBlock < end; ++block) {
      altered += alter_block(draws_.at(place.connection, place.direction, block), block, place.offset, bytes);
    }
    return altered;
  }

 private:
  std::size_t alter_block(Draws draws, std::uint64_t block, std::uint64_t begin, std::span<char> bytes) const {
    std::size_t altered = 0;
    double at = 0;
    for (;;) {
      // The gaps between independent events of probability `share_` are geometric.
      at += share_ >= 1 ? 0 : std::floor(draws.exponential() / -std::log1p(-share_));
      if (at >= static_cast<double>(kBlock)) return altered;
      const std::uint64_t offset = block * kBlock + static_cast<std::uint64_t>(at);
      const auto flip = static_cast<char>(1U << (draws.next() & 7U));
      if (offset >= begin && offset < begin + bytes.size()) {
        bytes[offset - begin] = static_cast<char>(bytes[offset - begin] ^ flip);
        ++altered;
      }
      at += 1;
    }
  }

  double share_;
  Directions directions_;
  FaultDraws draws_;
};

}  // namespace

FaultKind corrupt_fault() {
  FaultKind kind;
  kind.name = "corrupt";
  kind.summary = "In some bytes one bit is turned.";
  kind.hit = "a byte that was altered";
  kind.recovery = "bytes arrive as they were sent";
  kind.parameters = schema::object({schema::required("share", schema::share(), "of the bytes, such as 0.1%; required"),
                                    direction_field("downstream")},
                                   kind.summary);
  set_link_fault(kind, [](const yaml::Node& parameters, Diagnostics& diagnostics, const FaultIdentity& identity) {
    const yaml::Node* share = parameters.find("share");
    const double value = schema::as_share(*share);
    if (value > 1) diagnostics.add(share->mark(), "a share of the bytes is at most 100%");
    if (value <= 0) diagnostics.add(share->mark(), "a share of 0 alters nothing");
    return std::make_shared<CorruptFault>(value, parse_directions(parameters, Directions::downstream), identity);
  });
  return kind;
}

}  // namespace tidegate::chaos
