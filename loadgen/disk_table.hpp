#pragma once
// Tables that stay on the disk. Internal to table.cpp.

#include <memory>
#include <string>

#include "base/result.hpp"
#include "loadgen/table.hpp"

namespace tidegate::loadgen {

/// One pass over the file finds its rows and checks that each is whole; nothing but every 16th row's place is kept.
Result<std::shared_ptr<const Table>> open_disk_table(const std::string& path, TableFormat format);

}  // namespace tidegate::loadgen
