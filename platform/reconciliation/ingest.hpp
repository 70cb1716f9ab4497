#pragma once
// The first stage: a CSV file into bucket files. Private to platform/reconciliation.

#include <atomic>
#include <functional>

#include "platform/reconciliation/rows.hpp"

namespace tidegate::platform::reconciliation {

inline constexpr int kBuckets = 64;

/// "ours-07", "statement-63", below DIRECTORY/buckets/.
std::string bucket_path(const std::string& directory, Side side, int bucket);
std::string input_path(const std::string& directory, Side side);
std::string malformed_path(const std::string& directory, Side side);

/// Reads the side's input from its checkpoint on and appends to the bucket files; at a checkpoint the files' sizes and
/// the input's offset are saved together, and a restart cuts the files back to them. The first line is a header. Lines
/// that are no rows go to the malformed file, with their reason.
Result<void> ingest_side(const std::string& directory, Side side, const std::atomic<bool>& stopping,
                         const std::function<void(std::int64_t done, std::int64_t of)>& tell);

/// Makes or replaces a file at once, without waiting for the disk: whole after a kill -9 of the process. After a power
/// cut a run is begun anew, from inputs that are still there.
Result<void> write_checkpoint(const std::string& path, std::string_view content);

/// Lines that were no rows.
Result<std::int64_t> count_malformed(const std::string& directory, Side side);

}  // namespace tidegate::platform::reconciliation
