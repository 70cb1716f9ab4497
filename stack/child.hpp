#pragma once
// One supervised process: its files, its command line, its state. Used by the supervisor's thread only.

#include <map>
#include <optional>
#include <string>

#include "base/process.hpp"
#include "stack/topology.hpp"

namespace tidegate::stack {

struct Child {
  enum class Stage { down, starting, ready };

  ProcessSpec spec;
  std::string directory, log_path;
  ChildProcess process;
  Stage stage = Stage::down;
  bool asked_to_end = false;
  int instance = 0;                              ///< how often it was started
  Nanoseconds started{0}, ready{0};              ///< monotonic
  std::map<std::string, std::string> endpoints;  ///< name to address, from its ready file
  FileDescriptor held_port;
  std::string held_address;
  std::map<std::string, std::string> own_switches = {};  ///< of the latest start, beside the stack's

  std::string ready_file() const { return directory + "/ready.json"; }
  std::string peers_file() const { return directory + "/peers.json"; }
  std::string data_directory() const { return directory + "/data"; }
};

struct CommandInput {
  std::string profile;
  std::map<std::string, std::string> switches;
  std::map<std::string, std::string> secrets;
};

/// Fills the slots of the spec's command; the program is looked for beside the running program first, then in PATH.
/// The error names the slot that is not known.
Result<std::vector<std::string>> command_of(const Child& child, const CommandInput& input);

/// Reads the ready file once it is there; nothing while it is not. The error says what is wrong with it.
Result<std::optional<std::map<std::string, std::string>>> read_ready_file(const std::string& path);

/// The last lines of a log, for messages.
std::string log_tail(const std::string& path, int lines = 5);

}  // namespace tidegate::stack
