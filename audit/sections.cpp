#include "audit/sections.hpp"

#include <algorithm>

namespace tidegate::audit {
namespace {

using schema::map_of;
using schema::object;
using schema::optional;
using schema::required;

schema::TypePointer page_schema() {
  return object({optional("items", schema::text(), "Member that holds the items; $ for an answer that is the list."),
                 optional("next", schema::text(), "Member that holds the next page's cursor."),
                 optional("as_of", schema::text(), "Member that names the point of the reading."),
                 optional("after_parameter", schema::text(), "Query parameter for the cursor."),
                 optional("as_of_parameter", schema::text(), "Query parameter for the point; empty: none."),
                 optional("limit_parameter", schema::text(), "Query parameter for the size of a page; empty: none.")},
                "How pages of this export look, where it departs from items, next, as_of, after and limit.");
}

// The members that an export may map are those of the model's record.
schema::TypePointer export_schema(const std::string& name) {
  std::vector<schema::Field> fields = {
      required("get", schema::text(), "URL of the export, or a path on the stack's base_url."),
      optional("page", page_schema(), "Shape of its pages."),
      optional("states", map_of(schema::text()), "The system's words for `status`, each to the audit's."),
      optional("amounts", schema::choice({"minor", "major"}), "minor: 1234; major: 12.34, with two decimals.")};
  const MappedMembers& members = *mapped_members(name);
  for (const auto member : members.required) {
    fields.push_back(required(std::string(member), schema::text(), "$.path in an item, or a constant."));
  }
  for (const auto member : members.optional) {
    fields.push_back(optional(std::string(member), schema::text(), "$.path in an item, or a constant."));
  }
  return object(std::move(fields), "Where this export is, and which of its members is what.");
}

schema::TypePointer resolve_schema() {
  return object({optional("sample", schema::share(), "Share of unknown outcomes resolved while load goes on."),
                 optional("wait", schema::duration(), "From the unknown outcome until it is asked about."),
                 optional("fence", schema::text(), "POST path with {key} that fences a key never seen."),
                 optional("by", schema::choice({"resend", "fence"}), "What is tried first; resend by default.")},
                "How unknown outcomes become known.");
}

schema::TypePointer webhooks_schema() {
  return object({optional("secrets", schema::text(), "FEEDER.COLUMN with the signing secrets that set-up captured."),
                 optional("events", schema::list_of(schema::text()), "Types of events that must be told."),
                 optional("deliveries", schema::integer(1, 1000), "How often one event may arrive."),
                 optional("fail_first", schema::integer(0, 1000), "Of each event, so many deliveries fail."),
                 optional("fail_share", schema::share(), "Share of deliveries that fail."),
                 optional("fail_always", schema::share(), "Share of events whose deliveries all fail."),
                 optional("fail_status", schema::integer(400, 599), "Status of a failure; 500 by default."),
                 optional("delay", schema::duration(), "Before each answer.")},
                "Starts a webhook sink; ${stack.webhook_url} is where it listens.");
}

class Reader {
 public:
  explicit Reader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  AuditSection read(const yaml::Node& node) {
    AuditSection section;
    read_terms(node, section.terms);
    if (const yaml::Node* resolve = node.find("resolve")) read_resolve(*resolve, section.resolve);
    if (const yaml::Node* webhooks = node.find("webhooks")) {
      section.webhooks.emplace();
      read_webhooks(*webhooks, *section.webhooks, section.terms);
    }
    if (const yaml::Node* token = node.find("token")) section.token = token->text();
    for (const std::string& name : mappable_exports()) {
      if (const yaml::Node* mapped = node.find(name)) section.exports[name] = read_export(*mapped, name);
    }
    return section;
  }

 private:
  static void read_terms(const yaml::Node& node, Terms& terms) {
    if (const yaml::Node* value = node.find("staleness")) terms.staleness = schema::as_duration(*value);
    if (const yaml::Node* value = node.find("retention")) terms.retention = schema::as_duration(*value);
    if (const yaml::Node* value = node.find("match_within")) terms.match_within = schema::as_duration(*value);
    if (const yaml::Node* value = node.find("card_prefixes")) {
      terms.card_prefixes.clear();
      for (const yaml::Node& item : value->items()) terms.card_prefixes.push_back(item.text());
    }
  }

  void read_resolve(const yaml::Node& node, ResolveSection& resolve) {
    if (const yaml::Node* value = node.find("sample")) resolve.sample = schema::as_share(*value);
    if (const yaml::Node* value = node.find("wait")) resolve.wait = schema::as_duration(*value);
    const yaml::Node* by = node.find("by");
    resolve.fence_first = by != nullptr && by->text() == "fence";
    const yaml::Node* fence = node.find("fence");
    if (fence != nullptr) {
      resolve.fence = fence->text();
      if (!resolve.fence.starts_with('/') || resolve.fence.find("{key}") == std::string::npos) {
        diagnostics_.add(fence->mark(),
                         "'" + resolve.fence + "' is not a path with {key}, such as /v1/keys/{key}/void");
      }
    } else if (resolve.fence_first) {
      diagnostics_.add(by->mark(), "'by: fence' needs 'fence', the path that fences a key");
    }
  }

