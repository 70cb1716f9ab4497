#pragma once
// Holding an answer against what a step expects, and taking values out of it.

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "base/http/message.hpp"
#include "base/http/parser.hpp"
#include "loadgen/compiled.hpp"
#include "loadgen/exchange.hpp"
#include "loadgen/render.hpp"

namespace tidegate::loadgen {

/// A view of an answer, from whichever client it came.
class Answer {
 public:
  explicit Answer(const http::ResponseParser& parser)
      : status(parser.status()), body(parser.body()), parser_(&parser) {}
  explicit Answer(const Reply& reply) : status(reply.status), body(reply.body), reply_(&reply) {}
  /// Of an attempt that has one.
  explicit Answer(const Attempt& attempt)
      : Answer(attempt.reply ? Answer(*attempt.reply) : Answer(attempt.connection->parser)) {}

  int status;
  std::string_view body;
  std::optional<std::string_view> header(std::string_view name) const;
  /// Every value of a header, in order.
  void each_header(std::string_view name, const std::function<void(std::string_view)>& visit) const;

 private:
  const http::ResponseParser* parser_ = nullptr;
  const Reply* reply_ = nullptr;
};

/// none, status or expectation, in this order.
ErrorClass judge(const Expectation& expectation, const RenderScope& scope, const Answer& answer,
                 Nanoseconds response_time);
/// none, or capture when a value is not there or is longer than 4 KiB; `values` then holds those before it.
ErrorClass take_captures(const std::vector<Capture>& captures, const Answer& answer, std::vector<Value>& values);
/// One value; nullopt when it is not there.
std::optional<Value> capture_value(const Capture& capture, const Answer& answer);

}  // namespace tidegate::loadgen
