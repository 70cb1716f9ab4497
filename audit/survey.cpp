#include "audit/survey.hpp"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <thread>

#include "audit/joins.hpp"
#include "audit/life.hpp"

namespace tidegate::audit {
namespace {

constexpr std::string_view kAnyApplied = "applied-*";
constexpr std::size_t kMostParts = 256;

// Tasks in their order, by as many threads as asked for.
void run_all(const std::vector<std::function<void()>>& tasks, int threads) {
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t index = next++; index < tasks.size(); index = next++) tasks[index]();
  };
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
}

}  // namespace

Survey::Survey(const record::RunDirectory& directory, const std::vector<std::string>& names,
               const CheckOptions& options)
    : directory_(directory), options_(options) {
  for (const std::string& name : names) {
    const auto found = std::ranges::find(checker_registry(), name, &Checker::name);
    questions_.emplace_back();
    questions_.back().name = name;
    questions_.back().checker = found == checker_registry().end() ? nullptr : &*found;
  }
}

std::vector<record::AuditFinding> Survey::run() {
  prepare();
  Evidence evidence(directory_, manifest_, wanted(), parts());
  read(evidence);
  settle_broken(evidence);
  join(evidence);
  check_heads(evidence);
  settle_broken(evidence);
  return findings();
}

void Survey::prepare() {
  auto manifest = Manifest::read(directory_);
  if (manifest) {
    manifest_ = std::move(*manifest);
  } else {
    no_manifest_ = manifest.error().message;
  }
  manifest_.terms.asked_bank = manifest_.exports.contains("bank");
  manifest_.terms.asked_ledger = manifest_.exports.contains("ledger");
  for (Question& question : questions_) prepare(question);
}

std::string Survey::reason_of(std::string_view needed) const {
  if (needed == kAnyApplied) {
    for (const auto& [name, entry] : manifest_.exports) {
      if (group_of_export(name)) return {};
    }
    return "not asked: the system declares no export 'applied-GROUP'";
  }
  if (manifest_.exports.contains(std::string(needed))) return {};
  if (!no_manifest_.empty()) return no_manifest_;
  return "not asked: the system declares no export '" + std::string(needed) + "'";
}

void Survey::prepare(Question& question) {
  if (question.checker == nullptr) {
    question.not_asked = "there is no checker of that name";
    return;
  }
  for (const std::string_view needed : question.checker->needs) {
    if (question.not_asked.empty()) question.not_asked = reason_of(needed);
  }
  for (const std::string_view used : question.checker->uses) {
    if (manifest_.exports.contains(std::string(used))) continue;
    question.aside += (question.aside.empty() ? "not asked: '" : ", '") + std::string(used) + "'";
  }
}

Wanted Survey::wanted() const {
  Wanted wanted;
  for (const Question& question : questions_) {
    if (!question.not_asked.empty()) continue;
    wanted.keys = wanted.keys || question.checker->key != nullptr;
    wanted.payments = wanted.payments || question.checker->payment != nullptr;
    wanted.numbers = wanted.numbers || question.checker->number != nullptr;
    wanted.notices = wanted.notices || question.checker->notice != nullptr;
    wanted.references = wanted.references || question.checker->reference != nullptr;
  }
  return wanted;
}

std::size_t Survey::parts() const {
  std::error_code ignored;
  const auto bytes = std::filesystem::file_size(directory_.operations(), ignored);
  std::uint64_t most = ignored ? 0 : bytes / 384;  // two records of 192 bytes for an operation
  for (const auto& [name, entry] : manifest_.exports) {
    if (name != "ledger") most = std::max(most, entry.records);
  }
  return std::clamp<std::size_t>(most / std::max<std::size_t>(options_.records_per_part, 1) + 1, 1, kMostParts);
}

void Survey::read(Evidence& evidence) {
  Evidence::Checks checks;
  for (Question& question : questions_) {
    if (!question.not_asked.empty() || question.checker->stream == nullptr) continue;
    for (const auto* names : {&question.checker->needs, &question.checker->uses}) {
      for (const std::string_view name : *names) question.streams.emplace_back(name, Finding{});
    }
    for (auto& [name, finding] : question.streams) {
      question.checks.push_back(question.checker->stream(finding));
      checks.emplace(name, question.checks.back().get());
    }
  }
  std::vector<std::function<void()>> tasks = evidence.reading_tasks(checks);
  for (Question& question : questions_) {
    if (!question.not_asked.empty() || question.checker->directory == nullptr) continue;
    tasks.emplace_back(
        [this, &question] { question.checker->directory(directory_, manifest_.terms, question.finding); });
  }
  run_all(tasks, options_.threads);
}

