#include "audit/history.hpp"

#include <algorithm>

namespace tidegate::audit {
namespace {

using record::Operation;
using record::OperationEvent;

struct Counts {
  std::uint32_t invoked = 0, ok = 0, fail = 0, unknown = 0;
  bool resolved_ok = false, resolved_fail = false;
};

void note_answer(KeyHistory& key, const Operation& operation) {
  ++key.acknowledged;
  const std::string id(operation.id_text());
  if (id.empty()) return;
  if (key.id.empty()) key.id = id;
  key.ids_differ = key.ids_differ || key.id != id;
}

void add(KeyHistory& key, Counts& counts, const Operation& operation) {
  switch (operation.event) {
    case OperationEvent::invoke:
      ++counts.invoked;
      break;
    case OperationEvent::ok:
      ++counts.ok;
      note_answer(key, operation);
      break;
    case OperationEvent::fail:
      ++counts.fail;
      break;
    case OperationEvent::unknown:
      ++counts.unknown;
      break;
    case OperationEvent::resolved_ok:
      counts.resolved_ok = true;
      note_answer(key, operation);
      break;
    case OperationEvent::resolved_fail:
      counts.resolved_fail = true;
      break;
  }
}

// One acknowledgement settles a key: the answer to a key is stored, so all its attempts mean the same thing. A refusal
// settles it only when no other attempt is open.
Fate fate_of(const Counts& counts, bool open) {
  if (counts.ok > 0 || counts.resolved_ok) return Fate::ok;
  if (counts.resolved_fail || !open) return Fate::fail;
  return Fate::unknown;
}

}  // namespace

std::string_view to_string(Fate fate) {
  switch (fate) {
    case Fate::ok:
      return "ok";
    case Fate::fail:
      return "fail";
    case Fate::unknown:
      return "unknown";
  }
  return "";
}

History fold(const record::OperationLog& log) {
  History history;
  history.cut_short = log.cut_short;
  std::map<const KeyHistory*, Counts> all_counts;
  for (const Operation& operation : log.operations) {
    const KeyId id{operation.scope, std::string(operation.key_text())};
    auto [entry, fresh] = history.keys.try_emplace(id);
    KeyHistory& key = entry->second;
    if (fresh) {
      key.kind = operation.kind_text();
      key.currency = operation.currency_text();
      key.amount = operation.amount;
      key.first = operation.time;
      key.sample = operation;
    }
    key.last = std::max(key.last, operation.time);
    add(key, all_counts[&key], operation);
  }
  for (auto& [id, key] : history.keys) {
    const Counts& counts = all_counts[&key];
    key.attempts = counts.invoked;
    key.open_attempt = counts.unknown > 0 || counts.invoked > counts.ok + counts.fail + counts.unknown;
    key.fate = fate_of(counts, key.open_attempt);
  }
  return history;
}

Result<History> read_history(const std::string& path) {
  auto log = record::read_operations(path);
  if (!log) return log.error();
  return fold(*log);
}

}  // namespace tidegate::audit
