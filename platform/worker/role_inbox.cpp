#include "platform/worker/role_inbox.hpp"

#include <algorithm>
#include <cstdint>

#include "base/assert.hpp"
#include "platform/events/topics.hpp"
#include "platform/service/pages.hpp"
#include "platform/service/problem.hpp"

namespace tidegate::platform {
namespace {

constexpr EventSource kSources[] = {
    {kPaymentsTopic, "gateway", "gateway.http"},
    {kAcquiringTopic, "acquiring", "acquiring.http"},
    {kFraudTopic, "fraud", "fraud.http"},
    {kLedgerTopic, "ledger", "ledger.http"},
    {kPayoutsTopic, "payouts", "payouts.http"},
    {kDeadLettersTopic, "notification", "notification.http"},
    {kNotificationsTopic, "notification", "notification.http"},
};

}  // namespace

EventSource source_of(std::string_view topic) {
  for (const EventSource& source : kSources) {
    if (source.topic == topic) return source;
  }
  TIDEGATE_ASSERT(false);
  return {};
}

bool is_sharded(std::string_view topic) {
  return topic == kPaymentsTopic || topic == kLedgerTopic;
}

RoleInboxes::RoleInboxes(RoleContext& context, std::string group) : context_(context), group_(std::move(group)) {
  ServiceRuntime& runtime = context.runtime;
  runtime.router().add_immediate("GET", "/v1/consumers/" + group_ + "/applied",
                                 runtime.operator_only(ImmediateHandler(
                                     [this](const http::Request& request, auto) { return serve_applied(request); })));
}

void RoleInboxes::add(RoleDatabase& database, std::string_view topic, Apply apply, Applied applied, Intake intake) {
  const auto shards = static_cast<std::size_t>(is_sharded(topic) ? context_.options.shards : 1);
  for (std::size_t shard = 0; shard < shards; ++shard) {
    add_inbox(database, topic, shard, shard, apply, applied, intake);
  }
}

void RoleInboxes::add_shard(std::size_t number, RoleDatabase& database, std::string_view topic, Apply apply,
                            Applied applied) {
  add_inbox(database, topic, number, is_sharded(topic) ? number : 0, std::move(apply), std::move(applied));
}

void RoleInboxes::add_inbox(RoleDatabase& database, std::string_view topic, std::size_t group_number,
                            std::size_t producer_number, Apply apply, Applied applied, Intake intake) {
  const EventSource source = source_of(topic);
  topics_.insert(source.topic);
  InboxOptions options;
  options.group = group_number == 0 ? group_ : group_ + "-" + std::to_string(group_number);
  options.topic = topic;
  options.producer_peer = source.peer;
  options.producer = std::string(source.producer) + "-" + std::to_string(producer_number);
  options.workers = context_.options.workers;
  options.worker_index = context_.options.worker_index;
  options.busy = std::move(intake.busy);
  options.types = std::move(intake.types);
  // Nobody waits for these transactions. At 5,000 payments a second on two full cores 4,000 events instead of 1,000
  // took a tenth off what all roles cost, and half off the ledger's lag.
  options.together = kMostRecordsAtOnce;
  const std::string part = "the consumer " + options.group + " of " + options.topic;
  inboxes_.push_back(std::make_unique<Inbox>(database.store(), context_.runtime.peers(), context_.bus,
                                             std::move(options), std::move(apply), std::move(applied)));
  Inbox* inbox = inboxes_.back().get();
  inbox->export_to(context_.runtime.metrics());
  context_.runtime.add_readiness(part, [inbox] { return inbox->connected(); });
  if (std::ranges::find(databases_, &database) == databases_.end()) databases_.push_back(&database);
}

http::Response RoleInboxes::serve_applied(const http::Request& request) const {
  const auto topic = request.query_parameter("topic");
  const std::string wanted = topic ? "/" + std::string(*topic) + "/" : std::string();
  json::array items;
  std::int64_t total = 0;
  for (RoleDatabase* database : databases_) {
    const auto streams = read_applied(database->reader());
    if (!streams) return problem(503, "The store cannot be read at the moment.");
    for (const AppliedStream& stream : *streams) {
      if (stream.stream.find(wanted) == std::string::npos) continue;
      items.push_back(json::object{{"stream", stream.stream}, {"sequence", stream.sequence}});
      total += stream.sequence;
    }
  }
  json::object page = make_page(std::move(items), std::nullopt, total);
  page["topics"] = json::array(topics_.begin(), topics_.end());
  return json_response(200, std::move(page));
}

Result<void> RoleInboxes::start() {
  for (const auto& inbox : inboxes_) {
    if (auto started = inbox->start(); !started) return started;
  }
  return {};
}

std::int64_t RoleInboxes::caught_up_at_ms() const {
  std::int64_t oldest = INT64_MAX;
  for (const auto& inbox : inboxes_) oldest = std::min(oldest, inbox->caught_up_at_ms());
  return oldest;
}

void RoleInboxes::stop() {
  for (const auto& inbox : inboxes_) inbox->request_stop();
  for (const auto& inbox : inboxes_) inbox->stop();
}

}  // namespace tidegate::platform
