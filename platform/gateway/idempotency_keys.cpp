#include "platform/gateway/idempotency_keys.hpp"

#include <algorithm>
#include <bit>
#include <limits>

#include "base/random.hpp"

namespace tidegate::platform {
namespace {

using Value = Connection::Value;

constexpr std::int64_t kForgottenAtOnce = 800;   // 8,000 keys a second: more than are ever made
constexpr std::size_t kStepsOfGeneration = 200;  // 20 s; more than a generation comes in them: the next is larger
constexpr std::size_t kFewestMerged = 500;
constexpr std::pair<std::int64_t, std::int64_t> kBeforeAll{std::numeric_limits<std::int64_t>::min(), -1};

Value integer_or_null(std::int64_t value) {
  return value == 0 ? Value() : Value(value);
}
Value text_or_null(const std::string& value) {
  return value.empty() ? Value() : Value(value);
}

/// Stored. Two keys may have the same one.
std::int64_t hash_of(const KeyName& name) {
  const std::uint64_t scope = static_cast<std::uint64_t>(name.merchant) * 8 + static_cast<std::uint64_t>(name.route);
  return static_cast<std::int64_t>(stable_hash(name.key) + scope * 0x9E37'79B9'7F4A'7C15ULL);
}

/// The living result of that number, if it is this key's.
Result<std::optional<IdempotencyKey>> read_result(Connection& connection, std::int64_t number, const KeyName& name,
                                                  std::int64_t oldest_ms) {
  std::optional<IdempotencyKey> meaning;
  auto read = connection.query(
      "SELECT fingerprint, subject, refusal, at_ms FROM idempotency_result "
      "WHERE number = ? AND merchant = ? AND route = ? AND key = ? AND at_ms >= ?",
      {number, name.merchant, static_cast<std::int64_t>(name.route), name.key, oldest_ms}, [&](const Row& row) {
        meaning = IdempotencyKey{row.integer(0), row.integer(1), std::string(row.text(2)), row.integer(3)};
        return false;
      });
  if (!read) return read.error();
  return meaning;
}

/// Of several numbers the one whose result is this key's and lives.
Result<std::optional<IdempotencyKey>> first_living(Connection& connection, const std::vector<std::int64_t>& numbers,
                                                   const KeyName& name, std::int64_t oldest_ms) {
  for (const std::int64_t number : numbers) {
    auto meaning = read_result(connection, number, name, oldest_ms);
    if (!meaning || *meaning) return meaning;
  }
  return std::optional<IdempotencyKey>();
}

Result<std::vector<std::int64_t>> indexed_numbers(Connection& connection, std::int64_t hash) {
  std::vector<std::int64_t> numbers;
  auto read = connection.query("SELECT number FROM idempotency_index WHERE hash = ?", {hash}, [&](const Row& row) {
    numbers.push_back(row.integer(0));
    return true;
  });
  if (!read) return read.error();
  return numbers;
}

/// In the order of signed hashes, as the index has it.
std::size_t bucket_of(std::int64_t hash) {
  constexpr int kBits = std::bit_width(YoungKeys::kBuckets - 1);
  return static_cast<std::size_t>((static_cast<std::uint64_t>(hash) ^ (std::uint64_t{1} << 63)) >> (64 - kBits));
}

}  // namespace

void YoungKeys::add(const Entry& entry) {
  buckets_.at(bucket_of(entry.first)).push_back(entry);
  ++size_;
}

void YoungKeys::add_numbers(std::int64_t hash, std::vector<std::int64_t>& numbers) const {
  for (const auto& [other, number] : buckets_.at(bucket_of(hash))) {
    if (other == hash) numbers.push_back(number);
  }
}

std::vector<YoungKeys::Entry> YoungKeys::sorted(std::size_t& begin, std::size_t at_least) const {
  std::vector<Entry> entries;
  for (; begin < kBuckets && entries.size() < at_least; ++begin) {
    entries.insert(entries.end(), buckets_.at(begin).begin(), buckets_.at(begin).end());
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

void YoungKeys::remove(std::size_t begin, std::size_t end) {
  for (std::size_t bucket = begin; bucket < end; ++bucket) {
    size_ -= buckets_.at(bucket).size();
    buckets_.at(bucket).clear();
  }
}

Result<void> IdempotencyKeys::load(Connection& connection) {
  std::int64_t indexed = 0;
  auto read = connection.query(
      "SELECT (SELECT number FROM idempotency_indexed), (SELECT min(number) FROM idempotency_result), "
      "(SELECT max(number) FROM idempotency_result)",
      {}, [&](const Row& row) {
        indexed = row.integer(0);
        last_ = std::max(row.integer(2), indexed);
        first_ = row.is_null(1) ? last_ + 1 : row.integer(1);
        return false;
      });
  if (!read) return read;
  return connection.query("SELECT number, merchant, route, key FROM idempotency_result WHERE number > ?", {indexed},
                          [&](const Row& row) {
                            const KeyName name{row.integer(1), static_cast<KeyedRoute>(row.integer(2)), row.text(3)};
                            filling_.add({hash_of(name), row.integer(0)});
                            return true;
                          });
}

Result<std::optional<IdempotencyKey>> IdempotencyKeys::find(Connection& connection, const KeyName& name,
                                                            std::int64_t oldest_ms) const {
  const std::int64_t hash = hash_of(name);
  auto meaning = first_living(connection, young_numbers(hash), name, oldest_ms);
  if (!meaning || *meaning) return meaning;
  // What leaves memory is in the index before: nothing falls between the two.
  const auto numbers = indexed_numbers(connection, hash);
  if (!numbers) return numbers.error();
  return first_living(connection, *numbers, name, oldest_ms);
}

Result<void> IdempotencyKeys::write(Connection& connection, const KeyName& name, const IdempotencyKey& meaning) {
  const std::int64_t number = ++last_;
  auto written =
      connection.execute("INSERT INTO idempotency_result VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                         {number, name.merchant, static_cast<std::int64_t>(name.route), name.key, meaning.fingerprint,
                          integer_or_null(meaning.subject), text_or_null(meaning.refusal), meaning.at_ms});
  if (!written) return written.error();
  const std::int64_t hash = hash_of(name);
  const std::lock_guard lock(mutex_);
  filling_.add({hash, number});
  return {};
}

Result<void> IdempotencyKeys::tidy(Connection& connection, std::int64_t oldest_ms) {
  step_ = {first_, walk_, merged_};
  if (auto done = forget_lapsed(connection, oldest_ms, step_); !done) return done;
  if (auto done = drop_entries(connection, step_); !done) return done;
  return merge_young(connection, step_);
}

void IdempotencyKeys::tidied() {
  first_ = step_.first;
  walk_ = step_.walk;
  const std::lock_guard lock(mutex_);
  merging_.remove(merged_, step_.merged);
  merged_ = step_.merged;
}

std::size_t IdempotencyKeys::young() const {
  const std::lock_guard lock(mutex_);
  return filling_.size() + merging_.size();
}

/// From the oldest on. One that was stamped while the clock was ahead holds back those behind it until it lapses.
Result<void> IdempotencyKeys::forget_lapsed(Connection& connection, std::int64_t oldest_ms, Step& step) const {
  std::int64_t lapsed = 0;
  auto read = connection.query("SELECT number, at_ms FROM idempotency_result ORDER BY number LIMIT ?",
                               {kForgottenAtOnce}, [&](const Row& row) {
                                 if (row.integer(1) >= oldest_ms) return false;
                                 lapsed = row.integer(0);
                                 return true;
                               });
  if (!read || lapsed == 0) return read;
  auto deleted = connection.execute("DELETE FROM idempotency_result WHERE number <= ?", {lapsed});
  if (!deleted) return deleted.error();
  step.first = lapsed + 1;
  return {};
}

/// In the order of the index, so that entries beside each other share a page here, too.
Result<void> IdempotencyKeys::drop_entries(Connection& connection, Step& step) const {
  Walk& walk = step.walk;
  if (!walk.under_way) {
    if (step.first <= walk.dropped) return {};
    walk = {true, kBeforeAll, step.first, walk.dropped};
  }
  std::vector<Entry> forgotten;
  std::int64_t seen = 0;
  auto read = connection.query(
      "SELECT hash, number FROM idempotency_index WHERE (hash, number) > (?, ?) ORDER BY hash, number LIMIT ?",
      {walk.after.first, walk.after.second, kForgottenAtOnce}, [&](const Row& row) {
        ++seen;
        walk.after = {row.integer(0), row.integer(1)};
        if (walk.after.second < walk.below) forgotten.push_back(walk.after);
        return true;
      });
  if (!read) return read;
  for (const auto& [hash, number] : forgotten) {
    auto deleted = connection.execute("DELETE FROM idempotency_index WHERE hash = ? AND number = ?", {hash, number});
    if (!deleted) return deleted.error();
  }
  if (seen < kForgottenAtOnce) walk = {false, kBeforeAll, 0, walk.below};
  return {};
}

Result<void> IdempotencyKeys::merge_young(Connection& connection, Step& step) {
  if (merging_.size() == 0 && filling_.size() >= generation_) begin_generation(step);
  if (merging_.size() == 0) return {};
  const auto entries = merging_.sorted(step.merged, merged_at_once_);
  for (const auto& [hash, number] : entries) {
    // A step before a crash may have written it.
    auto written = connection.execute("INSERT OR IGNORE INTO idempotency_index VALUES (?, ?)", {hash, number});
    if (!written) return written.error();
  }
  if (entries.size() < merging_.size()) return {};  // those that are left; removed when they are committed
  auto noted = connection.execute("UPDATE idempotency_indexed SET number = ?", {merging_to_});
  if (!noted) return noted.error();
  return {};
}

/// What was written in this very transaction comes along, whatever becomes of it: a unit that is run again takes new
/// numbers.
void IdempotencyKeys::begin_generation(Step& step) {
  merging_to_ = last_;
  merged_at_once_ = std::max(kFewestMerged, filling_.size() / kStepsOfGeneration + 1);
  merged_ = step.merged = 0;
  const std::lock_guard lock(mutex_);
  std::swap(filling_, merging_);
}

std::vector<std::int64_t> IdempotencyKeys::young_numbers(std::int64_t hash) const {
  std::vector<std::int64_t> numbers;
  const std::lock_guard lock(mutex_);
  filling_.add_numbers(hash, numbers);
  merging_.add_numbers(hash, numbers);
  return numbers;
}

}  // namespace tidegate::platform