// A checker whose evidence cannot be used does not look at what is left of it: every record would seem missing.
void Survey::settle_broken(const Evidence& evidence) {
  const std::string history = evidence.broken("history");
  for (Question& question : questions_) {
    if (!question.not_asked.empty()) continue;
    if (!history.empty()) question.finding.unknown("the operation history cannot be read: " + history);
    if (evidence.history_cut()) {
      constexpr auto kCut = "the operation history was cut short";
      question.finding.unknown(kCut);
      if (question.checker->whole_history) question.not_asked = kCut;
    }
    if (evidence.clock_stepped()) {
      question.finding.unknown("the run clock stepped: an answer is older than its request");
    }
    if (!manifest_.doubt.empty()) question.finding.unknown(manifest_.doubt);
    for (const auto& [name, entry] : manifest_.exports) {
      const auto needs = [&, &name = name](const std::vector<std::string_view>& list) {
        const std::string_view base = name == "payments-after" ? std::string_view("payments") : std::string_view(name);
        return std::ranges::find(list, base) != list.end() ||
               (group_of_export(name) && std::ranges::find(list, kAnyApplied) != list.end());
      };
      if (!needs(question.checker->needs) && !needs(question.checker->uses)) continue;
      const std::string broken = evidence.broken(name);
      if (!broken.empty()) question.not_asked = "the export '" + name + "' cannot be used: " + broken;
    }
  }
}

void Survey::join(Evidence& evidence) {
  struct Kind {
    Result<void> (*join)(Evidence&, std::size_t, const Terms&, const std::vector<Asking>&);
    bool (*asked)(const Checker&);
  };
  static const Kind kinds[] = {{join_keys, [](const Checker& checker) { return checker.key != nullptr; }},
                               {join_payments, [](const Checker& checker) { return checker.payment != nullptr; }},
                               {join_numbers, [](const Checker& checker) { return checker.number != nullptr; }},
                               {join_notices, [](const Checker& checker) { return checker.notice != nullptr; }},
                               {join_references, [](const Checker& checker) { return checker.reference != nullptr; }}};

  // Every (kind, part) has findings of its own, merged in order afterwards.
  std::vector<std::vector<Finding>> found(std::size(kinds) * evidence.parts(), std::vector<Finding>(questions_.size()));
  std::vector<std::function<void()>> tasks;
  for (std::size_t kind = 0; kind < std::size(kinds); ++kind) {
    const auto asks = [&, kind](const Question& question) {
      return question.not_asked.empty() && kinds[kind].asked(*question.checker);
    };
    if (std::ranges::none_of(questions_, asks)) continue;
    for (std::size_t part = 0; part < evidence.parts(); ++part) {
      tasks.emplace_back([&, kind, part, asks] {
        std::vector<Finding>& here = found[kind * evidence.parts() + part];
        std::vector<Asking> asking;
        for (std::size_t i = 0; i < questions_.size(); ++i) {
          if (asks(questions_[i])) asking.push_back({questions_[i].checker, &here[i]});
        }
        const auto joined = kinds[kind].join(evidence, part, manifest_.terms, asking);
        if (!joined)
          std::ranges::for_each(asking, [&](const Asking& one) { one.finding->unknown(joined.error().message); });
      });
    }
  }
  run_all(tasks, options_.threads);
  for (std::size_t i = 0; i < questions_.size(); ++i) {
    if (!questions_[i].not_asked.empty()) continue;
    for (auto& [name, finding] : questions_[i].streams) questions_[i].finding.merge(std::move(finding));
    for (std::vector<Finding>& here : found) questions_[i].finding.merge(std::move(here[i]));
  }
}

// A consumer that keeps numbers only must not be ahead of what was published.
void Survey::check_heads(const Evidence& evidence) {
  if (!evidence.unchanged()) return;
  for (Question& question : questions_) {
    if (!question.not_asked.empty() || question.checker->number == nullptr) continue;
    for (const auto& [place, number] : evidence.through) {
      const auto head = evidence.heads.find(place.second);
      if (head == evidence.heads.end()) {
        question.finding.unknown("a consumer has applied a stream whose events nobody exports");
        continue;
      }
      const std::int64_t last = head->second;
      if (number <= last) continue;
      question.finding.wrong("a consumer applied number " + std::to_string(number) +
                                 " of a stream, which was never published: its last is " + std::to_string(last),
                             {});
    }
  }
}

std::vector<record::AuditFinding> Survey::findings() {
  std::vector<Wrong*> wrongs;
  for (Question& question : questions_) {
    if (!question.not_asked.empty()) {
      question.finding = Finding();
      question.finding.unknown(question.not_asked);
    }
    for (Wrong& wrong : question.finding.shown()) wrongs.push_back(&wrong);
  }
  std::vector<Subject> subjects;
  for (const Wrong* wrong : wrongs) subjects.push_back(wrong->subject);
  const std::vector<Life> lives = subjects.empty() ? std::vector<Life>{} : read_lives(directory_, subjects);
  for (std::size_t i = 0; i < wrongs.size(); ++i) wrongs[i]->what = named(wrongs[i]->what, lives[i]);

  std::vector<record::AuditFinding> findings;
  std::size_t life = 0;
  for (const Question& question : questions_) {
    findings.push_back(
        question.finding.finish(question.name, "the history and the exports hold nothing to check", question.aside));
    for (const Wrong& wrong : question.finding.shown()) {
      json::object example = to_json(lives[life++]);
      example["what"] = wrong.what;
      findings.back().counterexamples.emplace_back(std::move(example));
    }
  }
  return findings;
}

std::vector<record::AuditFinding> check(const record::RunDirectory& directory, const std::vector<std::string>& names,
                                        const CheckOptions& options) {
  return Survey(directory, names, options).run();
}

}  // namespace tidegate::audit
