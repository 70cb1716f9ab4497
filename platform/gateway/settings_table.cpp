#include "platform/gateway/settings_table.hpp"

namespace tidegate::platform {

Result<void> write_setting(Connection& connection, std::string_view name, const json::value& document,
                           std::int64_t at_ms) {
  auto written =
      connection.execute("INSERT OR REPLACE INTO setting VALUES (?, ?, ?)", {name, json::serialize(document), at_ms});
  if (!written) return written.error();
  return {};
}

Result<std::optional<json::value>> read_setting(Connection& connection, std::string_view name) {
  std::optional<std::string> text;
  auto read = connection.query("SELECT document FROM setting WHERE name = ?", {name}, [&](const Row& row) {
    text = row.text(0);
    return false;
  });
  if (!read) return read.error();
  if (!text) return std::optional<json::value>();
  auto document = parse_json(*text);
  if (!document) return document.error();
  return std::optional<json::value>(std::move(*document));
}

}  // namespace tidegate::platform
