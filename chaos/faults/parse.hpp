#pragma once
// What the faults' parsers share. The nodes conform to their schemas.

#include <string>

#include "base/schema.hpp"
#include "chaos/fault.hpp"

namespace tidegate::chaos {

inline Nanoseconds duration_or(const yaml::Node& parameters, const char* key, Nanoseconds otherwise) {
  const yaml::Node* node = parameters.find(key);
  return node == nullptr ? otherwise : schema::as_duration(*node);
}

inline std::uint64_t bytes_or(const yaml::Node& parameters, const char* key, std::uint64_t otherwise) {
  const yaml::Node* node = parameters.find(key);
  return node == nullptr ? otherwise : schema::as_bytes(*node);
}

/// A kind on a link whose object is made by `make(parameters, diagnostics, identity)`; the same call checks.
template <typename Make>
void set_link_fault(FaultKind& kind, Make make) {
  kind.target = TargetKind::link;
  kind.check = [make](const yaml::Node& parameters, Diagnostics& diagnostics) {
    make(parameters, diagnostics, FaultIdentity{});
  };
  kind.make_link_fault = [make](const yaml::Node& parameters,
                                const FaultIdentity& identity) -> std::shared_ptr<const LinkFault> {
    Diagnostics checked;
    return make(parameters, checked, identity);
  };
}

/// The same for a kind on HTTP messages.
template <typename Make>
void set_http_fault(FaultKind& kind, Make make) {
  kind.target = TargetKind::link;
  kind.check = [make](const yaml::Node& parameters, Diagnostics& diagnostics) {
    make(parameters, diagnostics, FaultIdentity{});
  };
  kind.make_http_fault = [make](const yaml::Node& parameters,
                                const FaultIdentity& identity) -> std::shared_ptr<const HttpFault> {
    Diagnostics checked;
    return make(parameters, checked, identity);
  };
}

/// `{Name: value}`.
inline http::Headers headers_or_none(const yaml::Node& parameters, const char* key) {
  http::Headers headers;
  if (const auto* node = parameters.find(key)) {
    for (const auto& [name, value] : node->entries()) headers.emplace_back(name.text(), value.text());
  }
  return headers;
}

/// One that always does the same.
class FixedHttpFault final : public HttpFault {
 public:
  explicit FixedHttpFault(HttpEffect effect) : effect_(std::move(effect)) {}
  HttpEffect effect(const MessageKey&) const override { return effect_; }

 private:
  HttpEffect effect_;
};

/// Refuses what would end a header line early.
inline void check_headers(const yaml::Node& parameters, const char* key, Diagnostics& diagnostics) {
  const auto* node = parameters.find(key);
  if (node == nullptr) return;
  for (const auto& [name, value] : node->entries()) {
    const bool bad = name.text().empty() || name.text().find_first_of(":\r\n \t") != std::string::npos ||
                     value.text().find_first_of("\r\n") != std::string::npos;
    if (bad) diagnostics.add(name.mark(), "'" + name.text() + "' is no header name, or its value has a line end");
  }
}

}  // namespace tidegate::chaos
