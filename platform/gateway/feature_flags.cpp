#include "platform/gateway/feature_flags.hpp"

#include <algorithm>

#include "base/units.hpp"

namespace tidegate::platform {

Result<FeatureFlags> FeatureFlags::changed(const json::object& document) const {
  FeatureFlags flags = *this;
  for (const auto& [key, value] : document) {
    const std::string name(key);
    if (std::find(flag::all.begin(), flag::all.end(), name) == flag::all.end()) {
      const std::string near = nearest_spelling(name, flag::all);
      return usage_error("there is no flag '" + name.substr(0, 40) + "'" +
                         (near.empty() ? "" : "; did you mean '" + near + "'?"));
    }
    if (!value.is_bool()) return usage_error("the flag " + name + " is true or false");
    flags.off_[name] = !value.get_bool();
  }
  return flags;
}

json::object FeatureFlags::to_json() const {
  json::object document;
  for (const std::string_view name : flag::all) document[name] = on(name);
  return document;
}

}  // namespace tidegate::platform
