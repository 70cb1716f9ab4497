#pragma once
// What a watchdog has to know of an agent, to go on in its place: the listening sockets, where they lead, and what
// would have to be undone.

#include <map>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "chaos/agent_protocol.hpp"
#include "chaos/process_target.hpp"

namespace tidegate::chaos {

/// Told by the agent's state as things change. Descriptors are lent for the call.
class Journal {
 public:
  virtual ~Journal() = default;
  virtual void link(const LinkReport& link, int listener) = 0;
  virtual void link_closed(const std::string& name) = 0;
  virtual void undo(const std::string& fault, const Undo& undo, const ProcessTarget& target) = 0;
  virtual void fault(const FaultReport& report) = 0;
};

/// All of it, as the successor gets it.
struct Inheritance {
  struct Link {
    LinkReport report;
    FileDescriptor listener;
  };
  struct UndoFor {
    Undo undo;
    ProcessTarget target;
  };
  std::map<std::string, Link> links;
  std::map<std::string, UndoFor> undo;  ///< by fault
  std::map<std::string, FaultReport> faults;
  int predecessor = 0;
};

}  // namespace tidegate::chaos
