// Goal: whatever an export or a history holds, reading it ends in a record or in a reason; a line that two readers take
// means the same to both.
// Method: the first byte says which reader gets the rest: a line of an export, a record of operations.tgo, an item that
// is mapped, or a whole file of compressed lines. Run: bin/audit_fuzz -max_total_time=60
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "audit/history.hpp"
#include "audit/line_parser.hpp"
#include "audit/mapping.hpp"
#include "base/json.hpp"
#include "record/operation_codec.hpp"
#include "record/truth.hpp"

namespace {

using namespace tidegate;
using audit::Member;

void parse_line(std::string_view line) {
  std::string padded(line);
  padded.append(record::kLinePadding, ' ');
  std::array<Member, 3> members{{{"id", Member::Type::identifier},
                                 {"amount", Member::Type::integer},
                                 {"status", Member::Type::text, Member::Need::optional}}};
  static audit::LineParser parser;
  if (!parser.parse({padded.data(), line.size()}, members)) return;
  const auto value = parse_json(line);
  if (!value) return;  // the line parser passes over members that nobody asked for, whatever is in them
  if (integer_member(value->as_object(), "amount") != std::optional(members[1].number)) {
    std::fprintf(stderr, "read %lld\n", static_cast<long long>(members[1].number));
    std::abort();
  }
}

void decode_operation(std::string_view bytes) {
  using record::operation_codec::kRecordSize;
  for (; bytes.size() >= kRecordSize; bytes.remove_prefix(kRecordSize)) {
    record::Operation operation;
    if (!record::operation_codec::decode(bytes.substr(0, kRecordSize), operation)) continue;
    (void)audit::attempt_of(operation, 0);
    (void)audit::observation_of(operation);
  }
}

void map_item(std::string_view item) {
  audit::Mapping mapping;
  for (const char* member : {"id", "amount", "status", "scope"}) {
    mapping.members[member] = *audit::Pick::parse(std::string("$.") + member);
  }
  mapping.amount_factor = 100;
  const auto line = audit::apply_mapping(mapping, item);
  if (line && !parse_json(*line)) std::abort();
}

void read_file(std::string_view bytes) {
  static const std::string path = "/tmp/audit-fuzz-" + std::to_string(::getpid());
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  (void)record::read_truth(path, [](std::string_view line) { return line.size() < (1U << 20); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      parse_line(rest);
      break;
    case 1:
      decode_operation(rest);
      break;
    case 2:
      map_item(rest);
      break;
    default:
      read_file(rest);
      break;
  }
  return 0;
}
