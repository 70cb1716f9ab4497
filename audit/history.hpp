#pragma once
// The operation history folded by key: what the harness knows about each business action, over all its attempts.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "audit/model.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "record/operations.hpp"

namespace tidegate::audit {

/// One record of the history, as far as the audit looks at it.
struct Attempt {
  Identity key, id;  ///< id: the system's, empty when the answer carried none
  std::uint64_t scope = 0;
  std::uint64_t iteration = 0;
  std::int64_t time_ns = 0;  ///< run clock
  std::int64_t amount = 0;
  std::uint32_t kind = 0;      ///< hash of the operation's kind
  std::uint32_t position = 0;  ///< in operations.tgo, from 0
  std::uint32_t body = 0;      ///< hash of what was sent; 0: not known
  Currency currency = 0;
  std::uint16_t status = 0;
  record::OperationEvent event = record::OperationEvent::invoke;
  std::uint8_t number = 0;  ///< of the attempt within its iteration
};
Attempt attempt_of(const record::Operation& operation, std::uint32_t position);

/// A kind as Attempt holds it.
std::uint32_t kind_of(std::string_view name) noexcept;

enum class Fate : std::uint8_t {
  ok,       ///< some attempt was acknowledged, or a later question found it
  fail,     ///< every attempt was refused with an answer that is final
  unknown,  ///< some attempt's outcome is open and none was acknowledged
};
std::string_view to_string(Fate fate);

/// All attempts of one key within one scope, for one kind of operation.
struct KeyHistory {
  Fate fate = Fate::unknown;
  std::uint32_t kind = 0;
  Identity id;  ///< from the first acknowledgement that carried one
  std::int64_t amount = 0;
  Currency currency = 0;
  std::uint32_t body = 0;          ///< of the first acknowledgement whose body is known
  std::uint32_t attempts = 0;      ///< invocations, repeats included
  std::uint32_t acknowledged = 0;  ///< answers that said ok
  std::int64_t first_ns = 0, last_ns = 0;
  std::int64_t unknown_ns = 0;  ///< when the first open attempt was given up, or sent when it never completed
  std::uint32_t sample = 0;     ///< position of one of its invocations: enough to render the request once more
  bool ids_differ = false;      ///< two acknowledgements carried different ids
  bool bodies_differ = false;   ///< two acknowledged attempts had different bodies, amounts or currencies
  bool contradicted = false;    ///< acknowledged, and refused with a final business answer (402, 422) for the same body
  bool clock_stepped = false;   ///< an answer came before its request was sent
};

/// Folds attempts of one key, scope and kind, in the order of the file. Not for an empty list.
KeyHistory fold(std::span<const Attempt> attempts);

/// Orders by key, scope, kind and position in the file: what fold() and for_each_key() take.
bool in_key_order(const Attempt& a, const Attempt& b) noexcept;
/// Calls visit per (key, scope, kind); the attempts are in key order.
void for_each_key(std::span<const Attempt> attempts, const std::function<void(std::span<const Attempt>)>& visit);

/// Of a read event; an error names a state that nobody knows.
Result<Observation> observation_of(const record::Operation& operation);

}  // namespace tidegate::audit
