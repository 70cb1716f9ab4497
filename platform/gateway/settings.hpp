#pragma once
// The operator's settings, one entry each: how a document is read, checked and put into effect.

#include <functional>
#include <span>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform {

struct GatewayContext;

/// A checked change: what to store, and how it takes effect afterwards.
struct SettingChange {
  json::object document;
  std::function<void()> now;
};

struct Setting {
  std::string_view name;  ///< also the last part of its path
  json::object (*read)(const GatewayContext&);
  Result<SettingChange> (*prepare)(GatewayContext&, const json::object&);
};

std::span<const Setting> all_settings();
/// At the start: puts into effect what was stored. A document that this program no longer accepts is an error.
Result<void> load_settings(Connection& reader, GatewayContext& context);

}  // namespace tidegate::platform
