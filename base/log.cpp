#include "base/log.hpp"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <ctime>
#include <memory>
#include <mutex>

#include "base/utf8.hpp"

namespace tidegate::log {
namespace {

constexpr std::array<std::string_view, 5> kSecretNames = {"authorization", "cookie", "token", "card", "api_key"};

bool is_secret(std::string_view name) {
  std::string plain(name);
  for (char& c : plain) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '-') c = '_';
  }
  return std::any_of(kSecretNames.begin(), kSecretNames.end(), [&](std::string_view secret) {
    return plain == secret || (plain.ends_with(secret) && plain[plain.size() - secret.size() - 1] == '_');
  });
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const char c = text.front();
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      out += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  out += '"';
}

std::string_view level_name(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warn:
      return "warn";
    case Level::error:
      return "error";
  }
  return "error";
}

std::string timestamp(Nanoseconds unix_time) {
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(unix_time);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(unix_time);
  const std::time_t whole = seconds.count();
  std::tm parts{};
  ::gmtime_r(&whole, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, (milliseconds - seconds).count());
}

struct Destination {
  std::mutex mutex;
  std::string component = "tidegate";
  std::shared_ptr<spdlog::logger> logger;
  std::atomic<Level> lowest{Level::info};

  Destination()
      : logger(std::make_shared<spdlog::logger>("tidegate", std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
    logger->set_pattern("%v");
    logger->set_level(spdlog::level::trace);
    logger->flush_on(spdlog::level::trace);
  }
};

Destination& destination() {
  // Never destroyed: threads that outlive main may still write.
  static auto* const shared = new Destination;
  return *shared;
}

}  // namespace

std::string format_line(Nanoseconds unix_time, Level level, std::string_view component, std::string_view message,
                        Fields fields) {
  std::string out = "{\"ts\":\"" + timestamp(unix_time) + "\",\"level\":\"";
  out += level_name(level);
  out += "\",\"component\":";
  append_quoted(out, component);
  out += ",\"message\":";
  append_quoted(out, message);
  for (const auto& [name, value] : fields) {
    out += ',';
    append_quoted(out, name);
    out += ':';
    append_quoted(out, is_secret(name) ? std::string_view("***") : std::string_view(value));
  }
  out += '}';
  return out;
}

void configure(std::string component, Level lowest) {
  Destination& to = destination();
  const std::lock_guard lock(to.mutex);
  to.component = std::move(component);
  to.lowest = lowest;
}

void write(Level level, std::string_view message, Fields fields) {
  try {
    Destination& to = destination();
    if (level < to.lowest.load(std::memory_order_relaxed)) return;
    std::string component;
    {
      const std::lock_guard lock(to.mutex);
      component = to.component;
    }
    to.logger->log(spdlog::level::info,
                   spdlog::string_view_t(format_line(unix_now(), level, component, message, fields)));
  } catch (...) {  // a log line is not worth a program
  }
}

}  // namespace tidegate::log
