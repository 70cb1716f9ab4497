#pragma once
// The agent's control API: HTTP and JSON in front of AgentState. Routes: chaos/README.md.

#include <string>

#include "base/asio.hpp"
#include "base/http/server.hpp"
#include "chaos/agent_state.hpp"

namespace tidegate::chaos {

/// A handler for http::Server. Every request needs `Authorization: Bearer TOKEN`. `state` outlives the handler; both
/// are used on one thread.
http::Handler agent_api(AgentState& state, std::string token);

}  // namespace tidegate::chaos
