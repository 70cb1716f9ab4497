#pragma once
// The tables of the gateway's database (migration numbers from 20), besides those of the outbox and the inbox.

#include <vector>

#include "platform/store/store.hpp"

namespace tidegate::platform {

/// All of the gateway's migrations: outbox, inbox and its own.
std::vector<Migration> gateway_migrations();

}  // namespace tidegate::platform
