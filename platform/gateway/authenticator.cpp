#include "platform/gateway/authenticator.hpp"

#include "platform/service/problem.hpp"

namespace tidegate::platform {
namespace {

class ApiKeyAuthenticator final : public Authenticator {
 public:
  explicit ApiKeyAuthenticator(const TenantDirectory& tenants) : tenants_(tenants) {}

  std::optional<Principal> authenticate(const http::Request& request) const override {
    const auto token = bearer_token(request);
    const ApiKey* key = token ? tenants_.authenticate(*token) : nullptr;
    if (key == nullptr) return std::nullopt;
    return Principal{key->merchant, key->id};
  }

 private:
  const TenantDirectory& tenants_;
};

class AnyAuthenticator final : public Authenticator {
 public:
  explicit AnyAuthenticator(std::vector<std::unique_ptr<Authenticator>> ways) : ways_(std::move(ways)) {}

  std::optional<Principal> authenticate(const http::Request& request) const override {
    for (const auto& way : ways_) {
      if (auto principal = way->authenticate(request)) return principal;
    }
    return std::nullopt;
  }

 private:
  std::vector<std::unique_ptr<Authenticator>> ways_;
};

}  // namespace

std::unique_ptr<Authenticator> make_api_key_authenticator(const TenantDirectory& tenants) {
  return std::make_unique<ApiKeyAuthenticator>(tenants);
}

std::unique_ptr<Authenticator> make_any_authenticator(std::vector<std::unique_ptr<Authenticator>> ways) {
  return std::make_unique<AnyAuthenticator>(std::move(ways));
}

}  // namespace tidegate::platform
