#pragma once
// Why a request was not as expected: one class per request, the tag `class` of the metric `errors`.

#include <cstdint>
#include <optional>
#include <string_view>

namespace tidegate::loadgen {

enum class ErrorClass : std::uint8_t {
  none,
  refused,      ///< connect refused
  unreachable,  ///< connect failed for another reason of the network
  descriptors,  ///< no file descriptor was left: the generator's limit, not the system's fault
  ports,        ///< no local port was left: the same
  memory,       ///< memory was short: the same
  reset,        ///< reset while writing or reading
  closed,       ///< closed before the answer was complete
  timeout,      ///< no complete answer within the limit
  protocol,     ///< not what the protocol allows, or beyond the limits on heads and bodies
  tls,          ///< no handshake, or a certificate that does not hold
  status,       ///< a status that was not expected
  expectation,  ///< the JSON, or the latency
  capture,      ///< the answer did not hold what the step takes from it
  data,         ///< a unique feeder ran dry: nothing was sent
  interrupted,  ///< still in progress when the run was stopped
};
inline constexpr std::size_t kErrorClasses = 16;

std::string_view to_string(ErrorClass error) noexcept;
/// What the errno of a connect says.
ErrorClass class_of_connect(int error_number) noexcept;
/// The generator could not send: that says nothing about the system under test.
constexpr bool is_generator_limit(ErrorClass error) noexcept {
  return error == ErrorClass::descriptors || error == ErrorClass::ports || error == ErrorClass::memory;
}
/// A class that a scenario may name in `retry.when`.
std::optional<ErrorClass> retryable_class(std::string_view name) noexcept;

}  // namespace tidegate::loadgen
