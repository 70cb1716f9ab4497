#pragma once
// The property that both HTTP parsers must have: what they make of a stream does not depend on how it was split.
// Shared by the fuzz targets and by the unit tests, which run it on seeded mutations.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/http/parser.hpp"

namespace tidegate::http::splits {

/// Where to cut: the sizes of successive pieces, from a small generator of their own.
class Cuts {
 public:
  /// At most `largest` bytes a piece; 0: no cuts.
  Cuts(std::size_t largest, std::uint64_t seed) : largest_(largest), state_(seed | 1U) {}
  std::size_t next() {
    if (largest_ <= 1) return largest_ == 0 ? std::string_view::npos : 1;
    state_ ^= state_ << 13U;
    state_ ^= state_ >> 7U;
    state_ ^= state_ << 17U;
    return 1 + state_ % largest_;
  }

 private:
  std::size_t largest_;
  std::uint64_t state_;
};

inline std::string describe(const RequestParser& parser) {
  const Request& request = parser.request();
  std::string out = "[" + std::string(request.method) + "|" + std::string(request.target) + "|" +
                    std::string(request.path) + "|" + std::string(request.query) + "|";
  for (const HeaderView& field : request.headers) out += std::string(field.name) + "=" + std::string(field.value) + ";";
  return out + "|" + std::string(request.body) + (parser.keep_alive() ? "|keep]" : "|close]");
}

inline std::string describe(const ResponseParser& parser) {
  std::string out = "[" + std::to_string(parser.status()) + "|";
  for (const HeaderView& field : parser.headers())
    out += std::string(field.name) + "=" + std::string(field.value) + ";";
  return out + "|" + std::string(parser.body()) + "|" + std::to_string(parser.body_bytes()) +
         (parser.keep_alive() ? "|keep]" : "|close]");
}

/// Feeds the stream in pieces, message after message, and writes down what came out: "[message]" for each complete one,
/// then "more", "failed ERROR", or, for a parser that reports bytes as not its own while it wants more, "lost".
template <typename Parser>
std::string outcome(Parser& parser, std::string_view stream, Cuts cuts) {
  std::string out;
  parser.reset();
  while (!stream.empty()) {
    // Each piece lies in memory of its own, as in a connection's buffer: a parser that keeps a view is caught.
    const std::string piece(stream.substr(0, cuts.next()));
    stream.remove_prefix(piece.size());
    std::string_view rest = piece;
    while (!rest.empty()) {
      std::size_t consumed = 0;
      const ParseStatus status = parser.feed(rest, consumed);
      if (status == ParseStatus::failed) return out + "failed " + std::string(to_string(parser.error()));
      if (consumed > rest.size()) return out + "too many consumed";
      rest.remove_prefix(consumed);
      if (status == ParseStatus::need_more && !rest.empty()) return out + "lost";
      if (status != ParseStatus::done) continue;
      out += describe(parser);
      parser.reset();
    }
  }
  return out + (parser.started() ? "more" : "end");
}

inline Limits small_limits() {
  return {512, 8, 300};
}

inline std::string request_outcome(std::string_view stream, Cuts cuts, Limits limits = small_limits()) {
  RequestParser parser(limits);
  return outcome(parser, stream, cuts);
}

/// With the connection closed at the end of the stream.
inline std::string response_outcome(std::string_view stream, Cuts cuts, ResponseParser::Options options) {
  ResponseParser parser(options);
  std::string out = outcome(parser, stream, cuts);
  if (!out.ends_with("more")) return out;
  out.resize(out.size() - 4);
  if (parser.finish() == ParseStatus::done) return out + describe(parser);
  return out + "failed " + std::string(to_string(parser.error()));
}

}  // namespace tidegate::http::splits
