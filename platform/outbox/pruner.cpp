#include "platform/outbox/pruner.hpp"

#include <algorithm>

#include "base/json.hpp"
#include "base/log.hpp"
#include "platform/outbox/table.hpp"

namespace tidegate::platform {
namespace {

constexpr Nanoseconds kAskLimit = std::chrono::seconds(2);
constexpr std::int64_t kMostAtOnce = 2000;  // rows of one stream in one unit of work: it must not hold up commits
constexpr std::size_t kMostSeen = 4000;

}  // namespace

std::optional<outbox::Cursors> read_applied_answer(std::string_view body, std::string_view producer,
                                                   std::string_view topic) {
  const auto parsed = parse_json(body);
  const json::object* page = parsed ? parsed->if_object() : nullptr;
  const json::value* items = page == nullptr ? nullptr : page->if_contains("items");
  if (items == nullptr || !items->is_array()) return std::nullopt;
  outbox::Cursors applied{};
  for (const json::value& item : items->get_array()) {
    if (!item.is_object()) return std::nullopt;
    const auto text = string_member(item.get_object(), "stream");
    const auto sequence = integer_member(item.get_object(), "sequence");
    const auto stream = text ? StreamId::parse(*text) : Result<StreamId>(protocol_error(""));
    if (!stream || !sequence || *sequence < 0) return std::nullopt;
    if (stream->producer == producer && stream->topic == topic) {
      applied[static_cast<std::size_t>(stream->partition)] = *sequence;
    }
  }
  return applied;
}

OutboxPruner::OutboxPruner(asio::any_io_executor loop, Store& store, Connection& reader, const Outbox& outbox,
                           PeerClients& clients, Metrics& metrics, PruneOptions options)
    : loop_(loop),
      store_(store),
      reader_(reader),
      outbox_(outbox),
      clients_(clients),
      options_(std::move(options)),
      pruned_(metrics.counter("outbox_pruned_total", "Events deleted after every consumer had applied them.",
                              {{"store", store.id()}})),
      held_up_(metrics.counter("outbox_prunings_held_up_total", "Rounds in which a consumer did not say how far it is.",
                               {{"store", store.id()}})),
      timer_(std::move(loop)) {}

void OutboxPruner::start() {
  if (!options_.consumers.empty()) asio::co_spawn(loop_, run(), asio::detached);
}

void OutboxPruner::stop() {
  stopping_ = true;
  timer_.cancel();
}

asio::awaitable<void> OutboxPruner::run() {
  while (!stopping_) {
    timer_.expires_after(options_.every);
    co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    if (stopping_) co_return;
    co_await prune(monotonic_now());
  }
}

asio::awaitable<std::optional<outbox::Cursors>> OutboxPruner::applied_by(std::string group) {
  const auto client = clients_.client(group + ".http");
  if (!client) co_return std::nullopt;
  http::ClientRequest request;
  request.target = "/v1/consumers/" + group + "/applied";
  request.headers.emplace_back("Authorization", "Bearer " + options_.token);
  const auto answer = co_await (*client)->send(std::move(request), kAskLimit);
  if (!answer || answer->status != 200) co_return std::nullopt;
  co_return read_applied_answer(answer->body, store_.id(), outbox_.topic());
}

asio::awaitable<std::optional<outbox::Cursors>> OutboxPruner::applied_by_all() {
  std::optional<outbox::Cursors> least;
  for (const std::string& group : options_.consumers) {
    const auto applied = co_await applied_by(group);
    if (!applied) co_return std::nullopt;
    if (!least) least = applied;
    for (std::size_t i = 0; i < least->size(); ++i) (*least)[i] = std::min((*least)[i], (*applied)[i]);
  }
  co_return least;
}

std::optional<outbox::Cursors> OutboxPruner::heads() const {
  outbox::Cursors heads{};
  for (int partition = 0; partition < kPartitions; ++partition) {
    const auto head = outbox::head(reader_, outbox_.topic_number(), partition);
    if (!head) return std::nullopt;
    heads[static_cast<std::size_t>(partition)] = *head;
  }
  return heads;
}

std::optional<outbox::Cursors> OutboxPruner::old_heads(Nanoseconds now) {
  std::optional<outbox::Cursors> old;
  if (const auto present = heads(); present) seen_.push_back({now, *present});
  if (seen_.size() > kMostSeen) seen_.pop_front();
  while (!seen_.empty() && seen_.front().at + options_.keep <= now) {
    old = seen_.front().heads;
    if (seen_.size() == 1 || seen_[1].at + options_.keep > now) break;  // the newest of the old ones stays
    seen_.pop_front();
  }
  return old;
}

asio::awaitable<void> OutboxPruner::prune(Nanoseconds now) {
  const auto old = old_heads(now);
  if (!old) co_return;
  const auto applied = co_await applied_by_all();
  const auto published = outbox::published(reader_, outbox_.topic_number());
  if (!applied || !published) {
    held_up_.add();
    co_return;
  }
  outbox::Cursors bounds{};
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    // The last event of a stream stays: its number is where the next one goes on.
    bounds[i] = std::min({(*applied)[i], (*published)[i], (*old)[i] - 1});
  }
  delete_below(bounds);
}

void OutboxPruner::delete_below(const outbox::Cursors& bounds) {
  const std::int64_t topic = outbox_.topic_number();
  for (int partition = 0; partition < kPartitions; ++partition) {
    const std::int64_t bound = bounds[static_cast<std::size_t>(partition)];
    if (bound <= 0) continue;
    store_.submit(
        [this, topic, partition, bound](Connection& connection) -> Result<void> {
          auto deleted = outbox::delete_up_to(connection, topic, partition, bound, kMostAtOnce);
          if (!deleted) return deleted.error();
          pruned_.add(static_cast<std::uint64_t>(*deleted));
          return {};
        },
        {});
  }
}

}  // namespace tidegate::platform
