#pragma once
// A virtual user's cookies (RFC 6265), for one host: names, values and paths; `Max-Age` and `Expires` of the past
// remove a cookie. Domains are not looked at, since a plan speaks to one host.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::loadgen {

class CookieJar {
 public:
  /// The value of a Set-Cookie header in the answer to `target`. What is not a cookie is passed over.
  void store(std::string_view set_cookie, std::string_view target);
  bool empty() const noexcept { return cookies_.empty(); }
  void clear() noexcept { cookies_.clear(); }
  /// Appends `a=1; b=2`, longest paths first; whether any cookie applies. Cookies that are Secure need `secure`.
  bool append(std::string_view target, bool secure, std::string& out) const;

 private:
  struct Cookie {
    std::string name, value, path;
    bool secure = false;
  };
  std::vector<Cookie> cookies_;
};

/// The value of the cookie with this name in a Set-Cookie header; whether it is the one.
bool cookie_value(std::string_view set_cookie, std::string_view name, std::string& value);

}  // namespace tidegate::loadgen
