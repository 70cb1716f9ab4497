#pragma once
// A histogram as HdrHistogram's tools read it, for the lines of its logs (reports/formats/hdr_log.cpp).
// Source: the HdrHistogram log and V2 encoding formats as Gil Tene's HdrHistogram publishes them.

#include <string>

#include "base/histogram.hpp"

namespace tidegate::record {

/// The V2 encoding, deflated and in Base64: what stands in the last field of a log line ("HISTF...").
std::string hdr_base64(const Histogram& histogram);

}  // namespace tidegate::record
