// Goal: whatever others answer or write (a scrape, JSON, a Prometheus server, an OpenSLO file), reading it ends in a
// value or in one error; an OpenSLO file that was read is written as one that reads back to the same. Run:
// bin/foreign_fuzz -max_total_time=60
#include <cstdlib>

#include "gates/budget/openslo.hpp"
#include "gates/probes/exposition.hpp"
#include "gates/probes/signal_source.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidegate;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      (void)gates::parse_exposition(text);
      break;
    case 1:
      (void)gates::number_at(text, "$.a[0].b");
      (void)gates::number_at(R"({"a": [{"b": 1}]})", text);
      break;
    case 2:
      (void)gates::promql_number(text);
      break;
    default: {
      Diagnostics first, second;
      const auto slos = gates::parse_openslo(text, "fuzz.yaml", first);
      const std::string written = gates::write_openslo(slos);
      const auto again = gates::parse_openslo(written, "written.yaml", second);
      if (!second.empty() || again.size() != slos.size()) std::abort();
      if (gates::write_openslo(again) != written) std::abort();
    }
  }
  return 0;
}
