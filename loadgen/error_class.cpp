#include "loadgen/error_class.hpp"

#include <array>
#include <cerrno>

namespace tidegate::loadgen {
namespace {

constexpr std::array<std::string_view, kErrorClasses> kErrorNames = {
    "none",    "refused",  "unreachable", "descriptors", "ports",       "memory",  "reset", "closed",
    "timeout", "protocol", "tls",         "status",      "expectation", "capture", "data",  "interrupted"};

constexpr ErrorClass kRetryable[] = {ErrorClass::refused, ErrorClass::unreachable, ErrorClass::reset,
                                     ErrorClass::closed,  ErrorClass::timeout,     ErrorClass::protocol,
                                     ErrorClass::tls};

static_assert(static_cast<std::size_t>(ErrorClass::interrupted) + 1 == kErrorClasses);

}  // namespace

std::string_view to_string(ErrorClass error) noexcept {
  return kErrorNames[static_cast<std::size_t>(error)];
}

ErrorClass class_of_connect(int error_number) noexcept {
  switch (error_number) {
    case ECONNREFUSED:
    case EAGAIN:  // a unix socket whose backlog is full
    case ENOENT:  // and one that is not there
      return ErrorClass::refused;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      return ErrorClass::descriptors;
    case EADDRNOTAVAIL:
      return ErrorClass::ports;
    case ETIMEDOUT:
      return ErrorClass::timeout;
    case ECONNRESET:
      return ErrorClass::reset;
    default:
      return ErrorClass::unreachable;
  }
}

std::optional<ErrorClass> retryable_class(std::string_view name) noexcept {
  for (const ErrorClass candidate : kRetryable) {
    if (to_string(candidate) == name) return candidate;
  }
  return std::nullopt;
}

}  // namespace tidegate::loadgen
