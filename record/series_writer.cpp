#include <algorithm>
#include <mutex>
#include <optional>

#include "base/assert.hpp"
#include "base/log.hpp"
#include "record/append_file.hpp"
#include "record/binary.hpp"
#include "record/series.hpp"
#include "record/series_format.hpp"

namespace tidegate::record {
namespace {

using series_format::encode_block;

/// What gathered since the last flush, per (second, series).
struct Pending {
  std::map<std::pair<std::int32_t, SeriesId>, double> numbers;
  std::map<std::pair<std::int32_t, SeriesId>, Histogram> histograms;
  std::vector<std::pair<SeriesId, SeriesKey>> definitions;
  bool empty() const { return numbers.empty() && histograms.empty() && definitions.empty(); }
};

std::string encode_definition(SeriesId id, const SeriesKey& key) {
  std::string bytes;
  binary::put_varint(bytes, id);
  binary::put_fixed(bytes, static_cast<std::uint8_t>(key.kind));
  binary::put_text(bytes, key.metric);
  binary::put_text(bytes, key.unit);
  binary::put_varint(bytes, key.tags.size());
  for (const auto& [name, value] : key.tags) {
    binary::put_text(bytes, name);
    binary::put_text(bytes, value);
  }
  return bytes;
}

std::string encode_record(std::int32_t second, SeriesId id, std::string_view value) {
  std::string bytes;
  binary::put_signed(bytes, second);
  binary::put_varint(bytes, id);
  binary::put_text(bytes, value);
  return bytes;
}

/// Collects entries of one type and closes a block whenever it grew large.
class BlockBuilder {
 public:
  BlockBuilder(std::string& out, std::uint32_t type) : out_(out), type_(type) {}
  ~BlockBuilder() { close(); }
  BlockBuilder(const BlockBuilder&) = delete;
  BlockBuilder& operator=(const BlockBuilder&) = delete;

  void add(const std::string& entry) {
    payload_ += entry;
    if (payload_.size() >= series_format::kWriterBlock) close();
  }

 private:
  void close() {
    if (!payload_.empty()) out_ += encode_block(type_, payload_);
    payload_.clear();
  }

  std::string& out_;
  std::uint32_t type_;
  std::string payload_;
};

/// Definitions come before the records that use them.
std::string encode_pending(const Pending& pending) {
  std::string out;
  {
    BlockBuilder definitions(out, series_format::kDefinitions);
    for (const auto& [id, key] : pending.definitions) definitions.add(encode_definition(id, key));
  }
  BlockBuilder records(out, series_format::kRecords);
  std::string value;
  for (const auto& [where, number] : pending.numbers) {
    value.clear();
    binary::put_double(value, number);
    records.add(encode_record(where.first, where.second, value));
  }
  for (const auto& [where, histogram] : pending.histograms) {
    value.clear();
    histogram.encode(value);
    records.add(encode_record(where.first, where.second, value));
  }
  return out;
}

}  // namespace

struct SeriesWriter::State {
  explicit State(AppendFile opened) : file(std::move(opened)) {}

  std::mutex mutex;  // guards ids, kinds, pending
  std::map<SeriesKey, SeriesId> ids;
  std::vector<SeriesKind> kinds;
  std::vector<SeriesKey> keys;
  Pending pending;

  std::mutex file_mutex;  // guards file, failure; taken before `mutex`, never after it
  AppendFile file;
  std::optional<Error> failure;
  Observer observer;  // guarded by file_mutex

  void tell(const Pending& taken);
  void assert_kind(SeriesId series, SeriesKind kind) const {
    TIDEGATE_ASSERT(series < kinds.size());
    TIDEGATE_ASSERT(kinds[series] == kind);
  }
};

SeriesWriter::SeriesWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}

SeriesWriter::~SeriesWriter() {
  const bool known_to_fail = state_->failure.has_value();
  const auto flushed = flush();
  if (!flushed && !known_to_fail) log::error("the last series were not written", {{"cause", flushed.error().message}});
}

Result<std::unique_ptr<SeriesWriter>> SeriesWriter::create(const std::string& path) {
  auto file = AppendFile::create(path, encode_header(series_format::kHeader));
  if (!file) return file.error();
  return std::unique_ptr<SeriesWriter>(new SeriesWriter(std::make_unique<State>(std::move(*file))));
}

SeriesId SeriesWriter::intern(SeriesKey key) {
  std::sort(key.tags.begin(), key.tags.end());
  const std::lock_guard lock(state_->mutex);
  const auto next = static_cast<SeriesId>(state_->kinds.size());
  const auto [found, added] = state_->ids.try_emplace(key, next);
  if (added) {
    state_->kinds.push_back(key.kind);
    state_->keys.push_back(key);
    state_->pending.definitions.emplace_back(next, std::move(key));
  }
  return found->second;
}

void SeriesWriter::add(std::int32_t second, SeriesId series, double delta) {
  const std::lock_guard lock(state_->mutex);
  state_->assert_kind(series, SeriesKind::counter);
  state_->pending.numbers[{second, series}] += delta;
}

void SeriesWriter::set(std::int32_t second, SeriesId series, double value) {
  const std::lock_guard lock(state_->mutex);
  state_->assert_kind(series, SeriesKind::gauge);
  state_->pending.numbers[{second, series}] = value;
}

void SeriesWriter::merge(std::int32_t second, SeriesId series, const Histogram& histogram) {
  if (histogram.empty()) return;
  const std::lock_guard lock(state_->mutex);
  state_->assert_kind(series, SeriesKind::histogram);
  state_->pending.histograms[{second, series}].merge(histogram);
}

void SeriesWriter::observe(Observer observer) {
  const std::lock_guard file_lock(state_->file_mutex);
  state_->observer = std::move(observer);
}

void SeriesWriter::State::tell(const Pending& taken) {
  if (!observer) return;
  // Keys are copied out: others may intern new series meanwhile.
  const auto key_of = [&](SeriesId id) {
    const std::lock_guard lock(mutex);
    return keys[id];
  };
  for (const auto& [where, number] : taken.numbers) observer(where.first, key_of(where.second), number, nullptr);
  for (const auto& [where, histogram] : taken.histograms) observer(where.first, key_of(where.second), 0, &histogram);
}

Result<void> SeriesWriter::flush() {
  const std::lock_guard file_lock(state_->file_mutex);
  if (state_->failure) return *state_->failure;
  Pending taken;
  {
    const std::lock_guard lock(state_->mutex);
    std::swap(taken, state_->pending);
  }
  if (taken.empty()) return {};
  state_->tell(taken);
  auto written = state_->file.append(encode_pending(taken));
  if (!written) state_->failure = written.error();
  return written;
}

}  // namespace tidegate::record
