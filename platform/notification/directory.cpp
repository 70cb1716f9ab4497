// The endpoints in memory, and the limits of sending.

#include <array>

#include "platform/notification/sender.hpp"

namespace tidegate::platform {
namespace {

struct LimitMember {
  std::string_view name;
  std::int64_t SendingLimits::*member;
  std::int64_t low, high;
};
constexpr std::array kLimits{
    LimitMember{"attempts", &SendingLimits::attempts, 1, 50},
    LimitMember{"first_delay_ms", &SendingLimits::first_delay_ms, 1, 3'600'000},
    LimitMember{"longest_delay_ms", &SendingLimits::longest_delay_ms, 1, 86'400'000},
    LimitMember{"timeout_ms", &SendingLimits::timeout_ms, 1, 60'000},
    LimitMember{"sink_ms", &SendingLimits::sink_ms, 0, 60'000},
    LimitMember{"alert_at", &SendingLimits::alert_at, 1, 1'000'000},
};

}  // namespace

json::object SendingLimits::to_json() const {
  json::object object;
  for (const LimitMember& limit : kLimits) object[limit.name] = this->*(limit.member);
  return object;
}

Result<SendingLimits> SendingLimits::changed(const json::object& changes) const {
  SendingLimits next = *this;
  for (const auto& [key, value] : changes) {
    const auto found = std::ranges::find(kLimits, std::string_view(key), &LimitMember::name);
    if (found == kLimits.end()) return usage_error("there is no limit '" + std::string(key) + "'");
    const auto number = value.is_int64() ? value.as_int64() : -1;
    if (number < found->low || number > found->high) {
      return usage_error("'" + std::string(key) + "' is a whole number from " + std::to_string(found->low) + " to " +
                         std::to_string(found->high));
    }
    next.*(found->member) = number;
  }
  return next;
}

void EndpointDirectory::put(Endpoint endpoint) {
  const std::lock_guard lock(mutex_);
  std::string tenant = endpoint.tenant;
  endpoints_.emplace(std::move(tenant), std::move(endpoint));
}

void EndpointDirectory::remove(const std::string& tenant, const std::string& id) {
  const std::lock_guard lock(mutex_);
  std::erase_if(endpoints_, [&](const auto& entry) { return entry.first == tenant && entry.second.id == id; });
}

std::vector<Endpoint> EndpointDirectory::wanting(const std::string& tenant, std::string_view type) const {
  std::vector<Endpoint> found;
  const std::lock_guard lock(mutex_);
  const auto [begin, end] = endpoints_.equal_range(tenant);
  for (auto it = begin; it != end; ++it) {
    if (it->second.wants(type)) found.push_back(it->second);
  }
  return found;
}

std::vector<Endpoint> EndpointDirectory::of(const std::string& tenant) const {
  std::vector<Endpoint> found;
  const std::lock_guard lock(mutex_);
  const auto [begin, end] = endpoints_.equal_range(tenant);
  for (auto it = begin; it != end; ++it) found.push_back(it->second);
  return found;
}

std::optional<Endpoint> EndpointDirectory::find(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [tenant, endpoint] : endpoints_) {
    if (endpoint.id == id) return endpoint;
  }
  return std::nullopt;
}

}  // namespace tidegate::platform
