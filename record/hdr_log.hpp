#pragma once
// Latency series as an HdrHistogram V2 log (format version 1.3), which the standard tools read: HistogramLogProcessor,
// HdrHistogram plotters, hdr-histogram-js, the Python and Go ports.
// Source: the HdrHistogram log and V2 encoding formats as Gil Tene's HdrHistogram publishes them.

#include <span>
#include <string>

#include "base/histogram.hpp"
#include "record/series.hpp"

namespace tidegate::record {

/// The V2 encoding of one histogram, deflated and in Base64: what stands in the last field of a log line ("HISTF...").
std::string hdr_base64(const Histogram& histogram);

/// One line per second and series, tagged with the series' own tags (`Tag=create_payment/true,…`: the values of `name`
/// and `expected`). Times are in seconds since the start of load, which was at `unix_start` seconds; maxima in
/// milliseconds, as the tools expect; values in microseconds. Series of other kinds than histograms have no lines.
std::string hdr_log(std::span<const Series* const> series, double unix_start);

}  // namespace tidegate::record
