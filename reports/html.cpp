#include "reports/html.hpp"

#include "base/assert.hpp"
#include "base/file.hpp"
#include "record/compact_json.hpp"
#include "reports/page_data.hpp"

namespace tidegate::reports {
namespace {

constexpr std::string_view kDataMark = "@@TIDEGATE_DATA@@";
constexpr std::string_view kConnectMark = "@@CONNECT@@";

/// No `<` reaches the page from the data, so nothing in it can close the element or open a comment.
std::string escaped_for_script(const std::string& json_text) {
  std::string out;
  out.reserve(json_text.size());
  for (const char c : json_text) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string page_with_data(std::string_view page, const json::value& data, PageKind kind) {
  const std::size_t connect = page.find(kConnectMark);
  const std::size_t mark = page.find(kDataMark);
  TIDEGATE_ASSERT(connect < mark && mark != std::string_view::npos);
  std::string out(page.substr(0, connect));
  out += kind == PageKind::live ? "'self'" : "'none'";
  const std::size_t rest = connect + kConnectMark.size();
  out += page.substr(rest, mark - rest);
  out += escaped_for_script(record::compact_json(data));
  out += page.substr(mark + kDataMark.size());
  return out;
}

Result<void> write_html(const record::RunDirectory& directory) {
  return write_html(directory, directory.report());
}

Result<void> write_html(const record::RunDirectory& directory, const std::string& path) {
  auto data = page_data(directory);
  if (!data) return data.error();
  return write_file_atomically(path, page_with_data(page_template(), std::move(*data)));
}

}  // namespace tidegate::reports
