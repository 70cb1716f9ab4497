// One pass over the file notes where records are; checksums are verified there. Records of a series are kept by second,
// later ones of the same second behind earlier ones. Numbers stand in the index itself, histograms are read from the
// file; one that cannot be decoded (it passed its checksum, so whoever wrote it erred) counts as not there.

#include "record/series_index.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "base/file.hpp"
#include "record/binary.hpp"
#include "record/series_format.hpp"

namespace tidegate::record {
namespace {

struct Place {
  std::uint64_t offset;  // of a histogram; of counters and gauges the value's own bits
  std::int32_t second;
  std::uint32_t length;
};
static_assert(sizeof(Place) == 16);

bool earlier(const Place& a, const Place& b) {
  return a.second < b.second;
}

struct Indexed {
  SeriesKey key;
  std::vector<Place> places;  // by second
  std::vector<Place> fresh;   // those of the last refresh, in the order of the file
  std::vector<std::int32_t> touched;
};

/// Exactly so many bytes from there, or nothing.
bool read_at(int fd, std::uint64_t offset, std::size_t length, std::string& out) {
  out.resize(length);
  std::size_t done = 0;
  while (done < length) {
    const ssize_t got = ::pread(fd, out.data() + done, length - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    done += static_cast<std::size_t>(got);
  }
  return true;
}

}  // namespace

struct SeriesIndex::State {
  std::string path;
  FileDescriptor file;
  std::uint64_t next = kFileHeaderSize;  // where the next block starts
  bool damaged = false;
  std::string cut_short;
  std::vector<Indexed> series;
  std::vector<std::size_t> numbers;  // by the id in the file
  bool following = false;            // after the first pass: what is new is remembered
  std::string block;
  mutable std::string value;

  // ---- reading blocks

  enum class Step { taken, end, torn, damaged };

  Step take_block() {
    std::string header;
    const std::uint64_t size = static_cast<std::uint64_t>(std::max<off_t>(0, ::lseek(file.get(), 0, SEEK_END)));
    if (next >= size) return Step::end;
    if (size - next < series_format::kBlockHeaderSize) return torn("ends inside a block's header");
    if (!read_at(file.get(), next, series_format::kBlockHeaderSize, header)) return torn("cannot be read");
    binary::Reader reader(header);
    const auto type = reader.fixed<std::uint32_t>();
    const auto length = reader.fixed<std::uint32_t>();
    const auto checksum = reader.fixed<std::uint32_t>();
    if (length > series_format::kLongestBlock) return damage(fmt::format("a block claims {} bytes", length));
    const std::uint64_t start = next + series_format::kBlockHeaderSize;
    if (size - start < length) return torn(fmt::format("ends inside a block ({} of {} bytes)", size - start, length));
    if (!read_at(file.get(), start, length, block)) return torn("cannot be read");
    if (series_format::block_checksum(type, block) != checksum) return damage("a block's checksum is wrong");
    const char* wrong = nullptr;
    if (type == series_format::kDefinitions) wrong = take_definitions();
    if (type == series_format::kRecords) wrong = take_records(start);
    if (wrong != nullptr) return damage(wrong);
    next = start + length;
    return Step::taken;
  }

  Step torn(const std::string& why) {
    cut_short = fmt::format("{} at byte {}: {}", path, next, why);
    return Step::torn;
  }

  Step damage(const std::string& why) {
    torn(why);
    damaged = true;
    return Step::damaged;
  }

  const char* take_definitions() {
    binary::Reader reader(block);
    while (!reader.at_end()) {
      const std::uint64_t id = reader.varint();
      const auto kind = reader.fixed<std::uint8_t>();
      Indexed one;
      one.key.metric = reader.text();
      one.key.unit = reader.text();
      for (std::uint64_t tags = reader.varint(); tags > 0 && !reader.bad(); --tags) {
        std::string name(reader.text());
        one.key.tags.emplace_back(std::move(name), reader.text());
      }
      if (reader.bad()) return "a definition is malformed";
      if (id != numbers.size()) return "series are not numbered in order";
      const bool known = kind <= static_cast<std::uint8_t>(SeriesKind::histogram);
      numbers.push_back(known ? series.size() : series_format::kNotKept);
      if (!known) continue;
      one.key.kind = static_cast<SeriesKind>(kind);
      series.push_back(std::move(one));
    }
    return nullptr;
  }

  const char* take_records(std::uint64_t start) {
    binary::Reader reader(block);
    std::vector<std::pair<std::size_t, Place>> found;
    while (!reader.at_end()) {
      const std::int64_t second = reader.signed_varint();
      const std::uint64_t id = reader.varint();
      const std::string_view bytes = reader.text();
      if (reader.bad() || second > series_format::kFarthestSecond || second < -series_format::kFarthestSecond)
        return "a record is malformed";
      if (id >= numbers.size()) return "a record names a series that is not defined";
      if (numbers[id] == series_format::kNotKept) continue;
      Place place{start + static_cast<std::uint64_t>(bytes.data() - block.data()), static_cast<std::int32_t>(second),
                  static_cast<std::uint32_t>(bytes.size())};
      if (series[numbers[id]].key.kind != SeriesKind::histogram) {
        if (bytes.size() != sizeof(double)) return "a record's value is malformed";
        place.offset = binary::Reader(bytes).fixed<std::uint64_t>();
      }
      found.emplace_back(numbers[id], place);
    }
    for (const auto& [number, place] : found) keep(series[number], place);
    return nullptr;
  }

