#include "stack/child.hpp"

#include <unistd.h>

#include "base/json.hpp"

namespace tidegate::stack {
namespace {

Result<std::string> fill(const std::string& word, const Child& child, const CommandInput& input) {
  std::string out;
  std::size_t at = 0;
  for (;;) {
    const auto open = word.find("${", at);
    if (open == std::string::npos) return out + word.substr(at);
    const auto close = word.find('}', open);
    if (close == std::string::npos) return usage_error("process '" + child.spec.name + "': '" + word + "' lacks a '}'");
    out += word.substr(at, open - at);
    const std::string slot = word.substr(open + 2, close - open - 2);
    at = close + 1;
    if (slot == "data") {
      out += child.data_directory();
    } else if (slot == "ready_file") {
      out += child.ready_file();
    } else if (slot == "peers_file") {
      out += child.peers_file();
    } else if (slot == "bin") {
      out += executable_directory();
    } else if (slot == "profile") {
      out += input.profile;
    } else if (slot == "port") {
      const auto colon = child.held_address.rfind(':');
      out += colon == std::string::npos ? "0" : child.held_address.substr(colon + 1);
    } else if (slot.starts_with("secret.") && input.secrets.contains(slot.substr(7))) {
      out += input.secrets.at(slot.substr(7));
    } else {
      return usage_error(child.spec.mark.text() + ": process '" + child.spec.name + "': unknown slot '${" + slot +
                         "}'; known are data, ready_file, peers_file, port, bin, profile, switches and secret.NAME");
    }
  }
}

}  // namespace

Result<std::vector<std::string>> command_of(const Child& child, const CommandInput& input) {
  std::vector<std::string> command;
  for (const std::string& word : child.spec.command) {
    if (word == "${switches}") {
      for (const auto& [name, value] : input.switches) {
        command.insert(command.end(), {"--switch", name + "=" + value});
      }
      continue;
    }
    auto filled = fill(word, child, input);
    if (!filled) return filled.error();
    command.push_back(std::move(*filled));
  }
  const std::string beside = executable_directory() + "/" + command.front();
  if (command.front().find('/') == std::string::npos && access(beside.c_str(), X_OK) == 0) command.front() = beside;
  return command;
}

Result<std::optional<std::map<std::string, std::string>>> read_ready_file(const std::string& path) {
  if (access(path.c_str(), F_OK) != 0) return std::optional<std::map<std::string, std::string>>{};
  auto text = read_file(path);
  if (!text) return text.error();
  auto value = parse_json(*text);
  if (!value) return protocol_error(path + ": " + value.error().message);
  if (!value->is_object()) return protocol_error(path + ": expected an object of endpoint names and addresses");
  std::map<std::string, std::string> endpoints;
  for (const auto& [name, address] : value->as_object()) {
    if (!address.is_string()) return protocol_error(path + ": '" + std::string(name) + "' is not a text");
    endpoints.emplace(name, address.as_string());
  }
  return std::optional(std::move(endpoints));
}

std::string log_tail(const std::string& path, int lines) {
  auto text = read_file(path);
  if (!text) return {};
  std::size_t at = text->size();
  while (at > 0 && lines >= 0) {
    --at;
    if ((*text)[at] == '\n') --lines;
  }
  return text->substr(at == 0 ? 0 : at + 1);
}

}  // namespace tidegate::stack
