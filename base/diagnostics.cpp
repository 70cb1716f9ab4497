#include "base/diagnostics.hpp"

#include <algorithm>
#include <tuple>

namespace tidegate {

std::string Mark::text() const {
  std::string out = file ? *file : "<command line>";
  if (line > 0) {
    out += ':' + std::to_string(line);
    if (column > 0) out += ':' + std::to_string(column);
  }
  return out;
}

std::string Diagnostic::text() const {
  std::string out = mark.text() + ": " + message;
  if (!suggestion.empty()) out += "; did you mean '" + suggestion + "'?";
  return out;
}

void Diagnostics::add(Mark mark, std::string message, std::string suggestion) {
  list_.push_back({std::move(mark), std::move(message), std::move(suggestion)});
}

std::string Diagnostics::text() const {
  std::vector<const Diagnostic*> sorted;
  for (const auto& diagnostic : list_) sorted.push_back(&diagnostic);
  const auto place = [](const Diagnostic* d) {
    return std::tuple(d->mark.file ? std::string_view(*d->mark.file) : std::string_view(), d->mark.line,
                      d->mark.column);
  };
  std::stable_sort(sorted.begin(), sorted.end(), [&](auto* a, auto* b) { return place(a) < place(b); });
  std::string out;
  for (const auto* diagnostic : sorted) {
    if (!out.empty()) out += '\n';
    out += diagnostic->text();
  }
  return out;
}

Error Diagnostics::to_error() const {
  return usage_error(text());
}

}  // namespace tidegate
