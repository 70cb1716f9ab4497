#include "loadgen/cookies.hpp"

#include <time.h>

#include <algorithm>
#include <optional>

#include "base/http/characters.hpp"
#include "base/http/message.hpp"
#include "base/units.hpp"

namespace tidegate::loadgen {
namespace {

constexpr std::size_t kMostCookies = 50;  // RFC 6265, 6.1: at least these per host
constexpr std::size_t kLongestCookie = 4096;

/// Takes the part before the separator off the front.
std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t length = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, length);
  text.remove_prefix(std::min(length + 1, text.size()));
  return http::trimmed(part);
}

/// The path that a cookie without one belongs to: the target's, up to its last slash.
std::string default_path(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos || slash == 0 ? "/" : std::string(path.substr(0, slash));
}

bool path_applies(std::string_view path, std::string_view target) {
  target = target.substr(0, target.find('?'));
  if (!target.starts_with(path)) return false;
  return path.ends_with('/') || target.size() == path.size() || target[path.size()] == '/';
}

bool lies_in_the_past(std::string_view expires) {
  tm parts{};
  const std::string text(expires);
  for (const char* format : {"%a, %d %b %Y %H:%M:%S", "%a, %d-%b-%Y %H:%M:%S", "%A, %d-%b-%y %H:%M:%S"}) {
    if (::strptime(text.c_str(), format, &parts) != nullptr) return ::timegm(&parts) <= ::time(nullptr);
  }
  return false;
}

}  // namespace

void CookieJar::store(std::string_view set_cookie, std::string_view target) {
  if (set_cookie.size() > kLongestCookie) return;
  std::string_view pair = take_until(set_cookie, ';');
  Cookie cookie;
  if (pair.find('=') == std::string_view::npos) return;
  cookie.name = std::string(take_until(pair, '='));
  cookie.value = std::string(pair);
  cookie.path = default_path(target);
  if (cookie.name.empty()) return;
  std::optional<bool> gone;
  while (!set_cookie.empty()) {
    std::string_view attribute = take_until(set_cookie, ';');
    const std::string_view key = take_until(attribute, '=');
    if (http::same_name(key, "Path") && attribute.starts_with('/')) cookie.path = std::string(attribute);
    if (http::same_name(key, "Secure")) cookie.secure = true;
    if (http::same_name(key, "Max-Age")) {
      const auto seconds = parse_integer(attribute);
      if (seconds) gone = *seconds <= 0;
    }
    if (http::same_name(key, "Expires") && !gone) gone = lies_in_the_past(attribute);
  }
  std::erase_if(cookies_, [&](const Cookie& known) { return known.name == cookie.name && known.path == cookie.path; });
  if (gone.value_or(false)) return;
  if (cookies_.size() >= kMostCookies) cookies_.erase(cookies_.begin());
  const auto place = std::find_if(cookies_.begin(), cookies_.end(),
                                  [&](const Cookie& known) { return known.path.size() < cookie.path.size(); });
  cookies_.insert(place, std::move(cookie));
}

bool CookieJar::append(std::string_view target, bool secure, std::string& out) const {
  bool any = false;
  for (const Cookie& cookie : cookies_) {
    if ((cookie.secure && !secure) || !path_applies(cookie.path, target)) continue;
    if (any) out += "; ";
    out += cookie.name;
    out += '=';
    out += cookie.value;
    any = true;
  }
  return any;
}

bool cookie_value(std::string_view set_cookie, std::string_view name, std::string& value) {
  std::string_view pair = take_until(set_cookie, ';');
  if (pair.find('=') == std::string_view::npos || take_until(pair, '=') != name) return false;
  value = std::string(pair);
  return true;
}

}  // namespace tidegate::loadgen
