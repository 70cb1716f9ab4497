// Goal: whatever a data file holds, it reads the same from memory and from the disk, or is refused both ways.
// Run: bin/table_fuzz -max_total_time=60 CORPUS (the first byte chooses: c or n)
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "loadgen/table.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidegate::loadgen;
  if (size == 0) return 0;
  const int file = ::memfd_create("table", 0);
  if (file < 0 || ::write(file, data + 1, size - 1) != static_cast<ssize_t>(size - 1)) std::abort();
  const std::string path = "/proc/self/fd/" + std::to_string(file);
  const TableFormat format = data[0] == 'c' ? TableFormat::csv : TableFormat::ndjson;
  const auto memory = open_table(path, format), disk = open_table(path, format, {0});
  bool same = memory.ok() == disk.ok() || size == 1;
  if (memory.ok() && disk.ok()) {
    same = (*memory)->rows() == (*disk)->rows() && (*memory)->columns() == (*disk)->columns();
    for (std::uint64_t row = 0; same && row < (*memory)->rows(); ++row) {
      for (std::size_t column = 0; same && column < (*memory)->columns().size(); ++column) {
        std::string a, b;
        const bool has_a = (*memory)->append_cell(row, column, Escape::none, a);
        same = has_a == (*disk)->append_cell(row, column, Escape::none, b) && a == b;
      }
    }
  }
  if (!same) {
    std::fprintf(stderr, "memory: %s\ndisk: %s\n", memory.ok() ? "ok" : memory.error().message.c_str(),
                 disk.ok() ? "ok" : disk.error().message.c_str());
    std::abort();
  }
  ::close(file);
  return 0;
}
