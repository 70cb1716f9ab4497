#include "platform/bank/settlement.hpp"

#include "platform/bank/charges.hpp"
#include "platform/service/pages.hpp"
#include "platform/service/problem.hpp"
#include "platform/service/wall_clock.hpp"
#include "platform/worker/caller.hpp"

namespace tidegate::platform {
namespace {

void append_row(std::string& csv, const Charge& charge, const Behaviour& behaviour) {
  if (charge.status != "approved") return;
  if (falls_under("statement-missing", charge.reference, behaviour.statement_missing_share)) return;
  const bool wrong = falls_under("statement-mismatch", charge.reference, behaviour.statement_mismatch_share);
  const bool twice = falls_under("statement-duplicate", charge.reference, behaviour.statement_duplicate_share);
  for (int copy = 0; copy < (twice ? 2 : 1); ++copy) {
    csv.append(std::to_string(charge.sequence)).append(1, ',').append(charge.reference).append(1, ',');
    csv.append(std::to_string(charge.amount + (wrong ? 1 : 0))).append(1, ',').append(charge.currency).append(1, ',');
    csv.append(std::to_string(charge.at_ms)).append(1, '\n');
  }
}

http::Response serve(const http::Request& request, Connection& reader, const Behaviours& behaviours) {
  const auto page = parse_page(request);
  if (!page) return problem(400, page.error().message);
  const auto newest = last_sequence(reader);
  if (!newest) return problem(503, "The bank's record cannot be read at the moment.");
  const auto charges = read_statement(reader, page->after, page->as_of.value_or(*newest), page->limit);
  if (!charges) return problem(503, "The bank's record cannot be read at the moment.");
  http::Response response;
  response.content_type = "text/csv";
  response.body = "sequence,reference,amount,currency,at_ms\n";
  const std::int64_t until_ms = wall_now_ms() - behaviours.general().statement_late_ms;
  std::int64_t last = page->after;
  bool late = false;
  for (const Charge& charge : *charges) {
    late = charge.at_ms > until_ms;
    if (late) break;
    append_row(response.body, charge, behaviours.of(charge.acquirer));
    last = charge.sequence;
  }
  const bool more = !late && static_cast<std::int64_t>(charges->size()) == page->limit;
  if (more) response.headers.emplace_back("Next-After", std::to_string(last));
  return response;
}

}  // namespace

void add_settlement_statement(ServiceRuntime& runtime, Connection& reader, const Behaviours& behaviours) {
  runtime.router().add_immediate(
      "GET", "/v1/settlement-statement",
      runtime.operator_only(ImmediateHandler([&reader, &behaviours](const http::Request& request, std::string_view) {
        return serve(request, reader, behaviours);
      })));
}

}  // namespace tidegate::platform
