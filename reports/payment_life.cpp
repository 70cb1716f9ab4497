// Two walks over the exports: the first finds the lines that hold an identifier of the counterexample, the second those
// that hold an identifier which the first one's lines brought up (a payment's id, found by its key). Lines are not
// parsed unless one of their quoted texts is wanted.

#include "reports/payment_life.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.hpp"
#include "record/operations.hpp"
#include "record/truth.hpp"

namespace tidegate::reports {
namespace {

constexpr std::size_t kShared = 40;  // records with a text; beyond it, it identifies nothing
constexpr std::size_t kShortest = 6, kLongest = 128;
constexpr std::string_view kExportSuffix = ".ndjson.gz";

/// Keys, ids and references have digits and no spaces; currencies, states and prose do not.
bool is_identifier(std::string_view text) {
  if (text.size() < kShortest || text.size() > kLongest) return false;
  const auto byte = [](char c) { return static_cast<unsigned char>(c); };
  return std::any_of(text.begin(), text.end(), [&](char c) { return std::isdigit(byte(c)) != 0; }) &&
         std::none_of(text.begin(), text.end(), [&](char c) { return byte(c) <= ' '; });
}

void collect_identifiers(const json::value& value, std::set<std::string>& out) {
  if (value.is_string() && is_identifier(value.get_string())) out.emplace(value.get_string());
  if (value.is_array()) {
    for (const json::value& member : value.get_array()) collect_identifiers(member, out);
  }
  if (value.is_object()) {
    for (const auto& [key, member] : value.get_object()) collect_identifiers(member, out);
  }
}

/// Calls visit for each quoted text of a line without escapes: what identifiers look like.
template <typename Visit>
void each_quoted(std::string_view line, Visit&& visit) {
  for (std::size_t open = line.find('"'); open != std::string_view::npos; open = line.find('"', open + 1)) {
    std::size_t close = open + 1;
    while (close < line.size() && line[close] != '"') close += line[close] == '\\' ? 2 : 1;
    if (close >= line.size()) return;
    visit(line.substr(open + 1, close - open - 1));
    open = close;
  }
}

struct ExportLine {
  std::string source, text;
  auto operator<=>(const ExportLine&) const = default;
};

/// Everything found under one identifier.
struct Found {
  std::vector<record::Operation> operations;
  std::set<ExportLine> lines;
  std::size_t records = 0;
  bool shared() const { return records > kShared; }
};

class Search {
 public:
  explicit Search(const record::RunDirectory& directory) : directory_(directory) {}

  void want(const std::string& identifier) { wanted_.try_emplace(identifier); }
  bool knows(const std::string& identifier) const { return wanted_.contains(identifier); }

  void read_operations() {
    const auto log = record::read_operations(directory_.operations());
    if (!log) return;
    for (const record::Operation& operation : log->operations) {
      for (const std::string_view text : {operation.key_text(), operation.id_text()}) {
        Found* found = find(text);
        if (found != nullptr && ++found->records <= kShared) found->operations.push_back(operation);
      }
    }
  }

  void read_exports() {
    std::error_code ignored;
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.truth(""), ignored)) {
      std::string name = entry.path().filename().string();
      if (name.ends_with(kExportSuffix)) names.insert(name);
    }
    for (const std::string& name : names) {
      const std::string source = name.substr(0, name.size() - kExportSuffix.size());
      // A torn export gives its whole lines.
      (void)record::read_truth(directory_.truth(name), [&](std::string_view line) {
        each_quoted(line, [&](std::string_view text) {
          Found* found = find(text);
          if (found != nullptr && ++found->records <= kShared) found->lines.insert({source, std::string(line)});
        });
        return true;
      });
    }
  }

  const Found* found(const std::string& identifier) const {
    const auto at = wanted_.find(identifier);
    return at == wanted_.end() || at->second.shared() ? nullptr : &at->second;
  }

