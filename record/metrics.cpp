#include "record/metrics.hpp"

#include <algorithm>
#include <array>

namespace tidegate::record {
namespace {

constexpr auto C = SeriesKind::counter;
constexpr auto G = SeriesKind::gauge;
constexpr auto H = SeriesKind::histogram;

constexpr std::array kCatalogue = {
    MetricInfo{kResponseTime, H, "us", "from the intended start of the request to the last byte of its answer"},
    MetricInfo{kResponseTimeFromSend, H, "us", "from the actual send to the last byte: the best case"},
    MetricInfo{kHttpReqDuration, H, "us", "sending, waiting and receiving"},
    MetricInfo{kHttpReqBlocked, H, "us",
               "waiting for a connection, with connecting and TLS; 0 where an open one was used"},
    MetricInfo{kHttpReqSending, H, "us", "writing the request"},
    MetricInfo{kHttpReqReceiving, H, "us", "from the answer's first byte to its last"},
    MetricInfo{kHttpReqWaiting, H, "us", "from the request's last byte sent to the answer's first byte"},
    MetricInfo{kHttpReqConnecting, H, "us", "establishing the connection, where one was made"},
    MetricInfo{kHttpReqTlsHandshaking, H, "us", "the TLS handshake, where one was made"},
    MetricInfo{kHttpReqs, C, "count", "requests that ended, by status"},
    MetricInfo{kHttpReqFailed, C, "count", "requests whose answer was not as expected"},
    MetricInfo{kErrors, C, "count", "failed requests by class of error"},
    MetricInfo{kChecks, C, "count", "answers that were held against what their step expects, by whether they passed"},
    MetricInfo{kIterations, C, "count", "iterations that ended, by outcome"},
    MetricInfo{kIterationDuration, H, "us", "from the intended start of an iteration to its end"},
    MetricInfo{kDroppedIterations, C, "count", "arrivals that found no virtual user free"},
    MetricInfo{kScheduledIterations, C, "count", "arrivals of the drawn schedule"},
    MetricInfo{kLateIterations, C, "count", "iterations that started more than 5 ms late"},
    MetricInfo{kScheduleLateness, H, "us", "actual minus intended start of an iteration"},
    MetricInfo{kVus, G, "count", "virtual users in an iteration"},
    MetricInfo{kVusMax, G, "count", "virtual users that exist, in an iteration or not"},
    MetricInfo{kGeneratorCpu, G, "share", "CPU of a load loop, as a share of one core"},
    MetricInfo{kGeneratorRunQueueWait, G, "share", "share of the second that a load loop waited for a core"},
    MetricInfo{kPolls, C, "count", "requests of poll steps"},
    MetricInfo{kDataSent, C, "bytes", "bytes sent"},
    MetricInfo{kDataReceived, C, "bytes", "bytes received"},
    MetricInfo{kLagRecords, G, "records", "end offset minus committed offset"},
    MetricInfo{kLagAge, G, "s", "commit age: now minus the time of the first uncommitted record, 0 when none"},
    MetricInfo{kLagReadAge, G, "s", "read age: now minus the time of the last committed record, 0 when caught up"},
    MetricInfo{kLagEvicted, C, "records", "records that the broker evicted before the group committed them"},
    MetricInfo{"lag_drain_estimate", G, "s",
               "until the group has caught up at its recent rate; none while it does not"},
    MetricInfo{kLagStalledPartitions, G, "count", "partitions with records whose commit stands still for 5 s"},
    MetricInfo{kLagRewinds, C, "count", "commits that went back"},
    MetricInfo{kTimeToResolve, H, "us", "from an unknown outcome to the final answer to its key"},
    MetricInfo{kUnknownOutcomes, C, "count", "attempts of operations whose outcome the answer left open"},
    MetricInfo{kFaultHits, C, "count", "what a fault touched"},
    MetricInfo{kProcessCpu, G, "cores", "CPU of a process under test, or of `chaos-agent`, which holds the faults"},
    MetricInfo{kMachineBusy, G, "share", "share of the time of all cores of this machine that was in use"},
    MetricInfo{kMachineStolen, G, "share", "share of that time that the hypervisor gave to other machines"},
    MetricInfo{kProbeValue, G, "count", "what a probe gate read"},
    MetricInfo{kProbeSilent, C, "s", "seconds without a sample of a probe"},
};

}  // namespace

std::span<const MetricInfo> metric_catalogue() {
  return kCatalogue;
}

const MetricInfo* find_metric(std::string_view name) {
  const auto found = std::find_if(kCatalogue.begin(), kCatalogue.end(),
                                  [name](const MetricInfo& metric) { return metric.name == name; });
  return found == kCatalogue.end() ? nullptr : &*found;
}

}  // namespace tidegate::record
