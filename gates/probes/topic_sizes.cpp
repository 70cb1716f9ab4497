#include "gates/probes/topic_sizes.hpp"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <map>
#include <memory>

#include "base/kafka.hpp"
#include "base/units.hpp"

namespace tidegate::gates {
namespace {

struct MetadataDeleter {
  void operator()(const rd_kafka_metadata_t* metadata) const noexcept { rd_kafka_metadata_destroy(metadata); }
};
using Metadata = std::unique_ptr<const rd_kafka_metadata_t, MetadataDeleter>;

}  // namespace

Result<std::vector<LagGroup>> with_partitions(const std::string& bootstrap, std::vector<LagGroup> groups,
                                              Nanoseconds timeout) {
  if (std::all_of(groups.begin(), groups.end(), [](const LagGroup& one) { return one.partitions > 0; })) return groups;
  // All topics, not one: asking for one by name may create it.
  auto handle = kafka::make_producer({{"bootstrap.servers", bootstrap}, {"log_level", "0"}});
  if (!handle) return handle.error();
  const rd_kafka_metadata_t* answer = nullptr;
  const auto error = rd_kafka_metadata(handle->get(), 1, nullptr, &answer, kafka::milliseconds(timeout));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return timeout_error(fmt::format("Kafka at {} does not tell its topics: {}", bootstrap, rd_kafka_err2str(error)));
  }
  const Metadata metadata(answer);
  std::map<std::string, int> sizes;
  std::vector<std::string> names;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    sizes[metadata->topics[i].topic] = metadata->topics[i].partition_cnt;
    names.emplace_back(metadata->topics[i].topic);
  }
  for (LagGroup& group : groups) {
    if (group.partitions > 0) continue;
    const auto found = sizes.find(group.topic);
    if (found == sizes.end() || found->second < 1) {
      const std::string near = nearest_spelling(group.topic, names);
      return usage_error(fmt::format("group {}: Kafka at {} has no topic '{}'{}", group.group, bootstrap, group.topic,
                                     near.empty() ? std::string() : "; did you mean " + near + "?"));
    }
    group.partitions = found->second;
  }
  return groups;
}

}  // namespace tidegate::gates
