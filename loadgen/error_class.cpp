#include "loadgen/error_class.hpp"

#include <array>

namespace tidegate::loadgen {
namespace {

constexpr std::array<std::string_view, kErrorClasses> kErrorNames = {
    "none",     "refused", "unreachable", "descriptors", "ports",   "reset", "closed",     "timeout",
    "protocol", "tls",     "status",      "expectation", "capture", "data",  "interrupted"};

constexpr ErrorClass kRetryable[] = {ErrorClass::refused, ErrorClass::unreachable, ErrorClass::reset,
                                     ErrorClass::closed,  ErrorClass::timeout,     ErrorClass::protocol,
                                     ErrorClass::tls};

static_assert(static_cast<std::size_t>(ErrorClass::interrupted) + 1 == kErrorClasses);

}  // namespace

std::string_view to_string(ErrorClass error) noexcept {
  return kErrorNames[static_cast<std::size_t>(error)];
}

std::optional<ErrorClass> retryable_class(std::string_view name) noexcept {
  for (const ErrorClass candidate : kRetryable) {
    if (to_string(candidate) == name) return candidate;
  }
  return std::nullopt;
}

}  // namespace tidegate::loadgen
