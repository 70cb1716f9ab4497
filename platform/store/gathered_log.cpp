#include "platform/store/gathered_log.hpp"

#include <sqlite3.h>

#include <cstddef>
#include <string>

namespace tidegate::platform::sqlite {
namespace {

// SQLite's own files write at most 128 KiB - 1 at a time (unixWrite takes the size modulo 128 KiB).
constexpr std::size_t kMostGathered = 120 * 1024;

sqlite3_vfs* inner = nullptr;

/// What SQLite sees as the log's file. The default VFS's own file lies behind it.
struct alignas(std::max_align_t) GatheredFile {
  sqlite3_file base;
  std::string* pending;  ///< written by SQLite and not yet to the file, from `begin` on
  sqlite3_int64 begin;

  sqlite3_file* file() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

GatheredFile& gathered(sqlite3_file* file) {
  return *reinterpret_cast<GatheredFile*>(file);
}

int write_out(GatheredFile& log) {
  if (log.pending->empty()) return SQLITE_OK;
  sqlite3_file* file = log.file();
  const int code = file->pMethods->xWrite(file, log.pending->data(), static_cast<int>(log.pending->size()), log.begin);
  log.pending->clear();
  return code;
}

int close(sqlite3_file* base) {
  GatheredFile& log = gathered(base);
  const int written = write_out(log);
  delete log.pending;
  const int closed = log.file()->pMethods->xClose(log.file());
  return written != SQLITE_OK ? written : closed;
}

int read(sqlite3_file* base, void* out, int size, sqlite3_int64 offset) {
  GatheredFile& log = gathered(base);
  if (const int code = write_out(log); code != SQLITE_OK) return code;
  return log.file()->pMethods->xRead(log.file(), out, size, offset);
}

int write(sqlite3_file* base, const void* data, int size, sqlite3_int64 offset) {
  GatheredFile& log = gathered(base);
  const auto end = log.begin + static_cast<sqlite3_int64>(log.pending->size());
  if (!log.pending->empty() &&
      (offset != end || log.pending->size() + static_cast<std::size_t>(size) > kMostGathered)) {
    if (const int code = write_out(log); code != SQLITE_OK) return code;
  }
  if (log.pending->empty()) log.begin = offset;
  log.pending->append(static_cast<const char*>(data), static_cast<std::size_t>(size));
  return SQLITE_OK;
}

int truncate(sqlite3_file* base, sqlite3_int64 size) {
  GatheredFile& log = gathered(base);
  if (const int code = write_out(log); code != SQLITE_OK) return code;
  return log.file()->pMethods->xTruncate(log.file(), size);
}

int sync(sqlite3_file* base, int flags) {
  GatheredFile& log = gathered(base);
  if (const int code = write_out(log); code != SQLITE_OK) return code;
  return log.file()->pMethods->xSync(log.file(), flags);
}

int file_size(sqlite3_file* base, sqlite3_int64* size) {
  GatheredFile& log = gathered(base);
  if (const int code = write_out(log); code != SQLITE_OK) return code;
  return log.file()->pMethods->xFileSize(log.file(), size);
}

int lock(sqlite3_file* base, int level) {
  return gathered(base).file()->pMethods->xLock(gathered(base).file(), level);
}

int unlock(sqlite3_file* base, int level) {
  return gathered(base).file()->pMethods->xUnlock(gathered(base).file(), level);
}

int check_lock(sqlite3_file* base, int* locked) {
  return gathered(base).file()->pMethods->xCheckReservedLock(gathered(base).file(), locked);
}

int file_control(sqlite3_file* base, int operation, void* argument) {
  return gathered(base).file()->pMethods->xFileControl(gathered(base).file(), operation, argument);
}

int sector_size(sqlite3_file* base) {
  return gathered(base).file()->pMethods->xSectorSize(gathered(base).file());
}

int device_characteristics(sqlite3_file* base) {
  return gathered(base).file()->pMethods->xDeviceCharacteristics(gathered(base).file());
}

constexpr sqlite3_io_methods kMethods{1,
                                      close,
                                      read,
                                      write,
                                      truncate,
                                      sync,
                                      file_size,
                                      lock,
                                      unlock,
                                      check_lock,
                                      file_control,
                                      sector_size,
                                      device_characteristics,
                                      nullptr,
                                      nullptr,
                                      nullptr,
                                      nullptr,
                                      nullptr,
                                      nullptr};

/// Only logs are gathered; any other file is the default VFS's, in the memory that SQLite gave.
int open(sqlite3_vfs*, const char* name, sqlite3_file* base, int flags, int* flags_out) {
  if ((flags & SQLITE_OPEN_WAL) == 0) return inner->xOpen(inner, name, base, flags, flags_out);
  GatheredFile& log = gathered(base);
  log.base.pMethods = nullptr;  // so far: SQLite closes what has methods
  log.file()->pMethods = nullptr;
  const int code = inner->xOpen(inner, name, log.file(), flags, flags_out);
  if (code != SQLITE_OK) {
    if (log.file()->pMethods != nullptr) log.file()->pMethods->xClose(log.file());
    return code;
  }
  log.pending = new std::string();
  log.begin = 0;
  log.base.pMethods = &kMethods;
  return SQLITE_OK;
}

const char* install() {
  inner = sqlite3_vfs_find(nullptr);
  if (inner == nullptr) return nullptr;
  static sqlite3_vfs vfs = *inner;
  vfs.zName = "gathered-log";
  vfs.szOsFile = static_cast<int>(sizeof(GatheredFile)) + inner->szOsFile;
  vfs.pNext = nullptr;
  vfs.xOpen = open;
  return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK ? vfs.zName : nullptr;
}

}  // namespace

const char* gathered_log_vfs() {
  static const char* const name = install();
  return name;
}

}  // namespace tidegate::platform::sqlite
