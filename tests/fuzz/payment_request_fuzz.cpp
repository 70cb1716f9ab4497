// Goal: whatever a client sends as the body of a keyed request, what is accepted keeps the promises of
// payment_request.hpp, and a stored answer is read back as it was written or not at all.
// Run: bin/payment_request_fuzz -max_total_time=60
#include <cstdint>
#include <cstdlib>

#include "platform/gateway/payment_request.hpp"
#include "platform/gateway/stored_answer.hpp"
#include "platform/money/money.hpp"

namespace {

using namespace tidegate::platform;

void check(bool holds) {
  if (!holds) std::abort();
}

void check_payment(std::string_view body) {
  const auto request = parse_payment_request(body);
  if (!request) return check(!request.error().message.empty());
  check(request->amount >= 1 && request->amount <= kLargestAmount);
  check(currency_exponent(request->currency).has_value());
  check(!request->card.empty() && request->card.size() <= 64);
  for (const char c : request->card) check(c > 0x20 && c < 0x7f);
}

void check_operations(std::string_view body) {
  for (const auto kind : {OperationKind::capture, OperationKind::refund, OperationKind::cancel}) {
    const auto request = parse_operation_request(body, kind);
    if (!request) continue;
    check(!request->amount || (*request->amount >= 1 && *request->amount <= kLargestAmount));
    check(kind == OperationKind::capture || !request->final);
    check(kind != OperationKind::cancel || !request->amount);
  }
}

void check_answer(std::string_view text) {
  const auto answer = decode_answer(text);
  if (!answer) return;
  const auto again = decode_answer(encode_answer(*answer));
  check(again && again->fingerprint == answer->fingerprint && again->response.body == answer->response.body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_payment(text);
  check_operations(text);
  check_answer(text);
  (void)is_idempotency_key(text);
  return 0;
}
