#include "loadgen/operation_notes.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/assert.hpp"

namespace tidegate::loadgen {
namespace {

enum class Kind : std::uint8_t { end_of_block, description, invocation, completion, record };

// In memory only, so the layout is the compiler's.
struct Described {
  Kind kind = Kind::description;
  bool repeat;
  bool cut;  // the currency was
  std::uint8_t key_size;
  std::uint32_t player;
  const OperationMark* mark;
  std::uint64_t iteration, scope;
  std::int64_t amount;
  std::uint16_t block, step;
  std::array<char, 4> currency;
};

struct Invoked {
  Kind kind = Kind::invocation;
  std::uint16_t attempt;
  std::uint32_t player;
  std::uint32_t body;
  Nanoseconds time;
};

struct Completed {
  Kind kind = Kind::completion;
  record::OperationEvent event;
  std::uint8_t id_size;
  std::uint16_t status;
  std::uint32_t player;
  Nanoseconds time;
};

struct Whole {
  Kind kind = Kind::record;
  record::Operation operation;
};

/// One character more than the field holds, so that the reader sees that the text was cut.
template <std::size_t size>
std::string_view enough_of(std::string_view text, const std::array<char, size>&) {
  static_assert(size < 255);
  return text.substr(0, size + 1);
}

/// Copies a block past the caches: it would push out what the loop needs, and its lines, read by another core last,
/// would have to be fetched before they were overwritten.
void copy_around_caches(char* to, const char* from) {
#if defined(__SSE2__)
  for (std::size_t at = 0; at < OperationNotes::kBlock; at += sizeof(__m128i)) {
    _mm_stream_si128(reinterpret_cast<__m128i*>(to + at), _mm_load_si128(reinterpret_cast<const __m128i*>(from + at)));
  }
  _mm_sfence();
#else
  std::memcpy(to, from, OperationNotes::kBlock);
#endif
}

/// Takes notes off the front of a block.
class Front {
 public:
  explicit Front(std::string_view bytes) : rest_(bytes) {}
  Kind kind() const { return rest_.empty() ? Kind::end_of_block : static_cast<Kind>(rest_.front()); }
  template <typename Note>
  Note take() {
    Note note;
    std::memcpy(&note, text(sizeof note).data(), sizeof note);
    return note;
  }
  std::string_view text(std::size_t size) {
    TIDEGATE_ASSERT(size <= rest_.size());
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

 private:
  std::string_view rest_;
};

}  // namespace

char* OperationNotes::next_block() {
  if (blocks_ == chunks_.size() * kBlocksPerChunk) chunks_.push_back(std::make_unique_for_overwrite<Chunk>());
  const std::size_t place = blocks_++;
  return chunks_[place / kBlocksPerChunk]->bytes.data() + place % kBlocksPerChunk * kBlock;
}

std::string_view OperationNotes::block(std::size_t i) const {
  return {chunks_[i / kBlocksPerChunk]->bytes.data() + i % kBlocksPerChunk * kBlock, kBlock};
}

template <typename Note>
void OperationPen::write(const Note& note, std::string_view text) {
  static_assert(std::is_trivially_copyable_v<Note>);
  if (used_ + sizeof note + text.size() > block_.size()) end_block();
  std::memcpy(block_.data() + used_, &note, sizeof note);
  used_ += sizeof note;
  std::copy(text.begin(), text.end(), block_.data() + used_);
  used_ += text.size();
}

void OperationPen::end_block() {
  if (used_ == 0) return;
  if (used_ < block_.size()) block_[used_] = static_cast<char>(Kind::end_of_block);
  copy_around_caches(notes_.next_block(), block_.data());
  used_ = 0;
}

OperationNotes OperationPen::exchange(OperationNotes empty) {
  end_block();
  return std::exchange(notes_, std::move(empty));
}

void OperationPen::describe(std::uint32_t player, const OperationDescription& description) {
  const std::string_view key = enough_of(description.key, record::Operation{}.key);
  Described note;
  note.repeat = description.repeat;
  note.cut = description.currency.size() > note.currency.size();
  note.key_size = static_cast<std::uint8_t>(key.size());
  note.player = player;
  note.mark = description.mark;
  note.iteration = description.iteration;
  note.scope = description.scope;
  note.amount = description.amount;
  note.block = description.block;
  note.step = description.step;
  note.currency = {};
  std::copy_n(description.currency.begin(), std::min(description.currency.size(), note.currency.size()),
              note.currency.begin());
  write(note, key);
}

void OperationPen::invoke(std::uint32_t player, Nanoseconds time, std::uint16_t attempt, std::uint32_t body) {
  write(Invoked{.attempt = attempt, .player = player, .body = body, .time = time});
}

void OperationPen::complete(std::uint32_t player, Nanoseconds time, record::OperationEvent event, std::uint16_t status,
                            std::string_view id) {
  id = enough_of(id, record::Operation{}.id);
  const auto id_size = static_cast<std::uint8_t>(id.size());
  write(Completed{.event = event, .id_size = id_size, .status = status, .player = player, .time = time}, id);
}

void OperationPen::add(const record::Operation& operation) {
  write(Whole{.operation = operation});
}

void OperationReading::read(const OperationNotes& notes, const record::OperationVisit& visit) {
  constexpr std::size_t kPart = 512;
  const auto hand_over = [&] {
    if (!part_.empty()) visit(part_);
    part_.clear();
  };
  for (std::size_t i = 0; i < notes.blocks_; ++i) {
    read_block(notes.block(i));
    if (part_.size() >= kPart) hand_over();
  }
  hand_over();
}

void OperationReading::read_block(std::string_view bytes) {
  for (Front front(bytes);;) {
    switch (front.kind()) {
      case Kind::end_of_block:
        return;
      case Kind::description: {
        const auto note = front.take<Described>();
        record::Operation& operation = of(note.player);
        operation = note.mark->same;
        operation.block = note.block;
        operation.step = note.step;
        operation.repeat = note.repeat;
        operation.truncated = operation.truncated || note.cut;
        operation.iteration = note.iteration;
        operation.scope = note.scope;
        operation.amount = note.amount;
        operation.currency = note.currency;
        operation.set_key(front.text(note.key_size));
        break;
      }
      case Kind::invocation: {
        const auto note = front.take<Invoked>();
        record::Operation& operation = of(note.player);
        operation.attempt = note.attempt;
        operation.body = note.body;
        part_.push_back(operation);
        part_.back().time = note.time;
        break;
      }
      case Kind::completion: {
        const auto note = front.take<Completed>();
        record::Operation& completion = part_.emplace_back(of(note.player));
        completion.time = note.time;
        completion.event = note.event;
        completion.status = note.status;
        if (note.id_size > 0) completion.set_id(front.text(note.id_size));
        break;
      }
      case Kind::record:
        part_.push_back(front.take<Whole>().operation);
        break;
    }
  }
}

record::Operation& OperationReading::of(std::uint32_t player) {
  if (player >= described_.size()) described_.resize(player + 1);
  return described_[player];
}

}  // namespace tidegate::loadgen
