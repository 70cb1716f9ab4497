#include "audit/life.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <unordered_set>

#include "audit/history.hpp"
#include "audit/line_parser.hpp"
#include "audit/manifest.hpp"
#include "base/units.hpp"
#include "record/events.hpp"
#include "record/truth.hpp"

namespace tidegate::audit {
namespace {

constexpr std::size_t kMostRows = 60;  // of one life; a key that was repeated a thousand times is shown in part
/// Faults this close to a payment are shown with it.
constexpr auto kAround = std::chrono::seconds(2);

/// Which members of an export's records hold a name of what, and when.
struct ExportNames {
  const char* source;
  const char* key = nullptr;
  const char* payment = nullptr;
  const char* event = nullptr;
  const char* reference = nullptr;
  const char* unix_ms = nullptr;
  const char* run_ns = nullptr;
};
constexpr std::array kExports = {
    ExportNames{.source = "payments", .key = "key", .payment = "id", .unix_ms = "created_at_ms"},
    ExportNames{.source = "payments-after", .key = "key", .payment = "id", .unix_ms = "updated_at_ms"},
    ExportNames{.source = "attempts",
                .key = "client_key",
                .payment = "payment",
                .reference = "reference",
                .unix_ms = "created_at_ms"},
    ExportNames{.source = "bank", .key = "client_key", .reference = "reference", .unix_ms = "at_ms"},
    ExportNames{.source = "ledger", .payment = "payment", .unix_ms = "at_ms"},
    ExportNames{.source = "wallets", .payment = "wallet", .unix_ms = "at_ms"},
    ExportNames{.source = "events", .payment = "payment", .event = "id", .unix_ms = "occurred_at"},
    ExportNames{.source = "webhooks", .event = "event", .run_ns = "t_ns"},
    ExportNames{.source = "dead-letters", .event = "event", .unix_ms = "at_ms"},
    ExportNames{.source = "audit-log", .payment = "payment", .unix_ms = "at_ms"}};

/// The names that belong to one subject, growing as records tie more of them to it.
struct Names {
  std::set<Identity> keys, payments, events, references;

  explicit Names(const Subject& subject) {
    const auto put = [](std::set<Identity>& set, const Identity& name) {
      if (!name.empty()) set.insert(name);
    };
    put(keys, subject.key);
    put(payments, subject.payment);
    put(events, subject.event);
    put(references, subject.reference);
  }
};

struct RecordNames {
  std::string key, payment, event, reference;
  bool concern(const Names& names) const {
    return names.keys.contains(identity_of(key)) || names.payments.contains(identity_of(payment)) ||
           names.events.contains(identity_of(event)) || names.references.contains(identity_of(reference));
  }
  /// A payment names its key and the other way round; one event or one charge does not pull in its siblings' names.
  void tie(Names& names) const {
    if (!key.empty()) names.keys.insert(identity_of(key));
    if (!payment.empty()) names.payments.insert(identity_of(payment));
  }
};

class LifeReader {
 public:
  LifeReader(const record::RunDirectory& directory, std::span<const Subject> subjects) : directory_(directory) {
    for (const Subject& subject : subjects) names_.emplace_back(subject);
    lives_.resize(subjects.size());
    if (const auto info = directory.read_info()) unix_origin_s_ = info->unix_origin_s;
    note_interest();
  }

  std::vector<Life> read() {
    tie_names();
    take_history();
    for (const ExportNames& names : kExports) take_export(names);
    take_faults();
    for (Life& life : lives_) arrange(life);
    return std::move(lives_);
  }

 private:
  // From an event to its payment, from a charge to its key, from a payment to its key: in this order each is known
  // before it is needed. Payments and history tie keys to ids.
  void tie_names() {
    for (const char* source : {"events", "attempts", "bank", "payments", "payments-after"}) {
      const auto names = std::ranges::find(kExports, std::string_view(source),
                                           [](const ExportNames& one) { return std::string_view(one.source); });
      each_record(*names, [this](const RecordNames& record, std::string_view) {
        for (Names& of_subject : names_) {
          if (record.concern(of_subject)) record.tie(of_subject);
        }
        note_interest();
      });
    }
    (void)record::visit_operations(directory_.operations(), [this](const record::Operation& operation) {
      const Identity id = identity_of(operation.id_text());
      if (id.empty() || operation.event == record::OperationEvent::read) return;
      const Identity key = identity_of(operation.key_text());
      if (!interesting_.contains(key.low)) return;
      for (Names& names : names_) {
        if (names.keys.contains(key)) names.payments.insert(id);
      }
    });
    note_interest();
  }

