// No card number stands in anything that the run left behind: logs, exports, stores. The vault's own store is the one
// place that may hold them. Looked for: digits in a row, of a card's length, that begin as the run's own card numbers
// do and whose check digit is right (Luhn, ISO/IEC 7812-1).
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

#include "audit/checker.hpp"
#include "record/truth.hpp"

namespace tidegate::audit {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kShortest = 13, kLongest = 19;

bool luhn_valid(std::string_view digits) {
  int sum = 0;
  bool twice = false;
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, twice = !twice) {
    const int value = *digit - '0';
    sum += !twice ? value : value < 5 ? 2 * value : 2 * value - 9;
  }
  return sum % 10 == 0;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Finds card numbers in a stream of bytes, whatever its cuts. A row of digits as long as the shortest card number lies
/// over one of the bytes that many apart, so of most bytes only those are looked at.
class Scanner {
 public:
  explicit Scanner(const Terms& terms) : terms_(terms) {}

  /// The last four digits of the first card number found so far; empty: none.
  const std::string& found() const { return found_; }

  void scan(std::string_view bytes) {
    std::size_t at = 0;
    if (length_ > 0) {  // a row that the bytes before ended in
      while (at < bytes.size() && is_digit(bytes[at])) take(bytes[at++]);
      if (at == bytes.size()) return;
      end();
    }
    std::size_t begin = bytes.size();  // of the row that the bytes end in
    while (begin > at && is_digit(bytes[begin - 1])) --begin;
    scan_whole_rows(bytes.substr(at, begin - at));
    for (; begin < bytes.size(); ++begin) take(bytes[begin]);
  }
  void end() {
    const std::string_view digits(digits_.data(), std::min(length_, digits_.size()));
    const bool plausible = length_ >= kShortest && length_ <= kLongest && found_.empty();
    length_ = 0;
    if (!plausible) return;
    const bool ours = std::ranges::any_of(terms_.card_prefixes,
                                          [&](const std::string& prefix) { return digits.starts_with(prefix); });
    if (ours && luhn_valid(digits)) found_ = digits.substr(digits.size() - 4);
  }

 private:
  void take(char digit) {
    if (length_ < digits_.size()) digits_[length_] = digit;
    ++length_;
  }
  // No row reaches beyond these bytes.
  void scan_whole_rows(std::string_view bytes) {
    std::size_t probe = kShortest - 1;
    while (probe < bytes.size()) {
      if (!is_digit(bytes[probe])) {
        probe += kShortest;
        continue;
      }
      std::size_t from = probe, to = probe + 1;
      while (from > 0 && is_digit(bytes[from - 1])) --from;
      while (to < bytes.size() && is_digit(bytes[to])) ++to;
      for (std::size_t i = from; i < to; ++i) take(bytes[i]);
      end();
      probe = to + kShortest;  // the next row begins behind `to`
    }
  }

  const Terms& terms_;
  std::array<char, kLongest> digits_{};
  std::size_t length_ = 0;
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
