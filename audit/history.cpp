#include "audit/history.hpp"

#include <algorithm>
#include <tuple>

#include "base/random.hpp"

namespace tidegate::audit {
namespace {

using record::OperationEvent;

struct Counts {
  std::uint32_t ok = 0, fail = 0, unknown = 0;
  bool resolved_ok = false, resolved_fail = false;
};

bool is_answer_to(const Attempt& completion, const Attempt& invocation) {
  return invocation.event == OperationEvent::invoke && invocation.iteration == completion.iteration &&
         invocation.number == completion.number;
}

// 402 and 422 are answers of the business; 400, 401, 404, 413 and 429 come before a key is looked at.
bool is_business_refusal(const Attempt& attempt) {
  return attempt.event == OperationEvent::fail && (attempt.status == 402 || attempt.status == 422);
}

// As far as both are known: resolutions of a history without body hashes have none.
bool asks_the_same(const KeyHistory& key, const Attempt& attempt) {
  const bool same_body = key.body == 0 || attempt.body == 0 || key.body == attempt.body;
  return same_body && key.amount == attempt.amount && key.currency == attempt.currency;
}

void note_answer(KeyHistory& key, const Attempt& attempt) {
  if (key.acknowledged++ == 0) {
    key.amount = attempt.amount;
    key.currency = attempt.currency;
  }
  if (key.body == 0) key.body = attempt.body;
  key.bodies_differ = key.bodies_differ || !asks_the_same(key, attempt);
  if (attempt.id.empty()) return;
  if (key.id.empty()) key.id = attempt.id;
  key.ids_differ = key.ids_differ || key.id != attempt.id;
}

void add(KeyHistory& key, Counts& counts, const Attempt& attempt) {
  switch (attempt.event) {
    case OperationEvent::invoke:
      ++key.attempts;
      break;
    case OperationEvent::ok:
      ++counts.ok;
      note_answer(key, attempt);
      break;
    case OperationEvent::fail:
      ++counts.fail;
      break;
    case OperationEvent::unknown:
      if (counts.unknown++ == 0) key.unknown_ns = attempt.time_ns;
      break;
    case OperationEvent::resolved_ok:
      counts.resolved_ok = true;
      note_answer(key, attempt);
      break;
    case OperationEvent::resolved_fail:
      counts.resolved_fail = true;
      break;
    case OperationEvent::read:
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

std::uint32_t kind_of(std::string_view name) noexcept {
  return static_cast<std::uint32_t>(stable_hash(name));
}

Attempt attempt_of(const record::Operation& operation, std::uint32_t position) {
  Attempt attempt;
  attempt.key = identity_of(operation.key_text());
  attempt.id = identity_of(operation.id_text());
  attempt.scope = operation.scope;
  attempt.iteration = operation.iteration * 31 + operation.block;
  attempt.time_ns = operation.time.count();
  attempt.amount = operation.amount;
  attempt.kind = kind_of(operation.kind_text());
  attempt.position = position;
  attempt.body = operation.body;
  attempt.currency = pack_currency(operation.currency_text());
  attempt.status = operation.status;
  attempt.event = operation.event;
  attempt.number = static_cast<std::uint8_t>(operation.attempt);
  return attempt;
}

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

KeyHistory fold(std::span<const Attempt> attempts) {
  KeyHistory key;
  Counts counts;
  const Attempt& head = attempts.front();
  key.kind = head.kind;
  key.amount = head.amount;
  key.currency = head.currency;
  key.first_ns = key.last_ns = head.time_ns;
  key.sample = head.position;
  const Attempt* sent = nullptr;
  for (const Attempt& attempt : attempts) {
    key.first_ns = std::min(key.first_ns, attempt.time_ns);
    key.last_ns = std::max(key.last_ns, attempt.time_ns);
    if (attempt.event == OperationEvent::invoke) {
      sent = &attempt;
    } else if (sent != nullptr && is_answer_to(attempt, *sent)) {
      key.clock_stepped = key.clock_stepped || attempt.time_ns < sent->time_ns;
    }
    add(key, counts, attempt);
  }
  const bool unanswered = key.attempts > counts.ok + counts.fail + counts.unknown;
  if (unanswered && counts.unknown == 0) key.unknown_ns = key.last_ns;
  key.fate = fate_of(counts, counts.unknown > 0 || unanswered);
  // Refusing another body under the key is what the system should do.
  key.contradicted = key.acknowledged > 0 && std::ranges::any_of(attempts, [&key](const Attempt& attempt) {
                       return is_business_refusal(attempt) && asks_the_same(key, attempt);
                     });
  return key;
}

bool in_key_order(const Attempt& a, const Attempt& b) noexcept {
  return std::tie(a.key, a.scope, a.kind, a.position) < std::tie(b.key, b.scope, b.kind, b.position);
}

void for_each_key(std::span<const Attempt> attempts, const std::function<void(std::span<const Attempt>)>& visit) {
  while (!attempts.empty()) {
    const Attempt& head = attempts.front();
    std::size_t count = 1;
    while (count < attempts.size() && attempts[count].key == head.key && attempts[count].scope == head.scope &&
           attempts[count].kind == head.kind) {
      ++count;
    }
    visit(attempts.first(count));
    attempts = attempts.subspan(count);
  }
}

Result<Observation> observation_of(const record::Operation& operation) {
  const auto state = state_from(operation.key_text());
  if (!state) return protocol_error("a read saw the unknown state '" + std::string(operation.key_text()) + "'");
  Observation seen;
  seen.payment = identity_of(operation.id_text());
  seen.seen_ns = operation.time.count();
  seen.sent_ns = seen.seen_ns - operation.amount;
  seen.state = *state;
  return seen;
}

}  // namespace tidegate::audit
