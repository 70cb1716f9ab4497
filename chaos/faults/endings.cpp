// The faults that end connections: reset, half_close and close_after differ in how and when, and in nothing else.
#include "chaos/faults/directions.hpp"
#include "chaos/faults/parse.hpp"
#include "chaos/faults/registry.hpp"

namespace tidegate::chaos {
namespace {

class EndingFault final : public LinkFault {
 public:
  explicit EndingFault(Ending ending) : ending_(ending) {}
  std::optional<Ending> ending() const override { return ending_; }

 private:
  Ending ending_;
};

schema::Field after_field() {
  return schema::optional("after", schema::duration(),
                          "from the injection, or from a later connection's beginning; default 0ms");
}

}  // namespace

FaultKind reset_fault() {
  FaultKind kind;
  kind.name = "reset";
  kind.summary = "Connections are reset: those that are open, and each new one.";
  kind.hit = "a connection that was reset";
  kind.recovery = "new connections live";
  kind.parameters = schema::object({after_field()}, kind.summary);
  set_link_fault(kind, [](const yaml::Node& parameters, Diagnostics&, const FaultIdentity&) {
    return std::make_shared<EndingFault>(
        Ending{Ending::How::reset, Directions::both, duration_or(parameters, "after", Nanoseconds{0}), {}});
  });
  return kind;
}

FaultKind half_close_fault() {
  FaultKind kind;
  kind.name = "half_close";
  kind.summary = "One direction of each connection ends, as if its sender had ended it; the other lives on.";
  kind.hit = "a connection of which a direction was ended";
  kind.recovery = "new connections are whole; a direction that ended stays so";
  kind.parameters = schema::object(
      {after_field(), direction_field("downstream, so that the client sees the server end")}, kind.summary);
  set_link_fault(kind, [](const yaml::Node& parameters, Diagnostics&, const FaultIdentity&) {
    return std::make_shared<EndingFault>(Ending{Ending::How::half_close,
                                                parse_directions(parameters, Directions::downstream),
                                                duration_or(parameters, "after", Nanoseconds{0}),
                                                {}});
  });
  return kind;
}

FaultKind close_after_fault() {
  FaultKind kind;
  kind.name = "close_after";
  kind.summary = "A connection is closed once it has carried so many bytes; not one more arrives.";
  kind.hit = "a connection that was closed";
  kind.recovery = "new connections carry any number";
  kind.parameters = schema::object(
      {schema::required("bytes", schema::bytes(), "of each direction named, counted from the injection; required"),
       schema::optional("how", schema::choice({"close", "reset", "half_close"}),
                        "close (an orderly end), reset or half_close; default close"),
       direction_field("downstream")},
      kind.summary);
  set_link_fault(kind, [](const yaml::Node& parameters, Diagnostics&, const FaultIdentity&) {
    Ending ending{
        Ending::How::close, parse_directions(parameters, Directions::downstream), {}, bytes_or(parameters, "bytes", 0)};
    if (const auto* how = parameters.find("how")) {
      if (how->text() == "reset") ending.how = Ending::How::reset;
      if (how->text() == "half_close") ending.how = Ending::How::half_close;
    }
    return std::make_shared<EndingFault>(ending);
  });
  return kind;
}

}  // namespace tidegate::chaos
