#include "platform/inbox/outbox_source.hpp"

#include <algorithm>

#include <simdjson.h>

#include "base/http/client.hpp"

namespace tidegate::platform {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr Nanoseconds kLimit = std::chrono::seconds(1);

}  // namespace

Result<std::string> OutboxSource::get(const std::string& path_and_query) const {
  auto address = peers_.find(options_.producer_peer);
  if (!address) address = peers_.find(options_.shared_peer);
  if (!address) return closed_error("the peer '" + options_.producer_peer + "' is not known yet");
  auto response = http::fetch("http://" + *address + "/internal/outbox/" + path_and_query, kLimit);
  if (!response) return response.error();
  if (response->status != 200) {
    return protocol_error("the outbox at " + options_.producer_peer + " answered " + std::to_string(response->status));
  }
  return std::move(response->body);
}

Result<std::vector<Envelope>> OutboxSource::events(const MissingRange& range) {
  const StreamId stream{options_.producer, options_.topic, range.partition};
  const std::int64_t count = std::min(range.to - range.from + 1, most_);
  auto answer = get(stream.text() + "?from=" + std::to_string(range.from) + "&limit=" + std::to_string(count));
  most_ = answer ? std::min(kMostAtOnce, 2 * most_) : std::max(kLeastAtOnce, most_ / 2);
  if (!answer) return answer.error();
  return events_in(*answer, stream);
}

Result<std::vector<Envelope>> events_in(const std::string& page, const StreamId& stream) {
  const Error broken = protocol_error("the outbox sent no object with an array 'events'");
  const simdjson::padded_string text(page);
  ondemand::parser parser;
  ondemand::document document;
  ondemand::array listed;
  if (parser.iterate(text).get(document) != simdjson::SUCCESS ||
      document.find_field_unordered("events").get_array().get(listed) != simdjson::SUCCESS) {
    return broken;
  }
  std::vector<Envelope> events;
  for (auto element : listed) {
    ondemand::object object;
    std::string_view event_text;
    if (element.get_object().get(object) != simdjson::SUCCESS ||
        object.raw_json().get(event_text) != simdjson::SUCCESS) {
      return broken;
    }
    auto event = Envelope::decode(event_text);
    if (!event) return event.error();
    if (event->stream != stream) return protocol_error("the outbox sent an event of " + event->stream.text());
    events.push_back(std::move(*event));
  }
  return events;
}

Result<std::vector<std::int64_t>> OutboxSource::heads() const {
  auto answer = get(options_.producer + "/" + options_.topic);
  if (!answer) return answer.error();
  const auto parsed = parse_json(*answer);
  const json::value* listed = parsed && parsed->is_object() ? parsed->as_object().if_contains("heads") : nullptr;
  if (listed == nullptr || !listed->is_array()) return protocol_error("the outbox sent no array 'heads'");
  std::vector<std::int64_t> heads;
  for (const json::value& value : listed->as_array()) {
    if (!value.is_int64() || value.as_int64() < 0) return protocol_error("the outbox sent a head that is no number");
    heads.push_back(value.as_int64());
  }
  return heads;
}

}  // namespace tidegate::platform
