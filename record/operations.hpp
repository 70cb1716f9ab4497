#pragma once
// operations.tgo: the operation history for the audit. Fixed-size records, appended in blocks; never a secret, never a
// body. Format: docs/run-directory.md.

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace tidegate::record {

enum class OperationEvent : std::uint8_t {
  invoke = 0,
  ok = 1,       ///< it happened
  fail = 2,     ///< it did not happen, and the answer's meaning is documented as final
  unknown = 3,  ///< timeout, reset, a 5xx whose meaning is open
  resolved_ok = 4,
  resolved_fail = 5,
  /// A read of a payment's state: `key` holds the state that was seen, `id` the payment's id, `amount` how long the
  /// read took in nanoseconds, `time` when its answer had come.
  read = 6,
};
std::string_view to_string(OperationEvent event);

/// 192 bytes on disk. Texts longer than their field are cut and marked by `truncated`.
struct Operation {
  Nanoseconds time{0};  ///< run clock
  OperationEvent event = OperationEvent::invoke;
  std::uint16_t block = 0;    ///< index of the load block
  std::uint16_t step = 0;     ///< index of the step in its flow
  std::uint16_t attempt = 1;  ///< of this key within this iteration
  std::uint16_t status = 0;   ///< HTTP status of the answer, 0 when none
  bool truncated = false;
  bool repeat = false;             ///< the data row is a deliberate repeat of an earlier one
  std::uint64_t iteration = 0;     ///< with block and step, enough to render the request once more
  std::uint64_t scope = 0;         ///< stable_hash of the scope text
  std::int64_t amount = 0;         ///< minor units
  std::uint64_t touched = 0;       ///< of an invocation: bit i, the i-th fault of the scenario touched the request
  std::uint32_t body = 0;          ///< body_hash of what was sent; 0: nobody said
  std::array<char, 16> kind{};     ///< "payment"
  std::array<char, 4> currency{};  ///< ISO 4217
  std::array<char, 64> key{};
  std::array<char, 48> id{};  ///< the system's id from the answer, when captured as `id`

  void set_kind(std::string_view text);
  void set_currency(std::string_view text);
  void set_key(std::string_view text);
  void set_id(std::string_view text);
  std::string_view kind_text() const;
  std::string_view currency_text() const;
  std::string_view key_text() const;
  std::string_view id_text() const;
};

/// Sees records in their order, in parts that a core's cache holds.
using OperationVisit = std::function<void(std::span<const Operation>)>;

/// What the history keeps of a request's body, to tell whether a key came with another one. Never 0.
std::uint32_t body_hash(std::string_view body) noexcept;

/// Not thread-safe: one writer, handed batches by the runner once a second.
class OperationWriter {
 public:
  static Result<std::unique_ptr<OperationWriter>> create(const std::string& path);
  /// Continues a history, for resolutions after the load.
  static Result<std::unique_ptr<OperationWriter>> append_to(const std::string& path);
  ~OperationWriter();
  Result<void> write(std::span<const Operation> operations);

 private:
  struct State;
  explicit OperationWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct OperationLog {
  std::vector<Operation> operations;
  bool cut_short = false;
};
Result<OperationLog> read_operations(const std::string& path);
/// The same, one by one in constant memory. Returns whether the history was cut short: an incomplete or damaged record
/// ends it.
Result<bool> visit_operations(const std::string& path, const std::function<void(const Operation&)>& visit);
/// Records by their position (from 0) in the file. Opens it at the first call; not thread-safe.
class OperationReader {
 public:
  explicit OperationReader(std::string path) : path_(std::move(path)) {}
  Result<Operation> at(std::uint64_t position);

 private:
  std::string path_;
  FileDescriptor file_;
};

/// A fault touched the request whose invocation stands at that position.
struct TouchedOperation {
  std::uint64_t position = 0;
  std::uint64_t touched = 0;  ///< added to what the record says
};
/// Marks them in the file, each with one write. An error when a record is not whole.
Result<void> mark_touched(const std::string& path, std::span<const TouchedOperation> marks);

}  // namespace tidegate::record
