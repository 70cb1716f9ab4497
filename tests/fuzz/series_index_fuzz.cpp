// Goal: series.tgs as a report reads it. Whatever the bytes are, the index reads without undefined behaviour, refuses
// what the reader of whole files refuses, and finds nothing new when nothing was written. Run: bin/series_index_fuzz
// -max_total_time=60 CORPUS, the corpus begun with the series.tgs of a short run.

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <limits>
#include <string>

#include "base/assert.hpp"
#include "record/series_index.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidegate;
  static const int file = ::memfd_create("series", 0);
  TIDEGATE_ASSERT(file >= 0 && ::ftruncate(file, 0) == 0);
  TIDEGATE_ASSERT(::pwrite(file, data, size, 0) == static_cast<ssize_t>(size));
  const std::string path = "/proc/self/fd/" + std::to_string(file);
  auto index = record::SeriesIndex::open(path);
  const auto set = record::read_series(path);
  if (!index) {
    TIDEGATE_ASSERT(!set.ok());
    return 0;
  }
  constexpr std::int32_t first = std::numeric_limits<std::int32_t>::min();
  constexpr std::int32_t last = std::numeric_limits<std::int32_t>::max();
  for (std::size_t i = 0; i < index->size(); ++i) {
    const std::size_t one[] = {i};
    std::uint64_t count = 0;
    if (index->key(i).kind == record::SeriesKind::histogram) {
      index->each_histogram(one, first, last,
                            [&count](std::int32_t, const Histogram& value) { count += value.count(); });
    } else {
      index->each_value(i, first, last, [&count](std::int32_t, double) { ++count; });
    }
  }
  TIDEGATE_ASSERT(!index->refresh());
  return 0;
}
