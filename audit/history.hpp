#pragma once
// The operation history folded by key: what the harness knows about each business action, over all its attempts.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "record/operations.hpp"

namespace tidegate::audit {

enum class Fate : std::uint8_t {
  ok,       ///< some attempt was acknowledged, or a later question found it
  fail,     ///< every attempt was refused with an answer that is final
  unknown,  ///< some attempt's outcome is open and none was acknowledged
};
std::string_view to_string(Fate fate);

/// (scope hash, key): keys of different scopes have nothing to do with each other.
using KeyId = std::pair<std::uint64_t, std::string>;

struct KeyHistory {
  Fate fate = Fate::unknown;
  std::string kind, id, currency;  ///< id: the system's, empty when no answer carried one
  std::int64_t amount = 0;
  std::uint32_t attempts = 0;      ///< invocations, repeats included
  std::uint32_t acknowledged = 0;  ///< answers that said ok
  Nanoseconds first{0}, last{0};   ///< run clock
  bool ids_differ = false;         ///< two acknowledgements carried different ids
  bool open_attempt = false;       ///< an attempt is unknown or has no completion
  record::Operation sample;        ///< one of its attempts, enough to render it again
};

struct History {
  std::map<KeyId, KeyHistory> keys;
  bool cut_short = false;
};

/// Folds records in any order of keys; attempts of one key in the order of the file.
History fold(const record::OperationLog& log);
Result<History> read_history(const std::string& path);

}  // namespace tidegate::audit
