#include "audit/exports.hpp"

#include <thread>

#include "base/http/client.hpp"
#include "record/truth.hpp"

namespace tidegate::audit {
namespace {

constexpr int kTries = 3;
constexpr int kPageSize = 1000;
constexpr auto kRequestTimeout = std::chrono::seconds(10);

// Cursors are numbers or texts; either way they go back as they came.
std::string cursor_text(const json::value* value) {
  if (value == nullptr || value->is_null()) return {};
  return value->is_string() ? std::string(value->as_string()) : json::serialize(*value);
}

Result<json::object> read_page(const std::string& url, const std::string& token, Nanoseconds deadline) {
  Error last = timeout_error(url + ": the time for reading exports is over");
  for (int attempt = 1; attempt <= kTries && monotonic_now() < deadline; ++attempt) {
    http::ClientRequest request;
    if (!token.empty()) request.headers.emplace_back("Authorization", "Bearer " + token);
    const auto answer = http::fetch(url, request, kRequestTimeout);
    if (answer && answer->status == 200) {
      auto value = parse_json(answer->body);
      if (value && value->is_object() && value->as_object().contains("items") &&
          value->as_object().at("items").is_array()) {
        return std::move(value->as_object());
      }
      return protocol_error(url + ": the page is not an object with a list 'items'");
    }
    last = answer ? protocol_error(url + ": status " + std::to_string(answer->status)) : answer.error();
    std::this_thread::sleep_for(std::chrono::milliseconds(100 * attempt));
  }
  return last;
}

bool is_transient(std::string_view status) {
  return status == "processing" || status.ends_with("_pending");
}

}  // namespace

Result<void> read_export(const std::string& url, const std::string& token, Nanoseconds limit,
                         const std::function<Result<void>(const json::object&)>& visit) {
  const Nanoseconds deadline = monotonic_now() + limit;
  std::string after, as_of;
  for (;;) {
    std::string page_url = url + "?limit=" + std::to_string(kPageSize);
    if (!after.empty()) page_url += "&after=" + http::percent_encode(after);
    if (!as_of.empty()) page_url += "&as_of=" + http::percent_encode(as_of);
    auto page = read_page(page_url, token, deadline);
    if (!page) return page.error();
    const json::array& items = page->at("items").as_array();
    for (const json::value& item : items) {
      if (!item.is_object()) return protocol_error(page_url + ": an item is not an object");
      if (auto visited = visit(item.as_object()); !visited) return visited;
    }
    if (as_of.empty()) as_of = cursor_text(page->if_contains("as_of"));
    const std::string next = cursor_text(page->if_contains("next"));
    if (next.empty() || items.empty()) return {};
    if (next == after) return protocol_error(page_url + ": the cursor does not move");
    after = next;
  }
}

Result<std::uint64_t> count_open_payments(const System& system, Nanoseconds limit) {
  const auto found = system.exports.find("payments");
  if (found == system.exports.end()) return 0;
  std::uint64_t open = 0;
  auto read = read_export(found->second, system.token, limit, [&open](const json::object& payment) -> Result<void> {
    if (is_transient(string_member(payment, "status").value_or(""))) ++open;
    return {};
  });
  if (!read) return read.error();
  return open;
}

namespace {

Result<void> fetch_one(const record::RunDirectory& directory, const std::string& name, const std::string& url,
                       const std::string& token, Nanoseconds limit) {
  auto writer = record::TruthWriter::create(directory.truth(name + ".ndjson.gz"));
  if (!writer) return writer.error();
  auto read = read_export(url, token, limit,
                          [&writer](const json::object& item) { return (*writer)->write_line(json::serialize(item)); });
  if (!read) return read;
  return (*writer)->close();
}

}  // namespace

// A system that did not drain goes on between one export and the next. So payments are read first (whatever they say
// was charged and posted must then be found) and once more last (whatever the bank charged must then be explained).
Result<void> fetch_truth(const record::RunDirectory& directory, const System& system, Nanoseconds limit) {
  const Nanoseconds deadline = monotonic_now() + limit;
  std::vector<std::pair<std::string, std::string>> order;  // file and export
  const bool payments = system.exports.contains("payments");
  if (payments) order.emplace_back("payments", "payments");
  for (const auto& [name, url] : system.exports) {
    if (name != "payments") order.emplace_back(name, name);
  }
  if (payments) order.emplace_back("payments-after", "payments");
  for (const auto& [file, name] : order) {
    auto fetched = fetch_one(directory, file, system.exports.at(name), system.token, deadline - monotonic_now());
    if (!fetched) return fetched;
  }
  return {};
}

}  // namespace tidegate::audit
