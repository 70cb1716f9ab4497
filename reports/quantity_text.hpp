#pragma once
// Values of gates, faults and load as people read them.

#include <optional>
#include <string>
#include <string_view>

#include "record/verdict.hpp"

namespace tidegate::reports {

/// In the unit of a gate: "612 ms", "99.95 %", "600/s", "1,204 records"; an en dash when there is none.
std::string quantity_text(std::optional<double> value, std::string_view unit);
std::string limit_text(const record::GateResult& gate);     ///< "< 500 ms", or empty
std::string interval_text(const record::GateResult& gate);  ///< "598 ms … 631 ms", or empty
std::string confidence_text(double confidence);             ///< "95 %"
/// "×0.12", with three significant digits.
std::string factor_text(double factor);
/// "offered 213/s, achieved 213/s, p99 lateness 84 us, 0 dropped, ..., machine 25 % busy".
std::string generator_text(const record::Validity& load);

}  // namespace tidegate::reports
