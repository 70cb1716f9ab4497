#pragma once
// An export over the databases of a role that is split into shards: one after the other, up to one point of all of
// them. A number in it is the shard's place and its own number, `SHARD << 48 | NUMBER`, so numbers ascend over the
// whole and two shards' never meet. With one shard it is add_export() and numbers are as they are stored.

#include <string>
#include <vector>

#include "platform/worker/export_page.hpp"

namespace tidegate::platform {

/// Adds `GET path` for the operator's token. `members` are the numbers of an item that its shard gave.
void add_sharded_export(ServiceRuntime& runtime, std::vector<Connection*> readers, const std::string& path,
                        LastSequence last, ReadItems read, std::vector<std::string> members);

}  // namespace tidegate::platform
