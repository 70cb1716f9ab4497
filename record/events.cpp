#include "record/events.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>

#include <fmt/format.h>

#include "base/file.hpp"
#include "record/append_file.hpp"
#include "record/compact_json.hpp"
#include "record/file_header.hpp"

namespace tidegate::record {
namespace {

constexpr std::string_view kSchemaBase = "tidegate.events";
constexpr std::string_view kHeaderLine = "{\"schema\":\"tidegate.events/1\"}\n";
constexpr std::uint64_t kVersion = 1;

/// Seconds with all nanoseconds and no trailing zeros: 16, -0.25, 16.000000001.
std::string seconds_text(Nanoseconds time) {
  const std::int64_t count = time.count();
  const std::uint64_t magnitude = count < 0 ? 0 - static_cast<std::uint64_t>(count) : static_cast<std::uint64_t>(count);
  std::string text =
      fmt::format("{}{}.{:09}", count < 0 ? "-" : "", magnitude / 1'000'000'000, magnitude % 1'000'000'000);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

Nanoseconds nanoseconds_of(double seconds) {
  constexpr double kLimit = 9e9;  // seconds that 64 bits of nanoseconds hold, 285 years
  return Nanoseconds{std::llround(std::clamp(seconds, -kLimit, kLimit) * 1e9)};
}

bool read_event(std::string_view line, Event& event) {
  auto parsed = parse_json(line);
  if (!parsed || !parsed->is_object()) return false;
  json::object& object = parsed->get_object();
  const auto time = number_member(object, "t");
  auto type = string_member(object, "event");
  if (!time || !type || !std::isfinite(*time)) return false;
  event.time = nanoseconds_of(*time);
  event.type = std::move(*type);
  for (auto& [key, value] : object) {
    if (key != "t" && key != "event") event.fields.emplace(key, std::move(value));
  }
  return true;
}

Result<void> check_header_line(std::string_view line, const std::string& path) {
  auto parsed = parse_json(line);
  std::optional<std::string> schema;
  if (parsed && parsed->is_object()) schema = string_member(parsed->get_object(), "schema");
  return check_schema(schema.value_or(""), kSchemaBase, kVersion, path);
}

}  // namespace

struct EventWriter::State {
  explicit State(AppendFile opened) : file(std::move(opened)) {}
  std::mutex mutex;
  AppendFile file;
};

EventWriter::EventWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
EventWriter::~EventWriter() = default;

Result<std::unique_ptr<EventWriter>> EventWriter::create(const std::string& path) {
  auto file = AppendFile::create(path, kHeaderLine);
  if (!file) return file.error();
  return std::unique_ptr<EventWriter>(new EventWriter(std::make_unique<State>(std::move(*file))));
}

Result<void> EventWriter::write(Nanoseconds time, std::string_view type, json::object fields) {
  std::string line = "{\"t\":" + seconds_text(time) + ",\"event\":";
  append_json_text(line, type);
  for (const auto& [key, value] : fields) {
    line += ',';
    append_json_text(line, std::string_view(key.data(), key.size()));
    line += ':';
    append_json(line, value);
  }
  line += "}\n";
  const std::lock_guard lock(state_->mutex);
  return state_->file.append(line);
}

Result<EventLog> read_events(const std::string& path) {
  auto content = read_file(path);
  if (!content) return content.error();
  EventLog log;
  std::string_view rest = *content;
  bool whole = true;  // every line so far ended and could be read
  for (bool first = true; whole && !rest.empty(); first = false) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) {
      whole = false;
      break;
    }
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    Event event;
    if (first) {
      if (auto known = check_header_line(line, path); !known) return known.error();
    } else if (read_event(line, event)) {
      log.events.push_back(std::move(event));
    } else {
      whole = false;
    }
  }
  const auto ended = [](const Event& event) { return event.type == "run_ended"; };
  log.cut_short = !whole || std::none_of(log.events.begin(), log.events.end(), ended);
  return log;
}

namespace {

std::string text_field(const Event& event, std::string_view name) {
  return string_member(event.fields, name).value_or(std::string());
}

std::uint64_t count_field(const Event& event, std::string_view name) {
  const std::int64_t count = integer_member(event.fields, name).value_or(0);
  return count < 0 ? 0 : static_cast<std::uint64_t>(count);
}

/// The latest injection of a fault, or a new one for a fault that failed before it was injected.
FaultSpan& latest_span(std::vector<FaultSpan>& spans, const Event& event) {
  const std::string fault = text_field(event, "fault");
  const auto found =
      std::find_if(spans.rbegin(), spans.rend(), [&fault](const FaultSpan& span) { return span.fault == fault; });
  if (found != spans.rend()) return *found;
  FaultSpan span;
  span.fault = fault;
  span.injected = event.time;
  spans.push_back(std::move(span));
  return spans.back();
}

}  // namespace

std::vector<FaultSpan> fault_spans(const EventLog& log) {
  std::vector<FaultSpan> spans;
  for (const Event& event : log.events) {
    if (event.type == "fault_injected") {
      FaultSpan span;
      span.fault = text_field(event, "fault");
      span.kind = text_field(event, "kind");
      span.target = text_field(event, "target");
      span.injected = event.time;
      spans.push_back(std::move(span));
    } else if (event.type == "fault_hits") {
      FaultSpan& span = latest_span(spans, event);
      span.hits = std::max(span.hits, count_field(event, "hits"));
    } else if (event.type == "fault_healed") {
      FaultSpan& span = latest_span(spans, event);
      span.hits = std::max(span.hits, count_field(event, "hits"));
      span.healed = event.time;
      span.was_healed = true;
    } else if (event.type == "fault_failed") {
      latest_span(spans, event).failure = text_field(event, "message");
    }
  }
  return spans;
}

std::vector<std::string> touching_faults(const EventLog& log) {
  std::vector<std::string> names;
  for (const Event& event : log.events) {
    if (event.type != "fault_touched") continue;
    const std::uint64_t bit = count_field(event, "bit");
    if (bit >= 64) continue;
    if (names.size() <= bit) names.resize(bit + 1);
    names[bit] = text_field(event, "fault");
  }
  return names;
}

std::vector<std::string> faults_of(std::uint64_t touched, const std::vector<std::string>& names) {
  std::vector<std::string> found;
  for (std::size_t bit = 0; bit < 64; ++bit) {
    if ((touched >> bit & 1U) == 0) continue;
    found.push_back(bit < names.size() && !names[bit].empty() ? names[bit] : "fault " + std::to_string(bit));
  }
  return found;
}

}  // namespace tidegate::record
