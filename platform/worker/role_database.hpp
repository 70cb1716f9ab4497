#pragma once
// A role's own database: its store, a reader for the loop, and what both tell the metrics.

#include <initializer_list>
#include <memory>
#include <span>
#include <string>

#include "platform/store/store.hpp"
#include "platform/worker/role.hpp"

namespace tidegate::platform {

class RoleDatabase {
 public:
  /// Opens DATA/NAME.db with the migrations of its parts; the error names the file.
  static Result<std::unique_ptr<RoleDatabase>> open(RoleContext& context, const std::string& name,
                                                    std::initializer_list<std::span<const Migration>> parts);
  Store& store() { return *store_; }
  /// For the loop's thread alone.
  Connection& reader() { return *reader_; }

 private:
  RoleDatabase(std::unique_ptr<Store> store, std::unique_ptr<Connection> reader)
      : store_(std::move(store)), reader_(std::move(reader)) {}
  std::unique_ptr<Store> store_;
  std::unique_ptr<Connection> reader_;
};

/// What `ServiceOptions::role` is for one of a role's movable parts (platform/autoscaler).
inline constexpr std::string_view kUnitRole = "unit";
/// "ledger-0": the role and the worker's index. Of a unit always 0: units write streams of one producer, each its own.
std::string database_name(std::string_view role, const ServiceOptions& options);

}  // namespace tidegate::platform
