#pragma once
// What a checker gathers: how much it looked at, what was wrong, and why it could not decide.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "audit/identity.hpp"
#include "record/verdict.hpp"

namespace tidegate::audit {

/// The operation that a counterexample is about; whatever is known of its names. The rest of its life follows from
/// them.
struct Subject {
  Identity key{}, payment{}, event{}, reference{};
};

/// `what` may hold the slots {key}, {payment}, {event} and {reference}, which become the names once they are read
/// again.
struct Wrong {
  std::string what;
  Subject subject;
};

/// Findings of one checker over parts of the evidence are merged in the order of the parts, so that the same evidence
/// gives the same finding whatever the number of threads. At most kShown counterexamples are kept, all are counted.
class Finding {
 public:
  static constexpr std::size_t kShown = 10;

  void checked(std::uint64_t count = 1) { checked_ += count; }
  void wrong(std::string what, const Subject& subject);
  /// The question cannot be decided; the first reason is kept.
  void unknown(const std::string& why);
  void merge(Finding other);

  const std::vector<Wrong>& shown() const { return shown_; }
  std::vector<Wrong>& shown() { return shown_; }
  bool failed() const { return wrong_ > 0; }
  /// True, unless something was wrong (false) or could not be decided (unknown). `nothing`: said when nothing was
  /// checked, which is unknown too: no data is never a pass. `aside`: what was not looked at, said with a true answer.
  record::AuditFinding finish(std::string_view checker, const std::string& nothing, const std::string& aside) const;

 private:
  std::uint64_t checked_ = 0, wrong_ = 0;
  std::vector<Wrong> shown_;
  std::string why_;
};

}  // namespace tidegate::audit
