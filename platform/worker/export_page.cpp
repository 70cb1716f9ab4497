#include "platform/worker/export_page.hpp"

namespace tidegate::platform {
namespace {

http::Response serve_page(const http::Request& request, Connection& reader, const LastSequence& last_sequence,
                          const ReadItems& read) {
  const auto page = parse_page(request);
  if (!page) return problem(400, page.error().message);
  const auto end = last_sequence(reader);
  if (!end) return problem(503, "The store cannot be read at the moment.");
  const std::int64_t as_of = page->as_of.value_or(*end);
  std::int64_t last = as_of;
  auto items = read(reader, page->after, as_of, page->limit, last);
  if (!items) return problem(503, "The store cannot be read at the moment.");
  std::optional<std::int64_t> next;
  if (!items->empty() && last < as_of) next = last;
  return json_response(200, make_page(std::move(*items), next, as_of));
}

}  // namespace

void add_export(ServiceRuntime& runtime, Connection& reader, const std::string& path, LastSequence last,
                ReadItems read) {
  runtime.router().add_immediate(
      "GET", path,
      runtime.operator_only(ImmediateHandler(
          [&reader, last = std::move(last), read = std::move(read)](const http::Request& request, std::string_view) {
            return serve_page(request, reader, last, read);
          })));
}

Result<std::int64_t> last_sequence_of(Connection& reader, std::string_view query) {
  std::int64_t last = 0;
  auto read = reader.query(query, {}, [&](const Row& row) {
    last = row.integer(0);
    return false;
  });
  if (!read) return read.error();
  return last;
}

}  // namespace tidegate::platform
