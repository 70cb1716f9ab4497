#pragma once
// The scenario's `audit:` section: terms, how unknown outcomes are resolved, the webhook sink, and another system's
// exports mapped to the model's.

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "audit/mapping.hpp"
#include "audit/terms.hpp"
#include "audit/webhook_sink.hpp"
#include "base/diagnostics.hpp"
#include "base/schema.hpp"
#include "base/yaml.hpp"

namespace tidegate::audit {

struct ResolveSection {
  double sample = 0.05;  ///< share of unknown keys that is resolved while load goes on
  Nanoseconds wait = std::chrono::seconds(1);
  std::string fence;  ///< path with {key}; empty: not fenced
  bool fence_first = false;
};

struct WebhookSection {
  SinkFailures failures;
  std::string secrets;  ///< column of a feeder that set-up filled: "merchants.webhook_secret"
};

struct MappedExport {
  std::string get;  ///< URL, or a path on the stack's base_url
  std::shared_ptr<const Mapping> mapping;
};

struct AuditSection {
  Terms terms;
  ResolveSection resolve;
  std::optional<WebhookSection> webhooks;  ///< none: no sink
  std::map<std::string, MappedExport> exports;
  std::string token;  ///< bearer token of mapped exports
};

schema::TypePointer audit_schema();
/// `node` has the shape of audit_schema(). Every mistake goes to `diagnostics`.
AuditSection parse_audit(const yaml::Node& node, Diagnostics& diagnostics);

}  // namespace tidegate::audit
