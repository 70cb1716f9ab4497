// No card number stands in anything that the run left behind: logs, exports, stores. The vault's own store is the one
// place that may hold them. Looked for: digits in a row, of a card's length, that begin as the run's own card numbers
// do and whose check digit is right (Luhn, ISO/IEC 7812-1). Digits between letters of a hash are none.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "audit/checker.hpp"
#include "base/http/characters.hpp"
#include "record/truth.hpp"

namespace tidegate::audit {
namespace {

namespace fs = std::filesystem;
using http::is_digit;

constexpr std::size_t kShortest = 13, kLongest = 19;
constexpr std::size_t kDigest = 32;  // the fewest hexadecimal digits of a hash (128 bits)

bool luhn_valid(std::string_view digits) {
  int sum = 0;
  bool twice = false;
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, twice = !twice) {
    const int value = *digit - '0';
    sum += !twice ? value : value < 5 ? 2 * value : 2 * value - 9;
  }
  return sum % 10 == 0;
}

bool is_hex(char c) {
  return http::hex_value(c) >= 0;
}

/// Finds card numbers in a stream of bytes, whatever its cuts. A row of digits as long as the shortest card number lies
/// over one of the bytes that many apart, so of most bytes only those are looked at.
class Scanner {
 public:
  explicit Scanner(const Terms& terms) : terms_(terms) {}

  /// The last four digits of the first card number found so far; empty: none.
  const std::string& found() const { return found_; }

  void scan(std::string_view bytes) {
    window_ += bytes;
    judge_rows(window_.size() - std::min(window_.size(), kDigest));
    const std::size_t done = begin_ - std::min(begin_, kDigest);  // what is kept tells whether a row is a digest's
    window_.erase(0, done);
    begin_ -= done;
  }
  void end() {
    judge_rows(window_.size());
    window_.clear();
    begin_ = 0;
  }

 private:
  /// All rows of the window that end by `limit`.
  void judge_rows(std::size_t limit) {
    std::size_t probe = begin_ + kShortest - 1;
    while (probe < limit) {
      if (!is_digit(window_[probe])) {
        begin_ = probe + 1;
        probe += kShortest;
        continue;
      }
      std::size_t from = probe, to = probe + 1;
      while (from > begin_ && is_digit(window_[from - 1])) --from;
      while (to < window_.size() && is_digit(window_[to])) ++to;
      // What follows the row has not been read yet. Of an endless one, enough is kept to see that it is no card's.
      if (to > limit) {
        begin_ = std::max(from, to - std::min(to, kLongest + 1));
        return;
      }
      judge(from, to);
      begin_ = to;
      probe = to + kShortest;  // the next row begins behind `to`
    }
  }

  void judge(std::size_t from, std::size_t to) {
    const std::size_t length = to - from;
    if (length < kShortest || length > kLongest || !found_.empty()) return;
    const std::string_view digits = std::string_view(window_).substr(from, length);
    const bool ours = std::ranges::any_of(terms_.card_prefixes,
                                          [&](const std::string& prefix) { return digits.starts_with(prefix); });
    if (ours && luhn_valid(digits) && !in_digest(from, to)) found_ = digits.substr(length - 4);
  }

  /// Are the digits part of a hash? One in some hundred million hashes holds a row that could be a card's.
  bool in_digest(std::size_t from, std::size_t to) const {
    std::size_t first = from, last = to;
    while (first > 0 && from - first < kDigest && is_hex(window_[first - 1])) --first;
    while (last < window_.size() && last - to < kDigest && is_hex(window_[last])) ++last;
    return first < from && last > to && last - first >= kDigest;
  }

  const Terms& terms_;
  std::string window_;
  std::size_t begin_ = 0;  // of what has not been judged
  std::string found_;
};

void scan_file(const fs::path& path, Scanner& scanner) {
  if (path.extension() == ".zst") {
    (void)record::read_truth(path.string(), [&scanner](std::string_view line) {
      scanner.scan(line);
      scanner.end();
      return scanner.found().empty();
    });
    return;
  }
  std::ifstream file(path, std::ios::binary);
  std::string buffer(1U << 18, '\0');
  while (file && scanner.found().empty()) {
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    scanner.scan({buffer.data(), static_cast<std::size_t>(file.gcount())});
  }
  scanner.end();
}

bool is_vault(const fs::path& relative) {
  return std::ranges::any_of(relative, [](const fs::path& part) { return part.string().starts_with("vault"); });
}

void check_directory(const record::RunDirectory& directory, const Terms& terms, Finding& finding) {
  std::error_code error;
  std::vector<fs::path> files;
  for (fs::recursive_directory_iterator at(directory.path(), error), end; !error && at != end; at.increment(error)) {
    if (at->is_regular_file(error)) files.push_back(at->path());
  }
  if (error) finding.unknown("the run directory cannot be listed: " + error.message());
  std::ranges::sort(files);
  for (const fs::path& path : files) {
    const fs::path relative = fs::relative(path, directory.path(), error);
    if (is_vault(relative) || relative == "report.html" || relative == "verdict.json") continue;
    finding.checked();
    Scanner scanner(terms);
    scan_file(path, scanner);
    if (scanner.found().empty()) continue;
    finding.wrong("a card number ending in " + scanner.found() + " stands in " + relative.string(), {});
  }
}

}  // namespace

const Checker& no_card_data() {
  static const Checker checker = {.name = "no_card_data",
                                  .doc = "No card number stands in any log, export or store outside the vault.",
                                  .directory = check_directory};
  return checker;
}

}  // namespace tidegate::audit
