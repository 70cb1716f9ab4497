#include "platform/gateway/settings.hpp"

#include <array>
#include <memory>

#include "platform/gateway/routes/routes.hpp"
#include "platform/gateway/settings_table.hpp"

namespace tidegate::platform {
namespace {

Result<SettingChange> prepare_flags(GatewayContext& context, const json::object& document) {
  auto flags = context.flags.changed(document);
  if (!flags) return flags.error();
  return SettingChange{flags->to_json(), [&context, flags = *flags] { context.flags = flags; }};
}

Result<SettingChange> prepare_limits(GatewayContext& context, const json::object& document) {
  auto settings = RateLimitSettings::from_json(document);
  if (!settings) return settings.error();
  return SettingChange{settings->to_json(), [&context, settings = *settings] { context.limits.change(settings); }};
}

Result<SettingChange> prepare_capacity(GatewayContext& context, const json::object& document) {
  auto settings = CapacitySettings::from_json(document);
  if (!settings) return settings.error();
  return SettingChange{settings->to_json(), [&context, settings = *settings] { context.capacity.change(settings); }};
}

Result<SettingChange> prepare_rules(GatewayContext& context, const json::object& document) {
  auto rules = RoutingRules::from_json(document);
  if (!rules) return rules.error();
  auto shared = std::make_shared<RoutingRules>(std::move(*rules));
  return SettingChange{shared->to_json(), [&context, shared] { context.rules = *shared; }};
}

constexpr std::array kSettings{
    Setting{"feature-flags", [](const GatewayContext& context) { return context.flags.to_json(); }, prepare_flags},
    Setting{"rate-limits", [](const GatewayContext& context) { return context.limits.settings().to_json(); },
            prepare_limits},
    Setting{"capacity", [](const GatewayContext& context) { return context.capacity.settings().to_json(); },
            prepare_capacity},
    Setting{"routing-rules", [](const GatewayContext& context) { return context.rules.to_json(); }, prepare_rules},
};

}  // namespace

std::span<const Setting> all_settings() {
  return kSettings;
}

Result<void> load_settings(Connection& reader, GatewayContext& context) {
  for (const Setting& setting : kSettings) {
    auto document = read_setting(reader, setting.name);
    if (!document) return document.error();
    if (!*document || !(*document)->is_object()) continue;
    auto change = setting.prepare(context, (*document)->get_object());
    if (!change)
      return internal_error("the stored setting " + std::string(setting.name) + ": " + change.error().message);
    change->now();
  }
  return {};
}

}  // namespace tidegate::platform
