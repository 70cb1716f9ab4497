#include "platform/worker/role_database.hpp"

#include <vector>

namespace tidegate::platform {

Result<std::unique_ptr<RoleDatabase>> RoleDatabase::open(RoleContext& context, const std::string& name,
                                                         std::initializer_list<std::span<const Migration>> parts) {
  std::vector<Migration> migrations;
  for (const auto part : parts) migrations.insert(migrations.end(), part.begin(), part.end());
  auto store = open_sqlite_store(context.options.data_directory, name, migrations);
  if (!store) return store.error();
  auto reader = (*store)->reader();
  if (!reader) return reader.error();
  std::unique_ptr<RoleDatabase> database(new RoleDatabase(std::move(*store), std::move(*reader)));
  context.runtime.metrics().gauge("store_write_queue_depth", "Units of work that wait for the writer.",
                                  {{"store", name}},
                                  [raw = database->store_.get()] { return static_cast<double>(raw->queue_depth()); });
  return database;
}

std::string database_name(std::string_view role, const ServiceOptions& options) {
  return std::string(role) + "-" + std::to_string(options.role == kUnitRole ? 0 : options.worker_index);
}

}  // namespace tidegate::platform
