#include "record/run.hpp"

#include <cerrno>

#include <sys/stat.h>

#include "base/file.hpp"
#include "record/compact_json.hpp"
#include "record/file_header.hpp"
#include "record/verdict_json.hpp"

namespace tidegate::record {
namespace {

bool exists(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0;
}

Result<json::value> read_json(const std::string& path) {
  auto content = read_file(path);
  if (!content) return content.error();
  auto value = parse_json(*content);
  if (!value) return usage_error(path + ": " + value.error().message);
  return value;
}

Result<void> write_json(const std::string& path, json::value value) {
  make_valid_utf8(value);
  std::string text = pretty_json(value);
  if (!text.ends_with('\n')) text += '\n';
  return write_file_atomically(path, text);
}

/// Errors of the readers name the file by its role; people need to know which directory.
Error in_directory(const std::string& path, Error error) {
  error.message = path + "/" + error.message;
  return error;
}

}  // namespace

Result<RunDirectory> RunDirectory::create(const std::string& path) {
  RunDirectory directory;
  directory.path_ = path;
  if (exists(directory.run_json())) {
    return usage_error(path + " holds a run already; choose another directory with --out, or remove it");
  }
  for (const char* folder : {"", "/logs", "/truth"}) {
    if (auto made = make_directories(path + folder); !made) return made.error();
  }
  return directory;
}

Result<RunDirectory> RunDirectory::open(const std::string& path) {
  RunDirectory directory;
  directory.path_ = path;
  if (!exists(path)) return usage_error(path + ": no such directory");
  if (!exists(directory.run_json())) return usage_error(path + ": not a run directory (it has no run.json)");
  if (auto info = directory.read_info(); !info) return info.error();
  return directory;
}

Result<void> RunDirectory::write_info(const RunInfo& info) const {
  return write_json(run_json(), to_json(info));
}

Result<RunInfo> RunDirectory::read_info() const {
  auto value = read_json(run_json());
  if (!value) return value.error();
  auto info = run_info_from_json(*value);
  if (!info) return in_directory(path_, info.error());
  return info;
}

Result<void> RunDirectory::write_verdict(const Verdict& verdict_to_write) const {
  return write_json(verdict(), to_json(verdict_to_write));
}

Result<Verdict> RunDirectory::read_verdict() const {
  auto value = read_json(verdict());
  if (!value) return value.error();
  auto found = verdict_from_json(*value);
  if (!found) return in_directory(path_, found.error());
  return found;
}

Result<void> RunDirectory::write_findings(const std::vector<AuditFinding>& findings_to_write) const {
  json::array list;
  for (const AuditFinding& finding : findings_to_write) list.push_back(to_json(finding));
  return write_json(findings(), json::object{{"schema", "tidegate.findings/1"}, {"findings", std::move(list)}});
}

Result<std::optional<std::vector<AuditFinding>>> RunDirectory::read_findings() const {
  if (!exists(findings())) return std::optional<std::vector<AuditFinding>>();
  auto value = read_json(findings());
  if (!value) return value.error();
  std::optional<Error> error;
  JsonFields fields(*value, "truth/findings.json", error);
  std::string schema;
  fields.read("schema", schema);
  if (error) return in_directory(path_, *error);
  if (auto known = check_schema(schema, "tidegate.findings", 1, findings()); !known) return known.error();
  std::vector<AuditFinding> list;
  fields.read_list<AuditFinding>("findings", list, read_finding);
  if (error) return in_directory(path_, *error);
  return std::optional(std::move(list));
}

}  // namespace tidegate::record
