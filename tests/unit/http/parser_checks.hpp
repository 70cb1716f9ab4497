#pragma once
// Feeds a stream whole, byte by byte and at random splits, and demands one outcome.

#include <string>
#include <string_view>

#include "tests/fuzz/http_splits.hpp"
#include "tests/support/catch.hpp"

namespace tidegate::http {

/// `outcome_of(Cuts)` parses the stream. Returns the outcome of the whole stream after comparing it with the others.
template <typename OutcomeOf>
std::string same_for_all_splits(OutcomeOf outcome_of) {
  const std::string whole = outcome_of(splits::Cuts(0, 0));
  INFO("byte by byte");
  CHECK(outcome_of(splits::Cuts(1, 0)) == whole);
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("split seed " << seed);
    CHECK(outcome_of(splits::Cuts(2 + seed * 3, seed)) == whole);
  }
  return whole;
}

inline std::string parse_requests(const std::string& stream, Limits limits = {}) {
  return same_for_all_splits([&](splits::Cuts cuts) { return splits::request_outcome(stream, cuts, limits); });
}

inline std::string parse_responses(const std::string& stream, ResponseParser::Options options = {}) {
  return same_for_all_splits([&](splits::Cuts cuts) { return splits::response_outcome(stream, cuts, options); });
}

}  // namespace tidegate::http
