#pragma once
// The metric catalogue: every series name that the harness writes, with its kind and unit. k6's names where k6 has one.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tidegate::record {

enum class SeriesKind : std::uint8_t { counter = 0, gauge = 1, histogram = 2 };

struct MetricInfo {
  std::string_view name;
  SeriesKind kind;
  std::string_view unit;  ///< "us" (histograms of time), "count", "bytes", "share", "records", "s"
  std::string_view doc;
};

// Written by loadgen. Histograms in microseconds, keyed by the second of the intended start.
// Tags: name (step), flow, block, expected ("true": transport, status, expect and capture all held; "false": not).
inline constexpr std::string_view kResponseTime = "response_time";  ///< from the intended start to the last byte
inline constexpr std::string_view kResponseTimeFromSend =
    "response_time_from_send";                                             ///< from the actual send: the best case
inline constexpr std::string_view kHttpReqDuration = "http_req_duration";  ///< sending + waiting + receiving
inline constexpr std::string_view kHttpReqWaiting = "http_req_waiting";
inline constexpr std::string_view kHttpReqBlocked = "http_req_blocked";
inline constexpr std::string_view kHttpReqSending = "http_req_sending";
inline constexpr std::string_view kHttpReqReceiving = "http_req_receiving";
inline constexpr std::string_view kHttpReqConnecting = "http_req_connecting";
inline constexpr std::string_view kHttpReqTlsHandshaking = "http_req_tls_handshaking";
inline constexpr std::string_view kHttpReqs = "http_reqs";  ///< counter; tags name, flow, block, status, expected
inline constexpr std::string_view kHttpReqFailed = "http_req_failed";  ///< counter of requests not as expected
inline constexpr std::string_view kErrors =
    "errors";  ///< counter; tag class (refused, reset, timeout, protocol, status, expectation, capture)
inline constexpr std::string_view kChecks = "checks";  ///< counter; tags name, flow, block, passed
inline constexpr std::string_view kIterations =
    "iterations";  ///< counter; tags block, flow, outcome (ok, failed, interrupted)
inline constexpr std::string_view kIterationDuration = "iteration_duration";
inline constexpr std::string_view kDroppedIterations = "dropped_iterations";  ///< counter; tags block, flow
inline constexpr std::string_view kScheduledIterations =
    "scheduled_iterations";  ///< counter; the drawn schedule; tags block, flow
inline constexpr std::string_view kLateIterations =
    "late_iterations";  ///< counter: started over 5 ms late; tags block, flow
inline constexpr std::string_view kScheduleLateness = "schedule_lateness";  ///< histogram us; tags block
inline constexpr std::string_view kVus = "vus";                             ///< gauge
inline constexpr std::string_view kVusMax = "vus_max";                      ///< gauge
inline constexpr std::string_view kGeneratorCpu = "generator_cpu";  ///< gauge, share of one core per loop; tag loop
inline constexpr std::string_view kGeneratorRunQueueWait =
    "generator_run_queue_wait";                      ///< gauge, share of the second spent waiting for a core; tag loop
inline constexpr std::string_view kPolls = "polls";  ///< counter of poll requests; tag name
inline constexpr std::string_view kDataSent = "data_sent";
inline constexpr std::string_view kDataReceived = "data_received";
// A poll step writes a histogram under its own name (payment_settled) with tags flow, block, expected.

// Written by the lag probe (gates/probes). Gauges; tags group, topic, partition ("all" for the group's worst or sum).
inline constexpr std::string_view kLagRecords = "lag_records";
inline constexpr std::string_view kLagAge = "lag_age";           ///< seconds, commit age
inline constexpr std::string_view kLagReadAge = "lag_read_age";  ///< seconds, IteratorAge-style
inline constexpr std::string_view kLagStalledPartitions = "lag_stalled_partitions";
inline constexpr std::string_view kLagRewinds = "lag_rewinds";          ///< counter
inline constexpr std::string_view kLagEvicted = "lag_evicted_records";  ///< counter
// Written by the runner.
inline constexpr std::string_view kTimeToResolve =
    "time_to_resolve";  ///< histogram us, keyed by the second of the unknown outcome; tag when (live, after)
inline constexpr std::string_view kUnknownOutcomes = "unknown_outcomes";  ///< counter; attempts whose outcome is open
inline constexpr std::string_view kFaultHits = "fault_hits";              ///< counter; tag fault
inline constexpr std::string_view kProcessCpu = "process_cpu";            ///< gauge, cores; tag process
inline constexpr std::string_view kMachineBusy = "machine_busy";          ///< gauge, share of all cores' time
inline constexpr std::string_view kMachineStolen = "machine_stolen";      ///< gauge, share of all cores' time
inline constexpr std::string_view kProbeValue = "probe_value";            ///< gauge; what a probe gate read; tag probe
inline constexpr std::string_view kProbeSilent = "probe_silent";  ///< counter of seconds without a sample; tag probe

std::span<const MetricInfo> metric_catalogue();
const MetricInfo* find_metric(std::string_view name);

}  // namespace tidegate::record
