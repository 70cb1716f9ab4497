#include "audit/history_export.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/json.hpp"
#include "record/events.hpp"
#include "record/operations.hpp"

namespace tidegate::audit {
namespace {

using record::Operation;
using record::OperationEvent;

/// A moment of the history: a record of the file, or the beginning or end of a fault.
struct Moment {
  std::int64_t time_ns = 0;
  std::int64_t position = 0;  ///< in the file; below 0: the fault -1 - position
};

/// One line of the export. Retries of one iteration are attempts of one process: a client that waits for its answer.
class Line {
 public:
  Line(HistoryFormat format, std::uint64_t index, const std::vector<std::string>& faults)
      : format_(format), index_(index), faults_(faults) {}

  std::string operation(const Operation& operation) const {
    const std::uint64_t process = operation.iteration * 16 + operation.block;
    if (format_ == HistoryFormat::ndjson) return json_line(operation, process);
    return fmt::format(
        "{{:index {}, :time {}, :type {}, :process {}, :f :{}, :value {{:key {}, :scope {}, :amount {}, "
        ":currency {}, :id {}, :attempt {}, :status {}, :event :{}{}}}}}\n",
        index_, operation.time.count(), type_of(operation.event), process, keyword(operation.kind_text()),
        text(operation.key_text()), text(fmt::format("{:016x}", operation.scope)), operation.amount,
        text(operation.currency_text()), text(operation.id_text()), operation.attempt, operation.status,
        keyword(to_string(operation.event)), touched_words(operation.touched));
  }

  std::string fault(std::int64_t time_ns, const std::string& name, const std::string& kind, const std::string& target,
                    bool begins) const {
    if (format_ == HistoryFormat::ndjson) {
      return json::serialize(json::object{{"index", index_},
                                          {"t", static_cast<double>(time_ns) / 1e9},
                                          {"event", begins ? "fault_injected" : "fault_healed"},
                                          {"fault", name},
                                          {"kind", kind},
                                          {"target", target}}) +
             "\n";
    }
    return fmt::format(
        "{{:index {}, :time {}, :type :info, :process :nemesis, :f :{}, :value {{:fault {}, :kind {}, "
        ":target {}}}}}\n",
        index_, time_ns, begins ? "start" : "stop", text(name), text(kind), text(target));
  }

 private:
  std::string json_line(const Operation& operation, std::uint64_t process) const {
    json::object object{{"index", index_},
                        {"t", to_seconds(operation.time)},
                        {"event", to_string(operation.event)},
                        {"process", process},
                        {"kind", operation.kind_text()},
                        {"key", operation.key_text()},
                        {"scope", fmt::format("{:016x}", operation.scope)},
                        {"amount", operation.amount},
                        {"currency", operation.currency_text()},
                        {"attempt", operation.attempt}};
    if (operation.status != 0) object["status"] = operation.status;
    if (!operation.id_text().empty()) object["id"] = operation.id_text();
    if (operation.truncated) object["truncated"] = true;
    if (operation.repeat) object["repeat"] = true;
    if (operation.touched != 0) {
      json::array touched;
      for (const std::string& fault : record::faults_of(operation.touched, faults_)) touched.emplace_back(fault);
      object["touched"] = std::move(touched);
    }
    return json::serialize(object) + "\n";
  }

  std::string touched_words(std::uint64_t mask) const {
    if (mask == 0) return {};
    std::string words;
    for (const std::string& fault : record::faults_of(mask, faults_)) words += (words.empty() ? "" : " ") + text(fault);
    return ", :touched [" + words + "]";
  }

  // Jepsen's words: an outcome that is open is :info.
  static std::string_view type_of(OperationEvent event) {
    switch (event) {
      case OperationEvent::invoke:
        return ":invoke";
      case OperationEvent::ok:
      case OperationEvent::resolved_ok:
      case OperationEvent::read:
        return ":ok";
      case OperationEvent::fail:
      case OperationEvent::resolved_fail:
        return ":fail";
      case OperationEvent::unknown:
        return ":info";
    }
    return ":info";
  }

  static std::string text(std::string_view raw) {
    std::string quoted = "\"";
    for (const char c : raw) {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return quoted + "\"";
  }

  static std::string keyword(std::string_view raw) {
    std::string word;
    for (const char c : raw) word += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '-';
    return word.empty() ? "operation" : word;
  }

  HistoryFormat format_;
  std::uint64_t index_;
  const std::vector<std::string>& faults_;
};

}  // namespace

// Loops hand their records over in batches, so the file is only nearly in the order of time: the moments are sorted (16
// bytes each), and the records read again at their positions.
Result<bool> export_history(const record::RunDirectory& directory, HistoryFormat format,
                            const std::function<void(std::string_view)>& out) {
  std::vector<Moment> moments;
  const auto cut = record::visit_operations(directory.operations(), [&moments](const Operation& operation) {
    moments.push_back({operation.time.count(), static_cast<std::int64_t>(moments.size())});
  });
  if (!cut) return cut.error();
  std::vector<record::FaultSpan> spans;
  std::vector<std::string> names;
  if (const auto log = record::read_events(directory.events())) {
    spans = record::fault_spans(*log);
    names = record::touching_faults(*log);
  }
  for (std::size_t i = 0; i < spans.size(); ++i) {
    moments.push_back({spans[i].injected.count(), -1 - static_cast<std::int64_t>(2 * i)});
    if (spans[i].was_healed) moments.push_back({spans[i].healed.count(), -2 - static_cast<std::int64_t>(2 * i)});
  }
  std::ranges::stable_sort(moments, {}, &Moment::time_ns);
  record::OperationReader reader(directory.operations());
  std::uint64_t index = 0;
  for (const Moment& moment : moments) {
    const Line line(format, index++, names);
    if (moment.position >= 0) {
      const auto operation = reader.at(static_cast<std::uint64_t>(moment.position));
      if (!operation) return operation.error();
      out(line.operation(*operation));
      continue;
    }
    const record::FaultSpan& span = spans[static_cast<std::size_t>(-1 - moment.position) / 2];
    const bool begins = (-1 - moment.position) % 2 == 0;
    out(line.fault(moment.time_ns, span.fault, span.kind, span.target, begins));
  }
  return *cut;
}

}  // namespace tidegate::audit
