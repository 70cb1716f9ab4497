#pragma once
// truth/exports.json: which exports were asked for, how each went, and the terms. Written by fetching; what is not in
// it was never declared.

#include <map>
#include <optional>
#include <string>

#include "audit/terms.hpp"
#include "base/result.hpp"
#include "record/run.hpp"

namespace tidegate::audit {

struct ExportEntry {
  std::uint64_t records = 0, pages = 0;
  double seconds = 0;
  std::string as_of;  ///< the point, as the export named it
  std::string error;  ///< why it cannot be used; empty: it can
  std::string topic;  ///< of applied-GROUP: what the group consumes; may be empty
};

struct Manifest {
  std::map<std::string, ExportEntry> exports;
  /// Nothing was committed while the exports were read: the payments read last are those read first.
  bool unchanged = true;
  Terms terms;
  /// Why the history cannot be trusted although it can be read; empty: it can.
  std::string doubt;

  Result<void> write(const record::RunDirectory& directory) const;
  /// An error when no exports were ever fetched, or the file is damaged.
  static Result<Manifest> read(const record::RunDirectory& directory);
};

/// The name under which an applied export is kept and declared: "applied-" and the group.
std::string applied_export(const std::string& group);
std::optional<std::string> group_of_export(const std::string& name);

}  // namespace tidegate::audit
