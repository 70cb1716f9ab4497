#pragma once
// SQLite writes every page of a commit to its write-ahead log with two calls, of 24 and of 4,096 bytes, and of both a
// file system makes three blocks. Here they are gathered, and written with a few calls when SQLite syncs the log, which
// it does before anybody may read what it wrote (synchronous=FULL). At 5,000 payments/s the gateway made 43,000 such
// calls a second.
//
// The order of writes and syncs, and so what a crash can leave behind, is SQLite's own. An error of a write shows at
// the sync, which fails the commit as it would have failed the write.

namespace tidegate::platform::sqlite {

/// The name of the VFS to open a connection with that writes. Thread-safe. Null, SQLite's default, if it cannot be had.
const char* gathered_log_vfs();

}  // namespace tidegate::platform::sqlite
