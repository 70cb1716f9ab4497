#include "platform/events/envelope.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

#include "base/random.hpp"

namespace tidegate::platform {
namespace {

constexpr std::size_t kLongestName = 200;
constexpr std::int64_t kLastVersion = 1'000'000;

/// What a byte needs in the text of a JSON string: 0: it stands for itself; 1: as 0, but no ASCII; 2: an escape, or it
/// had better have one. For 55 bytes a look into a table takes 20 ns, comparing 53.
constexpr std::array<std::uint8_t, 256> kNeeds = [] {
  std::array<std::uint8_t, 256> needs{};
  for (std::size_t byte = 0; byte < needs.size(); ++byte) {
    const bool special = byte < 0x20 || byte == '"' || byte == '\\' || byte == 0x7f;
    needs.at(byte) = special ? 2 : byte > 0x7f ? 1 : 0;
  }
  return needs;
}();

/// Of all bytes together; below 2 the text is its own JSON.
unsigned needs_of(std::string_view text) {
  unsigned needs = 0;
  for (const char c : text) needs |= kNeeds[static_cast<unsigned char>(c)];
  return needs;
}

void append_string(std::string& out, std::string_view text) {
  if (needs_of(text) < 2) {
    out.append(1, '"').append(text).append(1, '"');
  } else {
    out += json::serialize(json::string(text));
  }
}

void append_member(std::string& out, std::string_view key, std::string_view value) {
  out.append(out.empty() ? "{\"" : ",\"").append(key).append("\":");
  append_string(out, value);
}

void append_member(std::string& out, std::string_view key, std::int64_t value) {
  out.append(",\"").append(key).append("\":").append(std::to_string(value));
}

Error bad_envelope(std::string_view what) {
  return protocol_error("event envelope: " + std::string(what));
}

/// The named text members, all required; empty or overlong ones are refused.
Result<void> read_names(const json::object& object, Envelope& envelope, std::string& stream) {
  const std::array<std::pair<const char*, std::string*>, 5> members{{{"id", &envelope.id},
                                                                     {"type", &envelope.type},
                                                                     {"payment", &envelope.payment},
                                                                     {"tenant", &envelope.tenant},
                                                                     {"stream", &stream}}};
  for (const auto& [key, target] : members) {
    auto value = string_member(object, key);
    if (!value || value->empty()) return bad_envelope(std::string("no text in '") + key + "'");
    if (value->size() > kLongestName) return bad_envelope(std::string("'") + key + "' is too long");
    *target = std::move(*value);
  }
  return {};
}

Result<void> read_numbers(const json::object& object, Envelope& envelope) {
  const auto version = integer_member(object, "version");
  const auto sequence = integer_member(object, "sequence");
  const auto occurred_at = integer_member(object, "occurred_at");
  if (!version || *version < 1 || *version > kLastVersion) return bad_envelope("no version");
  if (!sequence || *sequence < 1) return bad_envelope("the sequence is not a number from 1");
  if (!occurred_at || *occurred_at < 0) return bad_envelope("no time in 'occurred_at'");
  envelope.version = static_cast<int>(*version);
  envelope.sequence = *sequence;
  envelope.occurred_at_ms = *occurred_at;
  return {};
}

/// Walks along the text that encode() writes: members in its order, no blanks, no escapes. Whatever else it meets, it
/// says no, and the general parser decides.
class OwnText {
 public:
  explicit OwnText(std::string_view text) : rest_(text) {}

  bool literal(std::string_view expected) {
    if (rest_.substr(0, expected.size()) != expected) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }

  /// A text of plain ASCII up to its closing quote; `target` is a std::string, or a view of the text.
  template <typename Text>
  bool name(Text& target, std::size_t shortest) {
    const std::size_t size = rest_.substr(0, kLongestName + 1).find('"');
    if (size == std::string_view::npos || size < shortest || needs_of(rest_.substr(0, size)) != 0) return false;
    target = rest_.substr(0, size);
    rest_.remove_prefix(size + 1);
    return true;
  }

