// http_delay: a message is held, before the upstream acts or after it has acted. http_duplicate: it arrives again.
// hot_key: one of them arrives again and again.
#include "chaos/faults/latency.hpp"
#include "chaos/faults/parse.hpp"
#include "chaos/faults/registry.hpp"

namespace tidegate::chaos {
namespace {

class HttpDelayFault final : public HttpFault {
 public:
  HttpDelayFault(LatencyParameters parameters, bool before, const FaultIdentity& identity)
      : latency_(parameters, identity), before_(before) {}
  HttpEffect effect(const MessageKey& key) const override {
    HttpEffect effect;
    const Nanoseconds hold = latency_.delay({key.hash, Direction::downstream, key.attempt});
    (before_ ? effect.hold_request : effect.hold_response) = hold;
    return effect;
  }

 private:
  LatencyFault latency_;
  bool before_;
};

}  // namespace

FaultKind http_delay_fault() {
  FaultKind kind;
  kind.name = "http_delay";
  kind.summary =
      "A request is held before the upstream acts, or its response after, which leaves the caller not knowing.";
  kind.hit = "a request that was held, or whose response was";
  kind.recovery = "what is still held leaves at once";
  kind.parameters = schema::object(
      {schema::required("delay", schema::duration(), "how long; required"),
       schema::optional("jitter", schema::duration(), "uniform, at most as long as the delay; default 0ms"),
       schema::optional("when", schema::choice({"before", "after"}),
                        "before or after the upstream acted; default after")},
      kind.summary);
  set_http_fault(kind, [](const yaml::Node& parameters, Diagnostics& diagnostics, const FaultIdentity& identity) {
    LatencyParameters latency;
    latency.delay = duration_or(parameters, "delay", Nanoseconds{0});
    latency.jitter = duration_or(parameters, "jitter", Nanoseconds{0});
    if (latency.delay.count() == 0) diagnostics.add(parameters.find("delay")->mark(), "a delay of 0 does nothing");
    if (latency.jitter > latency.delay) {
      diagnostics.add(parameters.find("jitter")->mark(), "the jitter is longer than the delay");
    }
    const auto* when = parameters.find("when");
    return std::make_shared<HttpDelayFault>(latency, when != nullptr && when->text() == "before", identity);
  });
  return kind;
}

FaultKind http_duplicate_fault() {
  FaultKind kind;
  kind.name = "http_duplicate";
  kind.summary = "A request arrives several times, byte for byte; the client sees the first response.";
  kind.hit = "a request that was sent again";
  kind.recovery = "requests arrive once";
  kind.parameters = schema::object(
      {schema::optional("copies", schema::integer(1, 100), "beside the one that the client sent; default 1")},
      kind.summary);
  set_http_fault(kind, [](const yaml::Node& parameters, Diagnostics&, const FaultIdentity&) {
    HttpEffect effect;
    const auto* copies = parameters.find("copies");
    effect.copies = copies == nullptr ? 1 : static_cast<int>(schema::as_integer(*copies));
    return std::make_shared<FixedHttpFault>(std::move(effect));
  });
  return kind;
}

FaultKind hot_key_fault() {
  FaultKind kind;
  kind.name = "hot_key";
  kind.summary =
      "One key gets hot: the first request that is picked comes again behind each later one that is; the clients see "
      "their own responses.";
  kind.hit = "a request behind which the hot one came";
  kind.recovery = "requests arrive alone";
  kind.parameters = schema::object(
      {schema::optional("copies", schema::integer(1, 100), "of the hot request behind each one; default 5")},
      kind.summary);
  set_http_fault(kind, [](const yaml::Node& parameters, Diagnostics&, const FaultIdentity&) {
    HttpEffect effect;
    const auto* copies = parameters.find("copies");
    effect.hot_copies = copies == nullptr ? 5 : static_cast<int>(schema::as_integer(*copies));
    return std::make_shared<FixedHttpFault>(std::move(effect));
  });
  return kind;
}

}  // namespace tidegate::chaos
