#include "loadgen/pattern.hpp"

#include <re2/re2.h>

namespace tidegate::loadgen {

struct Pattern::Compiled {
  explicit Compiled(const std::string& text, const RE2::Options& options) : expression(text, options) {}
  RE2 expression;
};

Pattern::Pattern(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
Pattern::~Pattern() = default;

Result<std::shared_ptr<const Pattern>> Pattern::compile(const std::string& text) {
  RE2::Options options(RE2::Quiet);
  options.set_encoding(RE2::Options::EncodingLatin1);  // answers are bytes
  auto compiled = std::make_unique<Compiled>(text, options);
  if (!compiled->expression.ok()) {
    return usage_error("'" + text + "' is not a regular expression: " + compiled->expression.error());
  }
  return std::shared_ptr<const Pattern>(new Pattern(std::move(compiled)));
}

bool Pattern::found_in(std::string_view text) const {
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), compiled_->expression);
}

std::optional<std::string_view> Pattern::first_group(std::string_view text) const {
  const re2::StringPiece whole(text.data(), text.size());
  re2::StringPiece found[2];
  const int wanted = compiled_->expression.NumberOfCapturingGroups() > 0 ? 2 : 1;
  if (!compiled_->expression.Match(whole, 0, whole.size(), RE2::UNANCHORED, found, wanted)) return std::nullopt;
  const re2::StringPiece& group = found[wanted - 1];
  if (group.data() == nullptr) return std::nullopt;  // a group that took no part in the match
  return std::string_view(group.data(), group.size());
}

}  // namespace tidegate::loadgen
