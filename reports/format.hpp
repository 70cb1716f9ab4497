#pragma once
// Renderings of a run directory for other programs. One file per format under formats/, listed in format.cpp.

#include <functional>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "record/run.hpp"
#include "record/verdict.hpp"

namespace tidegate::reports {

struct FormatInput {
  const record::RunDirectory& directory;
  const record::RunInfo& info;
  const record::Verdict& verdict;
};

/// Takes the text piece by piece, so that long runs are rendered in little memory. False: stop, the reader is gone.
using Sink = std::function<bool(std::string_view)>;

struct Format {
  std::string_view name;
  std::string_view doc;
  Result<void> (*render)(const FormatInput&, const Sink&);
};

std::span<const Format> formats();
/// Null when there is none of that name.
const Format* find_format(std::string_view name);

// formats/
Result<void> render_json(const FormatInput& input, const Sink& sink);
Result<void> render_junit(const FormatInput& input, const Sink& sink);
Result<void> render_markdown(const FormatInput& input, const Sink& sink);
Result<void> render_openmetrics(const FormatInput& input, const Sink& sink);
Result<void> render_csv(const FormatInput& input, const Sink& sink);
Result<void> render_hdr_log(const FormatInput& input, const Sink& sink);
Result<void> render_otlp(const FormatInput& input, const Sink& sink);

}  // namespace tidegate::reports
