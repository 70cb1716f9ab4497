#include "platform/service/switches.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "base/units.hpp"

namespace tidegate::platform {
namespace {

constexpr std::array<std::string_view, 6> kProfiles{
    "modern", "legacy", "legacy-paystream", "legacy-paynest", "legacy-ledgerflow", "legacy-hyperscale"};

constexpr Switch kSwitches[] = {
    {"serial_hops", "four provider calls in a row in each request, 88 ms when idle and 420 ms at the peak",
     "legacy legacy-hyperscale"},
    {"pool_35", "each payment holds one of 35 database connections", "legacy legacy-paystream", {}, true},
    {"sync_writes",
     "five writes in each request, through one queue that flushes 500 payments a second",
     "legacy",
     {},
     true},
    {"no_breaker", "no circuit breaker: every call waits for a provider that does not answer", "legacy"},
    {"deploy_restart_all", "a start is a deploy: 32 minutes, played in 8 s", "legacy"},
    {"store_throttle_4000", "a table with 4,000 provisioned writes a second", "", {}, true},
    {"ledger_cap_2500", "a ledger database that takes 2,500 events a second", "", {}, true},
    {"dual_write_drop_20", "a fifth of the second writes is lost silently", ""},
    {"sync_fraud", "30 fraud rules and a model call in each request, 480 ms when idle and 3.2 s under load",
     "legacy-paystream"},
    {"client_retry_storm", "clients repeat a failed payment at once, up to five times", "legacy-paystream"},
    {"local_cache_5m", "15 private caches of payment states, each entry good for 5 minutes", "legacy-paystream",
     "stale_replica_15s"},
    {"random_partition", "events are spread over the partitions at random", ""},
    {"no_idempotency", "a repeated request is a new payment", "legacy-paynest", "cache_only_idempotency"},
    {"cache_only_idempotency", "idempotency keys live in one process's memory alone", "", "no_idempotency"},
    {"float32_money", "settlement totals are added up in single precision", "legacy-paynest", "round_per_row"},
    {"round_per_row", "each settlement row is rounded to the whole unit of its currency", "", "float32_money"},
    {"no_dead_letters", "a notification that fails for good is forgotten", "legacy-paynest"},
    {"priority_starvation", "urgent notifications wait behind the promotional ones that were there before", ""},
    {"batch_reconciliation_crash", "the nightly run dies after a third of its rows, and begins anew when restarted",
     "legacy-paynest"},
    {"stale_replica_15s", "payment states are read from a replica that is 15 s behind", "", "local_cache_5m"},
    {"shared_pool_leak", "the background worker leaks connections of the requests' pool", "legacy-ledgerflow",
     "pool_35"},
    {"mutable_audit", "a batch job rewrites records of the audit log", "legacy-ledgerflow"},
    {"wrong_rate_limit", "every client has a limit of 5 requests a second", ""},
    {"slow_leader_election", "a partition whose broker went away has no leader until it is back", ""},
    {"memory_sessions", "sessions live in one process's memory", "legacy-hyperscale"},
    {"analytics_on_primary", "reports are computed on the tables that payments are written to", "legacy-hyperscale"},
};

template <typename Names>
std::string nearest(const std::string& name, const Names& names) {
  std::string message = "the switch '" + name + "' does not exist";
  const std::string near = nearest_spelling(name, names);
  if (!near.empty()) message += "; did you mean '" + near + "'?";
  message += " Known:";
  for (const auto& known : names) message.append(" ").append(known);
  return message;
}

const Switch* find(std::string_view name) {
  const auto found =
      std::find_if(std::begin(kSwitches), std::end(kSwitches), [&](const Switch& known) { return known.name == name; });
  return found == std::end(kSwitches) ? nullptr : found;
}

/// Whether a list of words has this one.
bool lists(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    if (words.substr(0, end) == word) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

/// Above 0 and at most 1; nothing else.
bool is_scale(std::string_view text) {
  double scale = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), scale);
  return failed == std::errc() && end == text.data() + text.size() && scale > 0 && scale <= 1;
}

}  // namespace

std::span<const Switch> all_switches() {
  return kSwitches;
}
std::span<const std::string_view> all_profiles() {
  return kProfiles;
}

Result<void> add_switch(ServiceOptions& options, const std::string& text) {
  const auto equals = text.find('=');
  const std::string name = text.substr(0, equals);
  const std::string value = equals == std::string::npos ? "true" : text.substr(equals + 1);
  const Switch* known = find(name);
  if (known == nullptr) {
    std::vector<std::string_view> names;
    for (const Switch& entry : kSwitches) names.push_back(entry.name);
    return usage_error(nearest(name, names));
  }
  const bool scale = known->scales && is_scale(value);
  if (value != "true" && value != "false" && !scale) {
    return usage_error("--switch " + text + ": the value is true or false" +
                       (known->scales ? " or a scale above 0 and at most 1" : "") + ", not '" + value + "'");
  }
  options.switches[name] = value;
  return {};
}

Result<void> check_switches(const ServiceOptions& options) {
  for (const Switch& known : kSwitches) {
    if (known.excludes.empty() || !is_on(options, known.name) || !is_on(options, known.excludes)) continue;
    return usage_error("the switches " + std::string(known.name) + " and " + std::string(known.excludes) +
                       " exclude each other");
  }
  return {};
}

bool is_on(const ServiceOptions& options, std::string_view name) {
  const auto given = options.switches.find(std::string(name));
  if (given != options.switches.end()) return given->second != "false";
  const Switch* known = find(name);
  return known != nullptr && lists(known->profiles, options.profile);
}

double scale_of(const ServiceOptions& options, std::string_view name) {
  const auto given = options.switches.find(std::string(name));
  if (given == options.switches.end() || !is_scale(given->second)) return 1;
  double scale = 1;
  std::from_chars(given->second.data(), given->second.data() + given->second.size(), scale);
  return scale;
}

std::string describe_switches() {
  std::string text = "profiles: [";
  for (const std::string_view profile : kProfiles) {
    if (profile != kProfiles.front()) text += ", ";
    text += profile;
  }
  text += "]\nswitches:\n";
  for (const Switch& known : kSwitches) {
    text.append("  ").append(known.name).append(": {what: \"").append(known.what).append("\"");
    if (!known.profiles.empty()) text.append(", profiles: \"").append(known.profiles).append("\"");
    if (!known.excludes.empty()) text.append(", excludes: ").append(known.excludes);
    if (known.scales) text += ", scales: true";
    text += "}\n";
  }
  return text;
}

}  // namespace tidegate::platform
