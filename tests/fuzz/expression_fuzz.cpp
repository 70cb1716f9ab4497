// Goal: whatever the text, parsing an expression, a window of one's own or a scrape's selector ends in a value or in
// mistakes whose places lie inside the text.
// Run: bin/expression_fuzz -max_total_time=60
#include <cstdlib>

#include "gates/expression.hpp"
#include "gates/gate.hpp"
#include "gates/probes/exposition.hpp"
#include "gates/window.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidegate::gates;
  static const GateContext kContext = [] {
    GateContext context;
    context.phases = {{"ramp", 0, 10, true}, {"peak", 10, 30, true}};
    context.groups = {"ledger"};
    tidegate::record::PlannedLoad load;
    load.block = "shoppers";
    load.flows = {{"pay", 1.0}};
    load.steps = {{"pay", {"create_payment", "payment_settled"}}};
    context.load = {load};
    context.poll_metrics = {"payment_settled"};
    return context;
  }();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<SyntaxMistake> mistakes;
  const auto parsed = parse_expression(text, Vocabulary(kContext), mistakes);
  if (parsed.has_value() != mistakes.empty()) std::abort();
  for (const SyntaxMistake& mistake : mistakes) {
    if (mistake.offset > size) std::abort();
  }
  (void)custom_window(text, kContext.phases);
  (void)parse_sample_selector(text);
  return 0;
}
