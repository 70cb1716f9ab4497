#pragma once
// The page of a run that goes on, served on loopback: the page of html.hpp, told what is new by server-sent events.

#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"
#include "record/run.hpp"

namespace tidegate::reports {

/// Serves from a thread of its own, at a low priority, and reads only what the run directory gains. While no page is
/// open it does nothing. Answers only requests whose Host is loopback, so that no other site can read it.
class LivePage {
 public:
  /// `port` 0: chosen by the system. An error when the port is taken.
  static Result<std::unique_ptr<LivePage>> start(const record::RunDirectory& directory, std::uint16_t port = 0);
  /// Stops at once.
  ~LivePage();

  std::string url() const;
  /// The run is over and judged: open pages are given all of it. Returns when they have it, or after the limit.
  void finish(Nanoseconds limit);

 private:
  struct State;
  explicit LivePage(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tidegate::reports
