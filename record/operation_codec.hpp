#pragma once
// One operation as its 192 bytes on disk. The layout is described for people in docs/run-directory.md.

#include <cstddef>
#include <string>
#include <string_view>

#include "record/file_header.hpp"
#include "record/operations.hpp"

namespace tidegate::record::operation_codec {

inline constexpr std::size_t kRecordSize = 192;
inline constexpr FileHeader kHeader{"TGOPERAT", 2, kRecordSize};

/// Appends kRecordSize bytes.
void encode(const Operation& operation, std::string& out);
/// False when the checksum is wrong or the event is unknown. `bytes` has kRecordSize bytes.
bool decode(std::string_view bytes, Operation& operation);

}  // namespace tidegate::record::operation_codec
