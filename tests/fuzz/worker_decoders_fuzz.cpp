// Goal: whatever another service, a provider or a client sends, what the workers accept keeps its promises and is
// written again as it was read: event envelopes, rows of settlement statements, rates, cards.
// Run: bin/worker_decoders_fuzz -max_total_time=60
#include <cstdint>
#include <cstdlib>

#include "base/json.hpp"
#include "platform/events/envelope.hpp"
#include "platform/reconciliation/rows.hpp"
#include "platform/vault/card.hpp"

namespace {

using namespace tidegate;
using namespace tidegate::platform;

void check(bool holds) {
  if (!holds) std::abort();
}

void check_envelope(std::string_view text) {
  const auto event = Envelope::decode(text);
  if (!event) return check(!event.error().message.empty());
  const auto again = Envelope::decode(event->encode());
  check(again.ok() && again->encode() == event->encode());
  check(event->sequence >= 1 && event->stream.partition >= 0 && event->stream.partition < kPartitions);
}

void check_row(std::string_view text) {
  for (const Side side : {Side::ours, Side::statement}) {
    const auto row = parse_row(side, text);
    if (!row) continue;
    std::string record;
    append_record(record, *row);
    std::string_view bytes = record;
    SettlementRow again;
    check(take_record(bytes, again) && bytes.empty());
    check(again.reference == row->reference && again.amount == row->amount && again.at_ms == row->at_ms);
  }
}

void check_card(std::string_view text) {
  const auto body = parse_json(text);
  if (!body || !body->is_object()) return;
  const auto card = CardDetails::from_request(body->as_object());
  if (card) check(luhn_valid(card->number) && card->number.size() >= 12 && card->number.size() <= 19);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_envelope(text);
  check_row(text);
  check_card(text);
  return 0;
}
