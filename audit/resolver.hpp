#pragma once
// Asking about one unknown outcome until the answer is final. For resolve.cpp and live_resolver.cpp.

#include <functional>
#include <optional>

#include "audit/resolve.hpp"

namespace tidegate::audit {

enum class Answer {
  ok,
  fail,
  open,      ///< not now, or no meaning: ask again
  conflict,  ///< of fencing: the key was seen, so its request must be sent again to learn the outcome
};
/// What an answer to the same key and body says. 404 says nothing about a request on its way; 409, 425 and 429 say "not
/// now"; 5xx has no final meaning.
Answer meaning_of(int status);
/// What an answer to fencing says: 2xx, the key never happened and never will.
Answer meaning_of_fence(int status);

/// An operation whose outcome is open, with its request, when it could be rendered.
struct OpenOutcome {
  record::Operation operation;
  std::optional<RenderedRequest> request;
  Nanoseconds since{0};  ///< run clock: when it became unknown
};

/// Asks until the answer is final or `over` says so; blocking. The operation as resolved_ok or resolved_fail.
std::optional<record::Operation> resolve_one(const OpenOutcome& open, const ResolveOptions& options,
                                             const std::function<bool()>& over);

}  // namespace tidegate::audit
