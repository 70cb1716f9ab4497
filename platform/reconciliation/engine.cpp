#include "platform/reconciliation/engine.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "base/file.hpp"
#include "platform/reconciliation/ingest.hpp"
#include "platform/reconciliation/zip.hpp"

namespace tidegate::platform {
namespace {

using reconciliation::kBuckets;

Error stopped() {
  return closed_error("the reconciliation was stopped; it goes on from its checkpoint");
}

/// Texts that came from others may hold quotes and commas (RFC 4180).
void append_text(std::string& csv, std::string_view text) {
  if (text.find_first_of("\",\r\n") == std::string_view::npos) {
    csv.append(text);
    return;
  }
  csv += '"';
  for (const char c : text) csv.append(c == '"' ? 2 : 1, c);
  csv += '"';
}

void append_difference(std::string& csv, Match match, const SettlementRow& row, const SettlementRow* other) {
  csv.append(to_string(match)).append(1, ',');
  append_text(csv, row.reference);
  csv.append(1, ',').append(std::to_string(row.amount)).append(1, ',').append(row.currency);
  csv.append(1, ',').append(std::to_string(row.at_ms)).append(1, ',');
  if (other != nullptr) {
    csv.append(std::to_string(other->amount)).append(1, ',').append(other->currency);
    csv.append(1, ',').append(std::to_string(other->at_ms));
  } else {
    csv.append(",,");
  }
  csv += '\n';
}

json::object to_json(const Tally& tally) {
  json::object object;
  for (std::size_t i = 0; i < kMatches; ++i) object[to_string(static_cast<Match>(i))] = tally.rows[i];
  json::array nets;
  for (const auto& [name, net] : tally.nets)
    nets.push_back(json::array{name.first, name.second, net.rows, net.amount, static_cast<std::int64_t>(net.control)});
  object["nets"] = std::move(nets);
  return object;
}

Result<Tally> tally_from(const std::string& path) {
  auto text = read_file(path);
  if (!text) return text.error();
  const auto parsed = parse_json(*text);
  if (!parsed || !parsed->is_object()) return machine_error(path + " is no tally");
  Tally tally;
  for (std::size_t i = 0; i < kMatches; ++i) {
    tally.rows[i] = integer_member(parsed->as_object(), to_string(static_cast<Match>(i))).value_or(0);
  }
  for (const json::value& net : parsed->as_object().at("nets").as_array()) {
    const json::array& parts = net.as_array();
    tally.nets[{std::string(parts.at(0).as_string()), std::string(parts.at(1).as_string())}] = {
        parts.at(2).to_number<std::int64_t>(), parts.at(3).to_number<std::int64_t>(),
        static_cast<std::uint64_t>(parts.at(4).to_number<std::int64_t>())};
  }
  return tally;
}

}  // namespace

json::object ReconciliationSummary::to_json() const {
  json::object object;
  for (std::size_t i = 0; i < kMatches; ++i) object[to_string(static_cast<Match>(i))] = tally.rows[i];
  object["drift"] = tally.drift();
  object["malformed_ours"] = malformed_ours;
  object["malformed_statement"] = malformed_statement;
  return object;
}

void ReconciliationRun::tell(std::string_view stage, std::int64_t done, std::int64_t of) const {
  if (progress_) progress_(stage, done, of);
}

Result<ReconciliationSummary> ReconciliationRun::run(const std::atomic<bool>& stopping) {
  for (const Side side : {Side::ours, Side::statement}) {
    if (auto ingested = ingest_side(side, stopping); !ingested) return ingested.error();
  }
  if (auto matched = match(stopping); !matched) return matched.error();
  auto summary = settle();
  if (!summary) return summary;
  if (auto reported = report(*summary); !reported) return reported.error();
  return summary;
}

Result<void> ReconciliationRun::ingest_side(Side side, const std::atomic<bool>& stopping) {
  return reconciliation::ingest_side(directory_, side, stopping,
                                     [this](std::int64_t done, std::int64_t of) { tell("ingest", done, of); });
}

Result<void> ReconciliationRun::match(const std::atomic<bool>& stopping) {
  for (const char* name : {"differences", "tallies"}) {
    if (auto made = make_directories(path(name)); !made) return made;
  }
  for (int bucket = 0; bucket < kBuckets; ++bucket) {
    if (stopping) return stopped();
    if (bucket >= manner_.dies_after) {
      std::filesystem::remove_all(path("tallies"));
      return machine_error("the run died after " + std::to_string(bucket) + " of " + std::to_string(kBuckets) +
                           " parts; nothing of it is kept");
    }
    // The tally is written last, and at once: a bucket with one is finished.
    const bool finished = access(path("tallies/" + std::to_string(bucket)).c_str(), F_OK) == 0;
    if (!finished) {
      if (auto matched = match_one(bucket); !matched) return matched;
    }
    tell("match", bucket + 1, kBuckets);
  }
  return {};
}

Result<void> ReconciliationRun::match_one(int bucket) {
  const auto ours = read_file(reconciliation::bucket_path(directory_, Side::ours, bucket));
  if (!ours) return ours.error();
  const auto statement = read_file(reconciliation::bucket_path(directory_, Side::statement, bucket));
  if (!statement) return statement.error();
  std::string differences;
  const auto tally = match_bucket(
      *ours, *statement,
      [&](Match match, const SettlementRow& row, const SettlementRow* other) {
        append_difference(differences, match, row, other);
      },
      manner_.add_up);
  if (!tally) return tally.error();
  const std::string name = std::to_string(bucket);
  if (auto written = reconciliation::write_checkpoint(path("differences/" + name), differences); !written)
    return written;
  return reconciliation::write_checkpoint(path("tallies/" + name), json::serialize(to_json(*tally)));
}

Result<ReconciliationSummary> ReconciliationRun::settle() {
  ReconciliationSummary summary;
  for (int bucket = 0; bucket < kBuckets; ++bucket) {
    auto tally = tally_from(path("tallies/" + std::to_string(bucket)));
    if (!tally) return tally.error();
    if (auto added = summary.tally.add(*tally, manner_.add_up); !added) return added.error();
  }
  for (const auto& [side, count] :
       {std::pair{Side::ours, &summary.malformed_ours}, std::pair{Side::statement, &summary.malformed_statement}}) {
    auto malformed = reconciliation::count_malformed(directory_, side);
    if (!malformed) return malformed.error();
    *count = *malformed;
  }
  std::string csv = "merchant,currency,rows,amount\n";
  for (const auto& [name, net] : summary.tally.nets) {
    append_text(csv, name.first);
    csv.append(1, ',').append(name.second).append(1, ',').append(std::to_string(net.rows)).append(1, ',');
    csv.append(std::to_string(net.amount)).append(1, '\n');
  }
  if (auto written = write_file_atomically(path("settlement.csv"), csv); !written) return written.error();
  tell("settle", 1, 1);
  return summary;
}

Result<void> ReconciliationRun::report(const ReconciliationSummary& summary) {
  std::string all = "kind,reference,amount,currency,at_ms,our_amount,our_currency,our_at_ms\n";
  const std::string differences = path("differences.csv.part");
  std::FILE* raw = std::fopen(differences.c_str(), "we");
  if (raw == nullptr) return system_error("make " + differences, errno);
  bool whole = std::fwrite(all.data(), 1, all.size(), raw) == all.size();
  for (int bucket = 0; bucket < kBuckets && whole; ++bucket) {
    const auto part = read_file(path("differences/" + std::to_string(bucket)));
    if (!part) {
      std::fclose(raw);
      return part.error();
    }
    whole = std::fwrite(part->data(), 1, part->size(), raw) == part->size();
  }
  if (std::fclose(raw) != 0 || !whole) return system_error("write " + differences, errno);

  std::string overview = "kind,rows\n";
  for (const auto& [name, rows] : summary.to_json()) {
    overview.append(name).append(1, ',').append(std::to_string(rows.as_int64())).append(1, '\n');
  }
  auto zip = ZipWriter::create(path("report.zip.part"));
  if (!zip) return zip.error();
  if (auto added = zip->add_text("summary.csv", overview); !added) return added;
  if (auto added = zip->add_file("differences.csv", differences); !added) return added;
  if (auto added = zip->add_file("settlement.csv", path("settlement.csv")); !added) return added;
  for (const Side side : {Side::ours, Side::statement}) {
    const std::string name = side == Side::ours ? "malformed-ours.csv" : "malformed-statement.csv";
    if (auto added = zip->add_file(name, reconciliation::malformed_path(directory_, side)); !added) return added;
  }
  if (auto finished = zip->finish(); !finished) return finished;
  std::filesystem::remove(differences);
  if (std::rename(path("report.zip.part").c_str(), path("report.zip").c_str()) != 0) {
    return system_error("name " + path("report.zip"), errno);
  }
  tell("report", 1, 1);
  return {};
}

}  // namespace tidegate::platform
