#pragma once
// Whose request it is. API keys today; OAuth 2 client credentials and mutual TLS are further implementations of the
// same question, asked one after the other.

#include <memory>
#include <optional>
#include <vector>

#include "base/http/message.hpp"
#include "platform/gateway/tenants.hpp"

namespace tidegate::platform {

/// An authenticated client.
struct Principal {
  std::int64_t merchant = 0;
  std::int64_t api_key = 0;  ///< 0: by other means
};

/// One way to authenticate. Used on the service's loop.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  /// Nothing: these are not this one's credentials, or they are wrong.
  virtual std::optional<Principal> authenticate(const http::Request& request) const = 0;
};

/// `Authorization: Bearer tgk_...`. `tenants` outlives it.
std::unique_ptr<Authenticator> make_api_key_authenticator(const TenantDirectory& tenants);
/// The first that says yes.
std::unique_ptr<Authenticator> make_any_authenticator(std::vector<std::unique_ptr<Authenticator>> ways);

}  // namespace tidegate::platform
