// Goal: whatever an answer holds, JSON paths, regular expressions, cookies and WebSocket frames end in a value or in
// none; frames give the same messages however they are split.
// Run: bin/answer_fuzz -max_total_time=60 CORPUS
#include <cstdlib>
#include <vector>

#include "loadgen/cookies.hpp"
#include "loadgen/json_path.hpp"
#include "loadgen/ndjson.hpp"
#include "loadgen/outgoing.hpp"
#include "loadgen/transports/websocket_frames.hpp"

namespace {

using namespace tidegate::loadgen;

std::vector<std::string> messages(std::string_view bytes, std::size_t piece) {
  WebSocketDecoder decoder(1000);
  std::vector<std::string> out;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    decoder.feed(bytes.substr(at, piece));
    for (;;) {
      const auto event = decoder.next();
      if (event == WebSocketDecoder::Event::need_more) break;
      out.push_back(std::to_string(static_cast<int>(event)) +
                    (event == WebSocketDecoder::Event::failed ? std::string() : decoder.payload()));
      if (event == WebSocketDecoder::Event::failed || event == WebSocketDecoder::Event::closed) return out;
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // The path, a line break, the document.
  const std::size_t line = std::min(text.find('\n'), text.size());
  const std::string_view document = text.substr(std::min(line + 1, text.size()));
  if (const auto path = JsonPath::parse(text.substr(0, line)); path.ok()) {
    if (const auto found = path->find(document)) {
      std::string value;
      found->append_text(value);
    }
  }
  std::vector<std::string> columns;
  if (ndjson_columns(document, columns).ok()) {
    const NdjsonReader reader(columns);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      std::string cell;
      // Whoever found the column must find it again.
      if (check_ndjson_row(document).ok() && !reader.append_cell(document, i, Escape::json_value, cell)) std::abort();
    }
  }
  CookieJar jar;
  jar.store(text, "/a/b?c");
  std::string cookies;
  jar.append("/a/b", true, cookies);
  (void)local_target(text, "/a/b", Origin{"http", "h", "80", "", "h:80"});
  if (messages(text, 1) != messages(text, text.empty() ? 1 : text.size())) std::abort();
  return 0;
}