  /// Identifiers that the records of `identifier` bring up.
  std::set<std::string> related(const std::string& identifier) const {
    std::set<std::string> out;
    const Found* all = found(identifier);
    if (all == nullptr) return out;
    for (const record::Operation& operation : all->operations) {
      for (const std::string_view text : {operation.key_text(), operation.id_text()}) {
        if (is_identifier(text)) out.emplace(text);
      }
    }
    for (const ExportLine& line : all->lines) {
      const auto parsed = parse_json(line.text);
      if (!parsed || !parsed->is_object()) continue;
      for (const char* member : {"id", "key", "payment", "payment_id"}) {
        const auto text = string_member(parsed->get_object(), member);
        if (text && is_identifier(*text)) out.insert(*text);
      }
    }
    return out;
  }

  void forget_counts() {
    for (auto& [identifier, all] : wanted_) all = {};
  }

 private:
  Found* find(std::string_view text) {
    const auto at = wanted_.find(std::string(text));
    return at == wanted_.end() ? nullptr : &at->second;
  }

  const record::RunDirectory& directory_;
  std::unordered_map<std::string, Found> wanted_;
};

json::object operation_to_json(const record::Operation& operation) {
  json::object out{{"t", to_seconds(operation.time)}, {"event", to_string(operation.event)},
                   {"kind", operation.kind_text()},   {"key", operation.key_text()},
                   {"attempt", operation.attempt},    {"status", operation.status}};
  if (!operation.id_text().empty()) out["id"] = operation.id_text();
  if (operation.amount != 0) {
    out["amount"] = operation.amount;
    out["currency"] = operation.currency_text();
  }
  return out;
}

json::object life_of(const std::set<std::string>& identifiers, const Search& search) {
  std::map<std::tuple<std::int64_t, std::string, int>, record::Operation> operations;
  std::set<ExportLine> lines;
  for (const std::string& identifier : identifiers) {
    const Found* found = search.found(identifier);
    if (found == nullptr) continue;
    for (const record::Operation& operation : found->operations) {
      operations.emplace(
          std::tuple(operation.time.count(), std::string(operation.key_text()), static_cast<int>(operation.event)),
          operation);
    }
    lines.insert(found->lines.begin(), found->lines.end());
  }
  json::array history;
  for (const auto& [order, operation] : operations) history.push_back(operation_to_json(operation));
  json::object exports;
  for (const ExportLine& line : lines) {
    auto parsed = parse_json(line.text);
    if (!parsed) continue;
    if (!exports.contains(line.source)) exports[line.source] = json::array{};
    exports[line.source].as_array().push_back(std::move(*parsed));
  }
  return {{"operations", std::move(history)}, {"exports", std::move(exports)}};
}

}  // namespace

json::array payment_lives(const record::RunDirectory& directory, const std::vector<record::AuditFinding>& findings,
                          std::size_t most_counterexamples) {
  std::vector<std::vector<std::set<std::string>>> identifiers(findings.size());
  Search search(directory);
  bool any = false;
  for (std::size_t f = 0; f < findings.size(); ++f) {
    const json::array& examples = findings[f].counterexamples;
    for (std::size_t e = 0; e < std::min(examples.size(), most_counterexamples); ++e) {
      collect_identifiers(examples[e], identifiers[f].emplace_back());
      for (const std::string& identifier : identifiers[f].back()) search.want(identifier);
      any = true;
    }
  }
  json::array out;
  if (any) {
    search.read_operations();
    search.read_exports();
    for (auto& examples : identifiers) {
      for (auto& own : examples) {
        std::set<std::string> more;
        for (const std::string& identifier : own) more.merge(search.related(identifier));
        own.merge(more);
      }
    }
    for (const auto& examples : identifiers) {
      for (const auto& own : examples) {
        for (const std::string& identifier : own) search.want(identifier);
      }
    }
    search.forget_counts();
    search.read_operations();
    search.read_exports();
  }
  for (const auto& examples : identifiers) {
    json::array lives;
    for (const auto& own : examples) lives.push_back(life_of(own, search));
    out.push_back(std::move(lives));
  }
  return out;
}

}  // namespace tidegate::reports
