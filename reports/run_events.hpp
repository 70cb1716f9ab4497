#pragma once
// Events of a run in words.

#include <string>

#include "record/events.hpp"

namespace tidegate::reports {

struct EventText {
  std::string text;    ///< empty: not worth a line
  bool wrong = false;  ///< something that should not have happened: marked on the time axis
};

EventText describe(const record::Event& event);

}  // namespace tidegate::reports