  bool number(std::int64_t& target, std::int64_t least) {
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), target);
    const auto size = static_cast<std::size_t>(end - rest_.data());
    const bool leading_zero = size > 1 && rest_[0] == '0';
    if (error != std::errc() || target < least || leading_zero || rest_[0] == '-') return false;
    rest_.remove_prefix(size);
    return true;
  }

  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

/// What this platform's own services send is read in a third of the general parser's time; most of what a consumer does
/// with an event is reading it.
std::optional<Envelope> decode_own(std::string_view text, std::span<const std::string_view> types) {
  Envelope envelope;
  std::string_view stream;
  std::int64_t version = 0;
  OwnText own(text);
  const bool head = own.literal("{\"id\":\"") && own.name(envelope.id, 1) && own.literal(",\"type\":\"") &&
                    own.name(envelope.type, 1) && own.literal(",\"version\":") && own.number(version, 1) &&
                    own.literal(",\"payment\":\"") && own.name(envelope.payment, 1) && own.literal(",\"tenant\":\"") &&
                    own.name(envelope.tenant, 1) && own.literal(",\"stream\":\"") && own.name(stream, 1) &&
                    own.literal(",\"sequence\":") && own.number(envelope.sequence, 1) &&
                    own.literal(",\"occurred_at\":") && own.number(envelope.occurred_at_ms, 0) &&
                    own.literal(",\"traceparent\":\"") && own.name(envelope.traceparent, 0) &&
                    own.literal(",\"data\":{");
  if (!head || version > kLastVersion || text.back() != '}') return std::nullopt;
  auto id = StreamId::parse(stream);
  if (!id) return std::nullopt;
  envelope.version = static_cast<int>(version);
  envelope.stream = std::move(*id);
  if (!types.empty() && std::ranges::find(types, envelope.type) == types.end()) return envelope;
  // The brace that literal() took belongs to the data, the last one to the envelope.
  const std::string_view data_text(own.rest().data() - 1, own.rest().size());
  auto data = parse_json(data_text);
  if (!data || !data->is_object()) return std::nullopt;
  envelope.data = std::move(data->as_object());
  return envelope;
}

}  // namespace

std::string StreamId::text() const {
  std::string text;
  text.reserve(producer.size() + topic.size() + 6);
  return text.append(producer).append(1, '/').append(topic).append(1, '/').append(std::to_string(partition));
}

Result<StreamId> StreamId::parse(std::string_view text) {
  const auto malformed = [text] {
    return bad_envelope("'" + std::string(text.substr(0, kLongestName)) + "' is not PRODUCER/TOPIC/PARTITION");
  };
  const auto first = text.find('/');
  const auto last = text.rfind('/');
  if (first == std::string_view::npos || first == last || first == 0 || last - first == 1) return malformed();
  if (text.substr(first + 1, last - first - 1).find('/') != std::string_view::npos) return malformed();
  const std::string_view digits = text.substr(last + 1);
  if (digits.empty() || digits.size() > 4 || digits.find_first_not_of("0123456789") != std::string_view::npos) {
    return malformed();
  }
  StreamId id{std::string(text.substr(0, first)), std::string(text.substr(first + 1, last - first - 1)), 0};
  for (const char digit : digits) id.partition = id.partition * 10 + (digit - '0');
  if (id.partition >= kPartitions) return malformed();
  return id;
}

std::string Envelope::encode() const {
  std::string out;
  out.reserve(400);
  append_member(out, "id", id);
  append_member(out, "type", type);
  append_member(out, "version", std::int64_t{version});
  append_member(out, "payment", payment);
  append_member(out, "tenant", tenant);
  append_member(out, "stream", stream.text());
  append_member(out, "sequence", sequence);
  append_member(out, "occurred_at", occurred_at_ms);
  append_member(out, "traceparent", traceparent);
  out.append(",\"data\":").append(json::serialize(data)).append(1, '}');
  return out;
}

Result<Envelope> Envelope::decode(std::string_view text, std::span<const std::string_view> types) {
  if (auto own = decode_own(text, types)) return std::move(*own);
  auto parsed = parse_json(text);
  if (!parsed) return bad_envelope(parsed.error().message);
  if (!parsed->is_object()) return bad_envelope("not a JSON object");
  json::object& object = parsed->as_object();

  Envelope envelope;
  std::string stream;
  if (auto read = read_names(object, envelope, stream); !read) return read.error();
  if (auto read = read_numbers(object, envelope); !read) return read.error();
  auto id = StreamId::parse(stream);
  if (!id) return id.error();
  envelope.stream = std::move(*id);
  envelope.traceparent = string_member(object, "traceparent").value_or("");
  if (envelope.traceparent.size() > kLongestName) return bad_envelope("'traceparent' is too long");
  json::value* data = object.if_contains("data");
  if (data == nullptr || !data->is_object()) return bad_envelope("no object in 'data'");
  envelope.data = std::move(data->as_object());
  return envelope;
}

int partition_of(std::string_view payment) {
  return static_cast<int>(stable_hash(payment) % static_cast<std::uint64_t>(kPartitions));
}

}  // namespace tidegate::platform