  void keep(Indexed& one, const Place& place) const {
    // Nearly always the last one: late completions are few, and not very late.
    const auto at = one.places.empty() || one.places.back().second <= place.second
                        ? one.places.end()
                        : std::upper_bound(one.places.begin(), one.places.end(), place, earlier);
    one.places.insert(at, place);
    if (!following) return;
    one.fresh.push_back(place);
    one.touched.push_back(place.second);
  }

  // ---- reading values

  std::span<const Place> between(std::size_t number, std::int32_t from, std::int32_t to) const {
    const auto& places = series[number].places;
    const auto first = std::lower_bound(places.begin(), places.end(), Place{0, from, 0}, earlier);
    const auto last = std::lower_bound(first, places.end(), Place{0, to, 0}, earlier);
    return {first, last};
  }

  std::optional<Histogram> histogram_at(const Place& place) const {
    if (!read_at(file.get(), place.offset, place.length, value)) return std::nullopt;
    auto histogram = Histogram::decode(std::as_bytes(std::span(value.data(), value.size())));
    if (!histogram) return std::nullopt;
    return std::move(*histogram);
  }
};

SeriesIndex::SeriesIndex(std::unique_ptr<State> state) : state_(std::move(state)) {}
SeriesIndex::SeriesIndex(SeriesIndex&&) noexcept = default;
SeriesIndex& SeriesIndex::operator=(SeriesIndex&&) noexcept = default;
SeriesIndex::~SeriesIndex() = default;

Result<SeriesIndex> SeriesIndex::open(const std::string& path) {
  auto state = std::make_unique<State>();
  state->path = path;
  state->file = FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!state->file) return system_error(path, errno);
  std::string header;
  if (!read_at(state->file.get(), 0, kFileHeaderSize, header)) header.clear();
  if (auto known = check_header(header, series_format::kHeader, path); !known) return known.error();
  SeriesIndex index(std::move(state));
  index.refresh();
  index.state_->following = true;
  return index;
}

bool SeriesIndex::refresh() {
  State& state = *state_;
  if (state.damaged) return false;
  const std::uint64_t before = state.next;
  state.cut_short.clear();
  for (Indexed& one : state.series) {
    one.fresh.clear();
    one.touched.clear();
  }
  while (state.take_block() == State::Step::taken) {
  }
  for (Indexed& one : state.series) {
    std::sort(one.touched.begin(), one.touched.end());
    one.touched.erase(std::unique(one.touched.begin(), one.touched.end()), one.touched.end());
  }
  return state.next != before;
}

const std::string& SeriesIndex::cut_short() const {
  return state_->cut_short;
}

std::size_t SeriesIndex::size() const {
  return state_->series.size();
}

const SeriesKey& SeriesIndex::key(std::size_t series) const {
  return state_->series[series].key;
}

std::vector<std::size_t> SeriesIndex::find(std::string_view metric) const {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < size(); ++i) {
    if (key(i).metric == metric) found.push_back(i);
  }
  return found;
}

const std::vector<std::int32_t>& SeriesIndex::touched(std::size_t series) const {
  return state_->series[series].touched;
}

void SeriesIndex::each_fresh_histogram(std::size_t series,
                                       const std::function<void(std::int32_t, const Histogram&)>& visit) const {
  for (const Place& place : state_->series[series].fresh) {
    if (const auto histogram = state_->histogram_at(place)) visit(place.second, *histogram);
  }
}

std::pair<std::int32_t, std::int32_t> SeriesIndex::range() const {
  std::optional<std::pair<std::int32_t, std::int32_t>> range;
  for (const Indexed& one : state_->series) {
    if (one.places.empty()) continue;
    const std::int32_t first = one.places.front().second, end = one.places.back().second + 1;
    range = range ? std::pair(std::min(range->first, first), std::max(range->second, end)) : std::pair(first, end);
  }
  return range.value_or(std::pair(0, 0));
}

void SeriesIndex::each_value(std::size_t series, std::int32_t from, std::int32_t to,
                             const std::function<void(std::int32_t, double)>& visit) const {
  const bool adds = key(series).kind == SeriesKind::counter;
  const auto places = state_->between(series, from, to);
  for (std::size_t i = 0; i < places.size();) {
    const std::int32_t second = places[i].second;
    double known = 0;
    for (; i < places.size() && places[i].second == second; ++i) {
      const double number = std::bit_cast<double>(places[i].offset);
      known = adds ? known + number : number;
    }
    visit(second, known);
  }
}

void SeriesIndex::each_histogram(std::span<const std::size_t> series, std::int32_t from, std::int32_t to,
                                 const std::function<void(std::int32_t, const Histogram&)>& visit) const {
  std::vector<std::span<const Place>> rests;
  for (const std::size_t number : series) rests.push_back(state_->between(number, from, to));
  while (true) {
    std::optional<std::int32_t> second;
    for (const auto& rest : rests) {
      if (!rest.empty()) second = std::min(second.value_or(rest.front().second), rest.front().second);
    }
    if (!second) return;
    std::optional<Histogram> merged;
    for (auto& rest : rests) {
      for (; !rest.empty() && rest.front().second == *second; rest = rest.subspan(1)) {
        auto histogram = state_->histogram_at(rest.front());
        if (!histogram) continue;
        if (merged) {
          merged->merge(*histogram);
        } else {
          merged = std::move(histogram);
        }
      }
    }
    if (merged) visit(*second, *merged);
  }
}

}  // namespace tidegate::record
