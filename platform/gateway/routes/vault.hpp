#pragma once
// What the gateway has of cards: the tokens that the vault gives for them.

#include <optional>
#include <string>

#include "platform/gateway/routes/routes.hpp"

namespace tidegate::platform {

/// The card of the vault's answer to POST /v1/tokens; nothing when it is another answer.
std::optional<Card> card_of_answer(std::int64_t merchant, const http::Response& answer);

/// A merchant's card at the vault. Nothing when the vault does not take it.
asio::awaitable<std::optional<Card>> tokenize_card(GatewayContext& context, std::int64_t merchant, std::string number);

}  // namespace tidegate::platform
