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
    {kPaymentsTopic, "gateway-0", "gateway.http"},
    {kAcquiringTopic, "acquiring-0", "acquiring.http"},
    {kFraudTopic, "fraud-0", "fraud.http"},
    {kLedgerTopic, "ledger-0", "ledger.http"},
    {kPayoutsTopic, "payouts-0", "payouts.http"},
    {kDeadLettersTopic, "notification-0", "notification.http"},
    {kNotificationsTopic, "notification-0", "notification.http"},
};

http::Response serve_applied(Connection& reader) {
  const auto streams = read_applied(reader);
  if (!streams) return problem(503, "The store cannot be read at the moment.");
  json::array items;
  std::int64_t total = 0;
  for (const AppliedStream& stream : *streams) {
    items.push_back(json::object{{"stream", stream.stream}, {"sequence", stream.sequence}});
    total += stream.sequence;
  }
  return json_response(200, make_page(std::move(items), std::nullopt, total));
}

}  // namespace

EventSource source_of(std::string_view topic) {
  for (const EventSource& source : kSources) {
    if (source.topic == topic) return source;
  }
  TIDEGATE_ASSERT(false);
  return {};
}

RoleInboxes::RoleInboxes(RoleContext& context, RoleDatabase& database, std::string group)
    : context_(context), database_(database), group_(std::move(group)) {
  ServiceRuntime& runtime = context.runtime;
  runtime.router().add_immediate(
      "GET", "/v1/consumers/" + group_ + "/applied",
      runtime.operator_only(ImmediateHandler(
          [&database](const http::Request&, std::string_view) { return serve_applied(database.reader()); })));
}

void RoleInboxes::add(std::string_view topic, Apply apply, Applied applied) {
  const EventSource source = source_of(topic);
  const int shards = topic == kPaymentsTopic ? context_.options.shards : 1;
  for (int shard = 0; shard < shards; ++shard) {
    InboxOptions options;
    options.group = shard == 0 ? group_ : group_ + "-" + std::to_string(shard);
    options.topic = topic;
    options.producer_peer = source.peer;
    options.producer = shards == 1 ? std::string(source.producer) : "gateway-" + std::to_string(shard);
    options.workers = context_.options.workers;
    options.worker_index = context_.options.worker_index;
    add_inbox(std::move(options), apply, applied);
  }
}

void RoleInboxes::add_inbox(InboxOptions options, Apply apply, Applied applied) {
  const std::string part = "the consumer " + options.group + " of " + options.topic;
  inboxes_.push_back(std::make_unique<Inbox>(database_.store(), context_.runtime.peers(), context_.bus,
                                             std::move(options), std::move(apply), std::move(applied)));
  Inbox* inbox = inboxes_.back().get();
  inbox->export_to(context_.runtime.metrics());
  context_.runtime.add_readiness(part, [inbox] { return inbox->connected(); });
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
  for (const auto& inbox : inboxes_) inbox->stop();
}

}  // namespace tidegate::platform
