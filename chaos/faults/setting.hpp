#pragma once
// setting: a process's own documented setting is another for a while.

#include "chaos/operator_control.hpp"
#include "chaos/running_fault.hpp"

namespace tidegate::chaos {

struct Setting {
  std::string path;
  std::string endpoint = "http";
  json::object set;         ///< members during the fault
  std::string hit;          ///< counter of what is touched; empty: the change itself is the hit
  std::string member = {};  ///< of what GET answers that holds the setting; empty: the answer is the setting
  bool whole = false;       ///< PUT replaces the setting: members that are not named are sent too, as they are
  bool may_be_new = false;  ///< `set` may name members that the setting does not have at the moment
};

class SettingFault final : public RunningFault {
 public:
  /// `control` outlives it.
  SettingFault(Setting setting, std::string process, OperatorControl& control);
  Result<void> inject() override;
  Result<bool> poll() override;
  Result<void> heal() override;
  std::uint64_t hits() const override;

 private:
  Result<void> put_back();
  void count();

  Setting setting_;
  std::string process_;
  OperatorControl& control_;
  json::object before_;
  double first_ = 0, last_ = 0;
  Nanoseconds counted_{0};
  bool on_ = false;
};

}  // namespace tidegate::chaos
