#include "platform/outbox/outbox.hpp"

#include <array>
#include <mutex>
#include <unordered_map>

#include "base/assert.hpp"
#include "base/time.hpp"
#include "platform/outbox/relay.hpp"
#include "platform/outbox/serve.hpp"
#include "platform/outbox/table.hpp"
#include "platform/service/compiled_text.hpp"
#include "platform/service/wall_clock.hpp"
#include "platform/store/undone.hpp"

namespace tidegate::platform {
namespace {

std::int64_t position_of(int partition, std::int64_t sequence) {
  return (static_cast<std::int64_t>(partition) << outbox::kSequenceBits) | sequence;
}

std::string name_of(const Envelope& envelope) {
  return compiled_text(FMT_COMPILE("{}/{}"), envelope.stream.text(), envelope.sequence);
}

}  // namespace

struct Outbox::State {
  State(Store& store_in, std::string topic_in, Partitioner partitioner_in)
      : store(store_in), topic(topic_in), partitioner(partitioner_in), relay(store_in, topic_in) {}

  Result<std::int64_t> head(Connection& connection, int partition);

  Store& store;
  const std::string topic;
  const Partitioner partitioner;
  std::int64_t topic_number = 0;
  std::array<std::string, kPartitions> insertions;
  outbox::Relay relay;
  // The writer thread's: the last number of each stream, 0 where it has to be looked up. What it saves is one of the
  // two statements of an append.
  outbox::Cursors heads{};
  std::uint64_t undone = 0;  // when heads was last known to be true

  // The text of events whose commit is not known yet, by position, so that it is made once. A unit that is rolled back
  // leaves its text behind until the next event takes the same number.
  std::mutex mutex;
  std::unordered_map<std::int64_t, std::string> encoded;
};

Outbox::Outbox(Store& store, std::string topic, Partitioner partitioner)
    : state_(std::make_unique<State>(store, std::move(topic), partitioner)) {}
Outbox::~Outbox() = default;

const std::string& Outbox::topic() const {
  return state_->topic;
}
std::int64_t Outbox::topic_number() const {
  return state_->topic_number;
}
std::size_t Outbox::depth() const {
  return state_->relay.depth();
}

Result<void> Outbox::open() {
  std::int64_t backlog = 0;
  auto opened = state_->store.run([this, &backlog](Connection& connection) -> Result<void> {
    auto number = outbox::number_of_topic(connection, state_->topic);
    if (!number) return number.error();
    state_->topic_number = *number;
    auto published = outbox::published(connection, *number);
    if (!published) return published.error();
    for (int partition = 0; partition < kPartitions; ++partition) {
      auto head = outbox::head(connection, *number, partition);
      if (!head) return head.error();
      backlog += *head - (*published)[static_cast<std::size_t>(partition)];
      state_->insertions[static_cast<std::size_t>(partition)] = outbox::insertion(*number, partition);
    }
    return {};
  });
  if (opened) state_->relay.set_up(state_->topic_number, backlog);
  return opened;
}

Result<std::int64_t> Outbox::State::head(Connection& connection, int partition) {
  if (undone != undone_by_this_writer()) heads.fill(0);
  undone = undone_by_this_writer();
  const std::int64_t known = heads[static_cast<std::size_t>(partition)];
  if (known > 0) return known;
  return outbox::head(connection, topic_number, partition);
}

Result<void> Outbox::append(Connection& connection, Envelope& envelope) {
  TIDEGATE_ASSERT(state_->topic_number > 0);  // open() comes first
  const int partition = state_->partitioner(envelope.payment);
  auto head = state_->head(connection, partition);
  if (!head) return head.error();
  // An envelope that comes again, after its transaction was rolled back, may get another number, and its name with it.
  const bool named_here = envelope.id.empty() || envelope.id == name_of(envelope);
  envelope.stream = {state_->store.id(), state_->topic, partition};
  envelope.sequence = *head + 1;
  envelope.occurred_at_ms = wall_now_ms();
  if (named_here) envelope.id = name_of(envelope);

  std::string body = envelope.encode();
  const std::string& insertion = state_->insertions[static_cast<std::size_t>(partition)];
  if (auto inserted = outbox::insert(connection, insertion, envelope.sequence, body); !inserted) return inserted;
  state_->heads[static_cast<std::size_t>(partition)] = envelope.sequence;
  const std::lock_guard lock(state_->mutex);
  state_->encoded[position_of(partition, envelope.sequence)] = std::move(body);
  return {};
}

void Outbox::committed(const Envelope& envelope) {
  const auto position = position_of(envelope.stream.partition, envelope.sequence);
  outbox::CommittedEvent event{
      envelope.stream.partition, envelope.sequence, envelope.occurred_at_ms, envelope.payment, {}};
  {
    const std::lock_guard lock(state_->mutex);
    if (auto found = state_->encoded.find(position); found != state_->encoded.end()) {
      event.body = std::move(found->second);
      state_->encoded.erase(found);
    }
  }
  if (event.body.empty()) event.body = envelope.encode();
  state_->relay.push(std::move(event));
}

http::Response Outbox::serve(std::string_view rest, const http::Request& request, Connection& reader) const {
  return outbox::serve({state_->store.id(), state_->topic, state_->topic_number}, rest, request, reader);
}

Result<void> Outbox::start_relay(EventBus& bus) {
  return state_->relay.start(bus);
}
bool Outbox::relay_running() const {
  return state_->relay.running();
}
void Outbox::stop_relay(Nanoseconds limit) {
  state_->relay.stop(limit);
}

}  // namespace tidegate::platform
