#pragma once
// The property of a proxy's HTTP filter: without a fault every stream passes as it is; with one, what becomes of a
// stream does not depend on how it was split. Shared by the fuzz target and by a unit test on seeded mutations.

#include "chaos/fault.hpp"
#include "chaos/http/http_protocol.hpp"
#include "tests/fuzz/http_splits.hpp"

namespace tidegate::chaos::property {

struct Wire final : FilterOutput {
  std::string up, down;
  bool ended = false, late = false;
  void pass(Direction direction, std::string_view bytes, const MessageHolds&) override {
    late = late || (direction == Direction::downstream && ended && !bytes.empty());  // nothing follows the end
    (direction == Direction::upstream ? up : down) += bytes;
  }
  void end(Ending::How) override { ended = true; }
  bool wants_messages() const override { return true; }
  void message(std::uint64_t) override {}
};

inline void feed(ProtocolFilter& filter, Direction direction, std::string_view stream, http::splits::Cuts cuts,
                 Wire& wire) {
  while (!stream.empty()) {
    const std::string piece(stream.substr(0, cuts.next()));
    stream.remove_prefix(piece.size());
    filter.take(direction, piece, {}, wire);
  }
  filter.ended(direction, wire);
}

inline Wire outcome(int fault, std::string_view requests, std::string_view responses, http::splits::Cuts cuts) {
  static const std::vector<std::pair<const char*, const char*>> kFaults{{"http_answer", "{status: 503, body: x}"},
                                                                        {"http_headers", "{set: {A: b}, remove: [B]}"},
                                                                        {"http_truncate", "{bytes: 3B}"},
                                                                        {"http_malformed", "{what: length}"},
                                                                        {"http_lost_reply", "{how: silence}"},
                                                                        {"http_delay", "{delay: 1ms}"},
                                                                        {"http_duplicate", "{}"},
                                                                        {"hot_key", "{copies: 2}"}};
  HttpProtocol protocol;
  if (fault > 0) {
    const auto& [name, parameters] = kFaults[static_cast<std::size_t>(fault - 1) % kFaults.size()];
    Diagnostics diagnostics;
    const FaultIdentity identity{1, "f", "l"};
    auto active = std::make_shared<ActiveFault>(ActiveFault{nullptr, Picker({}, identity), {}});
    active->message = find_fault_kind(name)->make_http_fault(yaml::parse(parameters, "fuzz", diagnostics), identity);
    protocol.add_fault(std::move(active));
  }
  const auto filter = protocol.filter(0);
  Wire wire;
  feed(*filter, Direction::upstream, requests, cuts, wire);
  feed(*filter, Direction::downstream, responses, cuts, wire);
  return wire;
}

/// Whether the property holds. The first byte chooses the fault, the second seeds the cuts; a 0x00 separates requests
/// from responses.
inline bool holds(std::string_view input) {
  if (input.size() < 2) return true;
  const int fault = static_cast<unsigned char>(input[0]) % 9;
  const std::string_view stream = input.substr(2);
  const auto zero = stream.find('\0');
  const std::string_view requests = stream.substr(0, zero);
  const std::string_view responses = zero == std::string_view::npos ? std::string_view{} : stream.substr(zero + 1);
  using Cuts = http::splits::Cuts;
  const Wire whole = outcome(fault, requests, responses, Cuts(0, 0));
  if (whole.late || (fault == 0 && (whole.up != requests || whole.down != responses))) return false;
  for (const auto& cuts : {Cuts(1, 0), Cuts(17, static_cast<unsigned char>(input[1]))}) {
    const Wire cut = outcome(fault, requests, responses, cuts);
    if (cut.late || cut.up != whole.up || cut.down != whole.down || cut.ended != whole.ended) return false;
  }
  return true;
}

}  // namespace tidegate::chaos::property