  // Most records concern nobody who is asked about: only the names are looked at, and the rest read when they match.
  void each_record(const ExportNames& names, const std::function<void(const RecordNames&, std::string_view)>& visit) {
    std::array<Member, 4> members{};
    const std::array<const char*, 4> wanted = {names.key, names.payment, names.event, names.reference};
    for (std::size_t i = 0; i < members.size(); ++i) {
      // A member of an empty name is never found.
      members[i] = {wanted[i] == nullptr ? std::string_view("\n") : std::string_view(wanted[i]),
                    Member::Type::identifier, Member::Need::optional};
    }
    LineParser parser;
    (void)record::read_truth(directory_.truth(std::string(names.source) + ".ndjson.zst"), [&](std::string_view line) {
      if (!parser.parse(line, members)) return true;
      for (const Member& member : members) {
        if (!member.present || !interesting_.contains(identity_of(member.text).low)) continue;
        const auto text = [&members](std::size_t i) {
          return members[i].present ? std::string(members[i].text) : std::string();
        };
        visit({text(0), text(1), text(2), text(3)}, line);
        break;
      }
      return true;
    });
  }

  // What anybody who is asked about is called; one set for all, since names of different kinds do not collide.
  void note_interest() {
    for (const Names& names : names_) {
      for (const auto* set : {&names.keys, &names.payments, &names.events, &names.references}) {
        for (const Identity& name : *set) interesting_.insert(name.low);
      }
    }
  }

  void take_export(const ExportNames& names) {
    each_record(names, [&](const RecordNames& record, std::string_view line) {
      const auto value = parse_json(line);
      if (!value || !value->is_object()) return;
      const json::object& object = value->as_object();
      for (std::size_t i = 0; i < names_.size(); ++i) {
        if (!record.concern(names_[i])) continue;
        Life& life = lives_[i];
        keep_name(life.key, names_[i].keys, record.key);
        keep_name(life.payment, names_[i].payments, record.payment);
        keep_name(life.event, names_[i].events, record.event);
        keep_name(life.reference, names_[i].references, record.reference);
        if (std::string_view(names.source) == "events") names_[i].events.insert(identity_of(record.event));
        add(life, time_of(names, object), names.source, describe(object));
      }
      note_interest();
    });
  }

  static void keep_name(std::string& kept, const std::set<Identity>& wanted, const std::string& text) {
    if (kept.empty() && wanted.contains(identity_of(text))) kept = text;
  }

  std::optional<std::int64_t> time_of(const ExportNames& names, const json::object& object) const {
    if (names.run_ns != nullptr) return integer_member(object, names.run_ns);
    const auto unix_ms = names.unix_ms == nullptr ? std::nullopt : integer_member(object, names.unix_ms);
    if (!unix_ms || unix_origin_s_ == 0) return std::nullopt;
    return *unix_ms * 1'000'000 - static_cast<std::int64_t>(unix_origin_s_ * 1e9);
  }

  static std::string describe(const json::object& object) {
    std::string text;
    for (const auto& [name, value] : object) {
      if (value.is_object() || value.is_array() || name == "traceparent") continue;
      text += fmt::format("{}{}={}", text.empty() ? "" : " ", std::string_view(name),
                          value.is_string() ? std::string(value.as_string()) : json::serialize(value));
    }
    return text;
  }

  void take_history() {
    if (const auto log = record::read_events(directory_.events())) touching_ = record::touching_faults(*log);
    (void)record::visit_operations(directory_.operations(), [this](const record::Operation& operation) {
      const bool read = operation.event == record::OperationEvent::read;
      const Identity key = read ? Identity{} : identity_of(operation.key_text());
      const Identity id = identity_of(operation.id_text());
      if (!interesting_.contains(key.low) && !interesting_.contains(id.low)) return;
      for (std::size_t i = 0; i < names_.size(); ++i) {
        if (!names_[i].keys.contains(key) && !(read && names_[i].payments.contains(id))) continue;
        if (!read) keep_name(lives_[i].key, names_[i].keys, std::string(operation.key_text()));
        keep_name(lives_[i].payment, names_[i].payments, std::string(operation.id_text()));
        add(lives_[i], operation.time.count(), "harness", describe(operation));
      }
    });
  }

  std::string describe(const record::Operation& operation) const {
    if (operation.event == record::OperationEvent::read) {
      return fmt::format("read {} as {} (asked {} before)", operation.id_text(), operation.key_text(),
                         format_duration(Nanoseconds(operation.amount)));
    }
    std::string text = fmt::format("{} {} {} {}, attempt {}", to_string(operation.event), operation.kind_text(),
                                   operation.amount, operation.currency_text(), operation.attempt);
    if (operation.status != 0) text += fmt::format(", status {}", operation.status);
    if (!operation.id_text().empty()) text += fmt::format(", id {}", operation.id_text());
    for (const std::string& fault : record::faults_of(operation.touched, touching_)) text += ", touched by " + fault;
    return text;
  }

