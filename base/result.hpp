#pragma once
// Result<T>: a value or the reason why there is none. What can fail because of input, the machine or the network
// returns one; what can only fail because of a programming mistake asserts (base/assert.hpp).

#include <string>
#include <utility>
#include <variant>

namespace tidegate {

/// Why something could not be done. `message` is written for the person at the terminal: what was attempted, what was
/// found, which option or line to change.
struct Error {
  enum class Kind {
    usage,     ///< the user's input is wrong (exit code 104)
    machine,   ///< the machine lacks something: a file, a port, a descriptor, disk space
    protocol,  ///< the peer broke a protocol
    timeout,   ///< a wait passed its limit
    closed,    ///< the peer or the owner closed it
    internal,  ///< anything else
  };
  Kind kind = Kind::internal;
  std::string message;
};

inline Error usage_error(std::string message) {
  return {Error::Kind::usage, std::move(message)};
}
inline Error machine_error(std::string message) {
  return {Error::Kind::machine, std::move(message)};
}
inline Error protocol_error(std::string message) {
  return {Error::Kind::protocol, std::move(message)};
}
inline Error timeout_error(std::string message) {
  return {Error::Kind::timeout, std::move(message)};
}
inline Error closed_error(std::string message) {
  return {Error::Kind::closed, std::move(message)};
}
inline Error internal_error(std::string message) {
  return {Error::Kind::internal, std::move(message)};
}

/// A message for a system call that failed: "open runs/x: No such file or directory".
Error system_error(const std::string& what, int error_number);

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : failed_(true), error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return !failed_; }
  explicit operator bool() const { return ok(); }
  const Error& error() const { return error_; }

 private:
  bool failed_ = false;
  Error error_;
};

}  // namespace tidegate
