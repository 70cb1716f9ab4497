#pragma once
// report.html: one page with the run's data inside. It opens from disk, without a network and without a server.

#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"
#include "record/run.hpp"

namespace tidegate::reports {

/// Reads the run directory and writes its report.html, or another file. What is missing or damaged (a run that was
/// killed, a verdict not yet written) is said at the top of the page; an error is returned when run.json cannot be read
/// or the page not written.
Result<void> write_html(const record::RunDirectory& directory);
Result<void> write_html(const record::RunDirectory& directory, const std::string& path);

enum class PageKind {
  offline,  ///< a file: connects to nothing
  live,     ///< served: may listen to where it came from
};

/// The page with this data inside. Nothing in the data can end the element that holds it.
std::string page_with_data(std::string_view page, const json::value& data, PageKind kind = PageKind::offline);

/// The page as built, with a mark where the data goes.
std::string_view page_template();

}  // namespace tidegate::reports
