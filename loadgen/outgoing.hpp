#pragma once
// A step's request on its way out: rendered once, sent as often as retries want, followed where it is redirected to.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "loadgen/exchange.hpp"
#include "loadgen/judge.hpp"
#include "loadgen/transport.hpp"
#include "loadgen/vu.hpp"

namespace tidegate::loadgen {

class Outgoing {
 public:
  /// `memory` holds the bytes for as long as this lives.
  Outgoing(Vu& vu, const Step& step, std::string& memory);

  /// False: a slot has no value.
  bool whole() const { return whole_; }
  /// Of what is sent, for the operation history.
  std::uint32_t body_hash() const;
  Task<Attempt> send(Nanoseconds started, Nanoseconds deadline) const;
  /// Turns to where the answer points (RFC 9110, 15.4), when that is the same address; false leaves it as it is.
  bool follow(const Answer& answer);

 private:
  void add_cookies();
  RenderedRequest& parts();

  Vu& vu_;
  const Step& step_;
  Transport* other_;
  std::string& memory_;
  std::string_view bytes_;
  std::size_t body_size_ = 0;  // at the end of `bytes_`
  std::unique_ptr<RenderedRequest> parts_;
  bool whole_ = true;
};

/// Where a Location header points, as a target on this address; nullopt when it points elsewhere.
std::optional<std::string> local_target(std::string_view location, std::string_view from, const Origin& origin);

}  // namespace tidegate::loadgen
