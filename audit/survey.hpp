#pragma once
// One audit of a run directory: which checkers can answer, reading the evidence, the joins, and what came of it.

#include <memory>
#include <string>
#include <vector>

#include "audit/audit.hpp"
#include "audit/checker.hpp"
#include "audit/evidence.hpp"

namespace tidegate::audit {

class Survey {
 public:
  Survey(const record::RunDirectory& directory, const std::vector<std::string>& names, const CheckOptions& options);
  std::vector<record::AuditFinding> run();

 private:
  /// One checker that was asked for, by the name that the caller gave.
  struct Question {
    std::string name;
    const Checker* checker = nullptr;
    std::string not_asked;  ///< why it cannot answer; empty: it can
    std::string aside;      ///< what it would also look at, and is not there
    Finding finding;
    std::vector<std::pair<std::string, Finding>> streams;  ///< export to what its stream check found
    std::vector<std::unique_ptr<StreamCheck>> checks;
  };

  void prepare();
  void prepare(Question& question);
  std::string reason_of(std::string_view needed) const;
  Wanted wanted() const;
  std::size_t parts() const;
  void read(Evidence& evidence);
  void settle_broken(const Evidence& evidence);
  void join(Evidence& evidence);
  void check_heads(const Evidence& evidence);
  std::vector<record::AuditFinding> findings();

  const record::RunDirectory& directory_;
  CheckOptions options_;
  Manifest manifest_;
  std::string no_manifest_;  ///< why there is none; empty: there is one
  std::vector<Question> questions_;
};

}  // namespace tidegate::audit
