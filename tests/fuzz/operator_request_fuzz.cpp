// Goal: whatever an operator puts, what is accepted reads back the same, and can be used.
// Run: bin/operator_request_fuzz -max_total_time=60
#include <cstdint>
#include <cstdlib>

#include "platform/edge/settings.hpp"
#include "platform/gateway/capacity.hpp"
#include "platform/gateway/feature_flags.hpp"
#include "platform/gateway/rate_limits.hpp"
#include "platform/routing/rules.hpp"
#include "platform/service/json_body.hpp"

namespace {

using namespace tidegate;
using namespace tidegate::platform;

template <typename Settings, typename Document>
void check_round_trip(const Document& document) {
  const auto settings = Settings::from_json(document);
  if (!settings) return;
  const json::object written = settings->to_json();
  const auto again = Settings::from_json(written);
  if (!again || again->to_json() != written) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto document = parse_json_object({reinterpret_cast<const char*>(data), size});
  if (!document) return 0;
  check_round_trip<EdgeSettings>(*document);
  check_round_trip<RateLimitSettings>(*document);
  check_round_trip<CapacitySettings>(*document);
  check_round_trip<RoutingRules>(json::value(*document));
  (void)FeatureFlags().changed(*document);
  return 0;
}
