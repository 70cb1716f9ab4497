#include "platform/outbox/pruner.hpp"

#include <algorithm>
#include <cstdint>

#include "base/json.hpp"
#include "base/log.hpp"
#include "platform/outbox/table.hpp"
#include "platform/service/await_store.hpp"

namespace tidegate::platform {
namespace {

constexpr Nanoseconds kAskLimit = std::chrono::seconds(2);
// Rows of one stream in one unit of work, each awaited: 2 ms of the writer, so that it does not hold up commits.
constexpr std::int64_t kMostAtOnce = 1000;
constexpr std::size_t kMostSeen = 4000;

}  // namespace

std::optional<outbox::Cursors> read_applied_answer(std::string_view body, std::string_view producer,
                                                   std::string_view topic) {
  const auto parsed = parse_json(body);
  const json::object* page = parsed ? parsed->if_object() : nullptr;
  const json::value* items = page == nullptr ? nullptr : page->if_contains("items");
  const json::value* topics = page == nullptr ? nullptr : page->if_contains("topics");
  if (items == nullptr || !items->is_array() || topics == nullptr || !topics->is_array()) return std::nullopt;
  outbox::Cursors applied{};
  applied.fill(INT64_MAX);
  if (std::ranges::find(topics->get_array(), json::value(topic)) == topics->get_array().end()) return applied;
  for (const json::value& item : items->get_array()) {
    if (!item.is_object()) return std::nullopt;
    const auto text = string_member(item.get_object(), "stream");
    const auto sequence = integer_member(item.get_object(), "sequence");
    const auto stream = text ? StreamId::parse(*text) : Result<StreamId>(protocol_error(""));
    if (!stream || !sequence || *sequence < 0) return std::nullopt;
    if (stream->producer == producer && stream->topic == topic) {
      std::int64_t& least = applied[static_cast<std::size_t>(stream->partition)];
      least = std::min(least, *sequence);
    }
  }
  std::ranges::replace(applied, INT64_MAX, 0);  // not named
  return applied;
}

PruneOptions prune_options(const ServiceOptions& options) {
  PruneOptions prune;
  prune.consumers = options.prune_after;
  prune.token = options.operator_token;
  prune.keep = options.keep_events;
  return prune;
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
      kept_(std::make_shared<std::atomic<std::int64_t>>(0)),
      timer_(std::move(loop)) {
  if (options_.consumers.empty()) return;
  metrics.gauge("outbox_events", "Events in the outbox, at the last look (every 10 s).",
                {{"store", store.id()}, {"topic", outbox.topic()}},
                [kept = kept_] { return static_cast<double>(kept->load()); });
}

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
    count_kept();
  }
}

void OutboxPruner::count_kept() {
  const auto last = heads();
  if (!last) return;  // the next look tells
  std::int64_t kept = 0;
  for (int partition = 0; partition < kPartitions; ++partition) {
    const auto first = outbox::first(reader_, outbox_.topic_number(), partition);
    if (!first) return;
    kept += *first == 0 ? 0 : (*last)[static_cast<std::size_t>(partition)] - *first + 1;
  }
  *kept_ = kept;
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
  outbox::Cursors least{};
  least.fill(INT64_MAX);
  for (const std::string& group : options_.consumers) {
    const auto applied = co_await applied_by(group);
    if (!applied) co_return std::nullopt;
    for (std::size_t i = 0; i < least.size(); ++i) least[i] = std::min(least[i], (*applied)[i]);
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
  co_await delete_below(bounds);
}

asio::awaitable<void> OutboxPruner::delete_below(outbox::Cursors bounds) {
  const std::int64_t topic = outbox_.topic_number();
  for (int partition = 0; partition < kPartitions; ++partition) {
    const std::int64_t bound = bounds[static_cast<std::size_t>(partition)];
    std::int64_t deleted = kMostAtOnce;
    while (bound > 0 && deleted == kMostAtOnce && !stopping_) {
      Work prune = [&](Connection& connection) -> Result<void> {
        auto rows = outbox::delete_up_to(connection, topic, partition, bound, kMostAtOnce);
        if (!rows) return rows.error();
        deleted = *rows;
        return {};
      };
      const auto done = co_await commit(store_, std::move(prune), {}, Urgency::background);
      if (!done) co_return;  // a full disk, a store that ends: the next round tries again
      pruned_.add(static_cast<std::uint64_t>(deleted));
    }
  }
}

}  // namespace tidegate::platform