  void take_faults() {
    const auto log = record::read_events(directory_.events());
    if (!log) return;
    for (const record::FaultSpan& span : record::fault_spans(*log)) {
      for (Life& life : lives_) add_fault(life, span);
    }
  }

  static void add_fault(Life& life, const record::FaultSpan& span) {
    std::int64_t first = INT64_MAX, last = INT64_MIN;
    for (const LifeRow& row : life.rows) {
      if (!row.time_ns || row.source == "fault") continue;
      first = std::min(first, *row.time_ns);
      last = std::max(last, *row.time_ns);
    }
    const Nanoseconds from = Nanoseconds(first) - kAround, to = Nanoseconds(last) + kAround;
    if (first > last || span.injected > to || (span.was_healed && span.healed < from)) return;
    life.rows.push_back(
        {span.injected.count(), "fault", fmt::format("{} injected: {} on {}", span.fault, span.kind, span.target)});
    if (span.was_healed) life.rows.push_back({span.healed.count(), "fault", span.fault + " healed"});
  }

  static void add(Life& life, std::optional<std::int64_t> time, const char* source, std::string text) {
    if (life.rows.size() < kMostRows) life.rows.push_back({time, source, std::move(text)});
  }

  static void arrange(Life& life) {
    std::ranges::stable_sort(life.rows, [](const LifeRow& a, const LifeRow& b) {
      return a.time_ns.value_or(INT64_MAX) < b.time_ns.value_or(INT64_MAX);
    });
  }

  const record::RunDirectory& directory_;
  double unix_origin_s_ = 0;
  std::vector<Names> names_;
  std::unordered_set<std::uint64_t> interesting_;
  std::vector<Life> lives_;
  std::vector<std::string> touching_;
};

std::string time_text(const LifeRow& row) {
  return row.time_ns ? fmt::format("{:+.3f} s", static_cast<double>(*row.time_ns) / 1e9) : std::string("-");
}

std::string filled(std::string text, std::string_view slot, const std::string& name) {
  for (std::size_t at = text.find(slot); at != std::string::npos; at = text.find(slot, at + name.size())) {
    text.replace(at, slot.size(), name.empty() ? "(not named)" : name);
    if (name.empty()) at += 1;
  }
  return text;
}

}  // namespace

std::vector<Life> read_lives(const record::RunDirectory& directory, std::span<const Subject> subjects) {
  return LifeReader(directory, subjects).read();
}

Result<Life> read_life(const record::RunDirectory& directory, const std::string& name) {
  const Identity identity = identity_of(name);
  // A name may be of any kind: it is looked for as each of them.
  const Subject subject{.key = identity, .payment = identity, .event = identity, .reference = identity};
  Life life = std::move(read_lives(directory, {&subject, 1}).front());
  if (life.rows.empty()) {
    return usage_error("nothing in " + directory.path() + " has the name '" + name +
                       "': give a key, a payment's id, an event's id or a bank reference");
  }
  return life;
}

std::string named(const std::string& what, const Life& life) {
  std::string text = filled(what, "{key}", life.key);
  text = filled(std::move(text), "{payment}", life.payment);
  text = filled(std::move(text), "{event}", life.event);
  return filled(std::move(text), "{reference}", life.reference);
}

json::object to_json(const Life& life) {
  json::object object{{"what", ""}};
  if (!life.key.empty()) object["key"] = life.key;
  if (!life.payment.empty()) object["payment"] = life.payment;
  json::array rows;
  for (const LifeRow& row : life.rows) rows.emplace_back(time_text(row) + "  " + row.source + "  " + row.text);
  object["life"] = std::move(rows);
  return object;
}

std::string to_text(const Life& life) {
  std::string text;
  if (!life.key.empty()) text += "key      " + life.key + "\n";
  if (!life.payment.empty()) text += "payment  " + life.payment + "\n";
  std::size_t time_width = 1, source_width = 1;
  for (const LifeRow& row : life.rows) {
    time_width = std::max(time_width, time_text(row).size());
    source_width = std::max(source_width, row.source.size());
  }
  for (const LifeRow& row : life.rows) {
    text += fmt::format("{:>{}}  {:<{}}  {}\n", time_text(row), time_width, row.source, source_width, row.text);
  }
  return text;
}

}  // namespace tidegate::audit
