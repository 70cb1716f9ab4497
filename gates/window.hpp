#pragma once
// Windows as gates name them, and what they resolve to in a run.
//
//      before:F        during:F      recovering:F     after:F
//   |-------------|#################|-------------|-------------|
//   first judged  injected          healed        steady        end of the last phase
//
// Steady: all recovery gates `after: F` hold; with none, the heal. Windows snap to whole seconds: `during` outward, the
// others inward. What is not judged (warm-up) belongs to none of them.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "gates/seconds.hpp"
#include "record/events.hpp"
#include "record/run.hpp"

namespace tidegate::gates {

struct WindowReference {
  enum class Kind { all, phase, before, during, recovering, after, span };
  Kind kind = Kind::all;
  std::string name;               ///< of the phase or fault; of a span its text
  std::int32_t from = 0, to = 0;  ///< of a span
  /// As written: "", "peak", "during:bank_slow".
  std::string text() const;
  /// For sentences: "", "during peak", "before bank_slow", "recovering from bank_slow".
  std::string phrase() const;
  bool of_fault() const { return kind != Kind::all && kind != Kind::phase && kind != Kind::span; }
  bool operator==(const WindowReference&) const = default;
};

/// Reads `peak` or `during:bank_slow`; a text with an unknown prefix is none. Names are not checked here.
std::optional<WindowReference> window_reference(std::string_view text);

/// Reads a window of one's own, `30s..2m` on the run clock or `peak + 10s..peak + 50%`: each end is a time, a phase
/// (its start, or its end after the dots), or a phase and an offset, a share being one of that phase.
Result<WindowReference> custom_window(std::string_view text, const std::vector<record::Window>& phases);

/// All judged seconds of the phases.
SecondSet judged_seconds(const std::vector<record::Window>& phases);

/// When a fault's effect was over, for each injection that healed; none: it never was.
struct Steady {
  std::optional<double> at;  ///< seconds on the run clock
  double given_up_at = 0;    ///< heal plus the longest `within`, when it never was
};

/// Resolves windows of one run.
class Windows {
 public:
  /// `steady` holds one entry per span, in order.
  Windows(const std::vector<record::Window>& phases, std::vector<record::FaultSpan> spans, std::vector<Steady> steady);

  struct Resolved {
    SecondSet seconds;
    std::string why_empty;  ///< set when there are none
  };
  Resolved resolve(const WindowReference& window) const;

 private:
  SecondSet fault_seconds(const WindowReference& window, std::size_t span) const;

  std::vector<record::Window> phases_;
  SecondSet judged_;
  std::int32_t end_ = 0;  // of the last phase
  std::vector<record::FaultSpan> spans_;
  std::vector<Steady> steady_;
};

}  // namespace tidegate::gates