  void read_webhooks(const yaml::Node& node, WebhookSection& webhooks, Terms& terms) {
    SinkFailures& failures = webhooks.failures;
    if (const yaml::Node* value = node.find("secrets")) {
      webhooks.secrets = value->text();
      if (value->text().find('.') == std::string::npos) {
        diagnostics_.add(value->mark(),
                         "'" + value->text() + "' is not FEEDER.COLUMN, such as merchants.webhook_secret");
      }
    }
    if (const yaml::Node* value = node.find("events")) {
      terms.webhook_events.clear();
      for (const yaml::Node& item : value->items()) terms.webhook_events.push_back(item.text());
    }
    if (const yaml::Node* value = node.find("deliveries"))
      terms.deliveries = static_cast<int>(schema::as_integer(*value));
    if (const yaml::Node* value = node.find("fail_first"))
      failures.first = static_cast<int>(schema::as_integer(*value));
    if (const yaml::Node* value = node.find("fail_share")) failures.share = schema::as_share(*value);
    if (const yaml::Node* value = node.find("fail_always")) failures.never = schema::as_share(*value);
    if (const yaml::Node* value = node.find("fail_status"))
      failures.status = static_cast<int>(schema::as_integer(*value));
    if (const yaml::Node* value = node.find("delay")) failures.delay = schema::as_duration(*value);
  }

  MappedExport read_export(const yaml::Node& node, const std::string& name) {
    MappedExport mapped{node.find("get")->text(), nullptr};
    Mapping mapping;
    mapping.page.numbered = false;
    if (!mapped.get.starts_with('/') && !mapped.get.starts_with("http://")) {
      diagnostics_.add(node.find("get")->mark(), "'" + mapped.get + "' is neither an http URL nor a path");
    }
    if (const yaml::Node* page = node.find("page")) read_page(*page, mapping.page);
    const MappedMembers& members = *mapped_members(name);
    for (const auto* list : {&members.required, &members.optional}) {
      for (const auto member : *list) read_member(node, std::string(member), mapping);
    }
    if (const yaml::Node* states = node.find("states")) {
      for (const auto& [word, state] : states->entries()) mapping.states[word.text()] = state.text();
    }
    const yaml::Node* amounts = node.find("amounts");
    if (amounts != nullptr && amounts->text() == "major") mapping.amount_factor = 100;
    mapped.mapping = std::make_shared<Mapping>(std::move(mapping));
    return mapped;
  }

  static void read_page(const yaml::Node& node, PageShape& page) {
    const auto take = [&node](const char* name, std::string& out) {
      if (const yaml::Node* value = node.find(name)) out = value->text();
    };
    take("items", page.items);
    take("next", page.next);
    take("as_of", page.as_of);
    take("after_parameter", page.after_parameter);
    take("as_of_parameter", page.as_of_parameter);
    take("limit_parameter", page.limit_parameter);
    page.bare_list = page.items == "$";
  }

  void read_member(const yaml::Node& node, const std::string& member, Mapping& mapping) {
    const yaml::Node* value = node.find(member);
    if (value == nullptr) return;
    auto pick = Pick::parse(value->text());
    if (pick) {
      mapping.members[member] = std::move(*pick);
    } else {
      diagnostics_.add(value->mark(), pick.error().message);
    }
  }

  Diagnostics& diagnostics_;
};

}  // namespace

schema::TypePointer audit_schema() {
  std::vector<schema::Field> fields = {
      optional("staleness", schema::duration(), "A read may lag an acknowledged state by this; 2s by default."),
      optional("retention", schema::duration(), "After this a key may be used anew; 24h by default."),
      optional("match_within", schema::duration(), "Platform and bank record a call within this; 30m by default."),
      optional("card_prefixes", schema::list_of(schema::text()), "How the run's own card numbers begin."),
      optional("resolve", resolve_schema(), "Unknown outcomes."),
      optional("webhooks", webhooks_schema(), "The webhook sink."),
      optional("token", schema::text(), "Bearer token for the exports named here.")};
  for (const std::string& name : mappable_exports()) {
    fields.push_back(optional(name, export_schema(name), "Another system's export, mapped to the audit's."));
  }
  return object(std::move(fields), "What was agreed with the system, and where its own account is read.");
}

AuditSection parse_audit(const yaml::Node& node, Diagnostics& diagnostics) {
  return Reader(diagnostics).read(node);
}

}  // namespace tidegate::audit
