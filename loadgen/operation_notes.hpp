#pragma once
// How a load loop writes the operation history down. A record is 192 bytes, and its invocation and its completion share
// nearly all of them: a note holds only what is new. Notes are read on another core, so they leave this one's caches,
// which hold what sending a request needs, as they are: full blocks are written around them.

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "loadgen/compiled.hpp"
#include "record/operations.hpp"

namespace tidegate::loadgen {

/// What stays the same over all attempts of one operation.
struct OperationDescription {
  const OperationMark* mark = nullptr;  ///< outlives the notes
  std::uint16_t block = 0, step = 0;
  bool repeat = false;
  std::uint64_t iteration = 0;
  std::uint64_t scope = 0;
  std::int64_t amount = 0;
  std::string_view key, currency;
};

/// Notes of one loop in the order of its events, on their way from the pen to the reading.
class OperationNotes {
 public:
  static constexpr std::size_t kBlock = 4096;
  /// Memory stays for the next ones.
  void clear() noexcept { blocks_ = 0; }

 private:
  friend class OperationPen;
  friend class OperationReading;
  struct alignas(64) Chunk {
    std::array<char, 16 * kBlock> bytes;
  };
  static constexpr std::size_t kBlocksPerChunk = sizeof(Chunk) / kBlock;
  char* next_block();
  std::string_view block(std::size_t i) const;
  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::size_t blocks_ = 0;
};

/// The loop's side. Not thread-safe.
class OperationPen {
 public:
  /// `player` numbers the virtual user, from 0; what it does next belongs to this operation.
  void describe(std::uint32_t player, const OperationDescription& description);
  /// `body`: record::body_hash of what is sent.
  void invoke(std::uint32_t player, Nanoseconds time, std::uint16_t attempt, std::uint32_t body);
  /// `id`: empty, or the system's id from the answer.
  void complete(std::uint32_t player, Nanoseconds time, record::OperationEvent event, std::uint16_t status,
                std::string_view id);
  /// A record that belongs to no description.
  void add(const record::Operation& operation);
  /// What was written so far, for something empty.
  OperationNotes exchange(OperationNotes empty);

 private:
  template <typename Note>
  void write(const Note& note, std::string_view text = {});
  void end_block();
  alignas(16) std::array<char, OperationNotes::kBlock> block_{};
  std::size_t used_ = 0;
  OperationNotes notes_;
};

/// Notes of one loop back to records. What earlier notes described is remembered.
class OperationReading {
 public:
  void read(const OperationNotes& notes, const record::OperationVisit& visit);

 private:
  void read_block(std::string_view bytes);
  record::Operation& of(std::uint32_t player);
  std::vector<record::Operation> described_;  // by player
  std::vector<record::Operation> part_;
};

}  // namespace tidegate::loadgen
