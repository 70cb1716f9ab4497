#include "audit/fetch.hpp"

#include <algorithm>
#include <array>

#include "audit/line_parser.hpp"
#include "audit/manifest.hpp"
#include "audit/model.hpp"
#include "audit/pages.hpp"
#include "record/truth.hpp"

namespace tidegate::audit {
namespace {

constexpr std::size_t kExamples = 3;

PageOptions page_options(const System& system, const std::string& name, Nanoseconds deadline) {
  const ExportSource& source = system.exports.at(name);
  PageOptions options;
  options.url = source.url;
  options.token = system.token;
  options.page_size = system.page_size;
  options.request_timeout = system.request_timeout;
  options.deadline = deadline;
  if (source.mapping) options.shape = source.mapping->page;
  options.shape.single = name == "audit-key";
  // The numbers of events and of what was applied are those of their streams.
  if (name == "events" || group_of_export(name)) options.shape.numbered = false;
  return options;
}

std::string without_breaks(std::string_view item) {
  const auto value = parse_json(item);
  return value ? json::serialize(*value) : std::string();
}

bool is_open_payment(std::string_view status) {
  const auto state = state_from(status);
  return state && is_transient(*state);
}

/// Payments are read first and last; what they caused, in between.
std::vector<std::string> reading_order(const System& system) {
  std::vector<std::string> order;
  for (const char* early : {"payments", "events"}) {
    if (system.exports.contains(early)) order.emplace_back(early);
  }
  for (const auto& [name, source] : system.exports) {
    if (std::ranges::find(order, name) == order.end()) order.push_back(name);
  }
  return order;
}

class Fetch {
 public:
  Fetch(const record::RunDirectory& directory, const System& system, Nanoseconds limit)
      : directory_(directory), system_(system), deadline_(monotonic_now() + limit) {}

  Result<FetchSummary> run() {
    const Nanoseconds start = monotonic_now();
    manifest_.terms = system_.terms;
    if (system_.webhooks) manifest_.exports["webhooks"];
    for (const std::string& name : reading_order(system_)) {
      if (auto written = read(name, name); !written) return written.error();
    }
    if (auto again = read_payments_again(); !again) return again.error();
    if (auto written = manifest_.write(directory_); !written) return written.error();
    summary_.seconds = to_seconds(monotonic_now() - start);
    return summary_;
  }

 private:
  // An error is one of writing; what is wrong with the export goes into the manifest.
  Result<void> read(const std::string& name, const std::string& as) {
    const ExportSource& source = system_.exports.at(name);
    ExportEntry& entry = manifest_.exports[as];
    entry.topic = source.topic;
    const Nanoseconds start = monotonic_now();
    auto writer = record::TruthWriter::create(directory_.truth(as + ".ndjson.zst"));
    if (!writer) return writer.error();
    Result<void> written;
    const auto totals = read_pages(page_options(system_, name, deadline_), "",
                                   [&](std::string_view item, const std::string&) -> Result<void> {
                                     ++entry.records;
                                     auto put = write(**writer, source, item);
                                     if (!put && put.error().kind == Error::Kind::machine) written = put;
                                     return put;
                                   });
    if (!written) return written;
    if (auto closed = (*writer)->close(); !closed) return closed;
    entry.seconds = to_seconds(monotonic_now() - start);
    summary_.records += entry.records;
    if (totals) {
      entry.pages = totals->pages;
      entry.as_of = totals->as_of;
      return {};
    }
    entry.error = totals.error().message;
    summary_.broken += (summary_.broken.empty() ? "" : "; ") + as + ": " + entry.error;
    return {};
  }

  static Result<void> write(record::TruthWriter& writer, const ExportSource& source, std::string_view item) {
    if (source.mapping) {
      const auto line = apply_mapping(*source.mapping, item);
      return line ? writer.write_line(*line) : Result<void>(line.error());
    }
    if (item.find('\n') == std::string_view::npos) return writer.write_line(item);
    return writer.write_line(without_breaks(item));
  }

  Result<void> read_payments_again() {
    const auto payments = system_.exports.find("payments");
    if (payments == system_.exports.end() || !manifest_.exports["payments"].error.empty()) return {};
    const std::string& before = manifest_.exports["payments"].as_of;
    // The point of a fresh reading tells whether anything was committed since.
    const auto now = read_point(page_options(system_, "payments", deadline_));
    if (now && !before.empty() && *now == before) return {};
    manifest_.unchanged = false;
    return read("payments", "payments-after");
  }

  const record::RunDirectory& directory_;
  const System& system_;
  Nanoseconds deadline_;
  Manifest manifest_;
  FetchSummary summary_;
};

}  // namespace

Result<FetchSummary> fetch_truth(const record::RunDirectory& directory, const System& system, Nanoseconds limit) {
  return Fetch(directory, system, limit).run();
}

OpenItems::OpenItems(const System& system, Kind kind) : system_(system), kind_(kind) {}

Result<OpenItems::Answer> OpenItems::ask(Nanoseconds limit, const std::function<bool()>& interrupted) {
  const bool payments = kind_ == Kind::payments;
  const std::string name = payments ? "payments" : "dead-letters";
  const auto found = system_.exports.find(name);
  Answer answer;
  if (found == system_.exports.end()) return answer;
  const ExportSource& source = found->second;
  LineParser parser;
  // A dead letter without a state is one that nobody sends any more.
  std::array<Member, 2> members{{{payments ? "id" : "event", Member::Type::identifier},
                                 {payments ? "status" : "state", Member::Type::text,
                                  payments ? Member::Need::required : Member::Need::optional}}};
  std::optional<std::string> first_open;  // the cursor before the page that holds it
  std::string last = settled_;
  const auto visit = [&](std::string_view item, const std::string& after) -> Result<void> {
    std::string line;
    if (source.mapping) {
      auto mapped = apply_mapping(*source.mapping, item);
      if (!mapped) return mapped.error();
      line = std::move(*mapped);
      line.reserve(line.size() + record::kLinePadding);
      item = line;
    }
    if (after != last && interrupted()) return closed_error("interrupted");
    last = after;
    if (!parser.parse(item, members)) return protocol_error("an item of '" + name + "': " + parser.problem());
    const std::string_view state = members[1].present ? members[1].text : std::string_view();
    if (payments ? !is_open_payment(state) : state != "pending") return {};
    if (!first_open) first_open = after;
    if (answer.open++ < kExamples) {
      answer.examples += (answer.open > 1 ? ", " : "") + std::string(members[0].text) + " (" + std::string(state) + ")";
    }
    return {};
  };
  const auto read = read_pages(page_options(system_, name, monotonic_now() + limit), settled_, visit);
  const std::string settled = first_open.value_or(last);
  answer.whole = read.ok();
  answer.went_on = settled != settled_;
  // What was read before the time was over holds: a system of millions of payments is asked in several goes.
  settled_ = settled;
  if (!read && !answer.went_on) return read.error();
  return answer;
}

}  // namespace tidegate::audit
