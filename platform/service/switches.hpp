#pragma once
// The departures from the modern platform that the case studies started from, by name, and the profiles that sum them
// up. What each does is in platform/legacy and chosen in the composition of its service.

#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "platform/service/options.hpp"

namespace tidegate::platform {

struct Switch {
  std::string_view name;
  std::string_view what;           ///< with the case study's own figures
  std::string_view profiles;       ///< that have it on, separated by spaces
  std::string_view excludes = {};  ///< a switch that cannot be on together with it
  bool scales = false;             ///< a value from 0 to 1 scales the case's figure down
};

std::span<const Switch> all_switches();
/// "modern", and one for each case study; "legacy" is the first of these, FinPulse's.
std::span<const std::string_view> all_profiles();

/// Takes NAME, NAME=true, NAME=false or NAME=SCALE. The error names the nearest spelling.
Result<void> add_switch(ServiceOptions& options, const std::string& text);
/// An error when two that exclude each other are on.
Result<void> check_switches(const ServiceOptions& options);

/// A switch that was not given follows the profile.
bool is_on(const ServiceOptions& options, std::string_view name);
/// 1 unless the switch was given a scale.
double scale_of(const ServiceOptions& options, std::string_view name);

/// The sections `profiles` and `switches` of a topology file: `tidegate-platform switches` prints them.
std::string describe_switches();

}  // namespace tidegate::platform
