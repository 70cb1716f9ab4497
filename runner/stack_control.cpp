#include "runner/stack_control.hpp"

#include "base/units.hpp"
#include "chaos/process_target.hpp"

namespace tidegate::runner {
namespace {

constexpr Nanoseconds kAnswerWithin = std::chrono::seconds(2);

}  // namespace

Result<void> StackControl::kill(const std::string& process, int signal_number) {
  return supervisor_.kill(process, signal_number);
}

Result<void> StackControl::restart(const std::string& process) {
  return supervisor_.restart(process);
}

Result<void> StackControl::restart_with(const std::string& process,
                                        const std::map<std::string, std::string>& switches) {
  return supervisor_.restart(process, switches);
}

Result<StackControl::Identity> StackControl::identity(const std::string& process) const {
  const auto pid = supervisor_.pid(process);
  if (!pid) return machine_error("process '" + process + "' is not running");
  return Identity{*pid, chaos::process_start_ticks(*pid)};
}

std::optional<Nanoseconds> StackControl::ready_since(const std::string& process) const {
  return supervisor_.ready_since(process);
}

Result<http::Response> StackControl::fetch(const std::string& process, const std::string& endpoint,
                                           http::ClientRequest request) {
  // As an operator reaches it: not over a link on which a fault may be.
  const auto address = supervisor_.address(process + "." + endpoint, "operator");
  if (!address) return address.error();
  const auto token = supervisor_.secrets().find("operator_token");
  if (token != supervisor_.secrets().end()) request.headers.emplace_back("Authorization", "Bearer " + token->second);
  return http::fetch("http://" + *address + request.target, request, kAnswerWithin);
}

Result<json::value> StackControl::call(const std::string& process, const std::string& endpoint,
                                       const std::string& method, const std::string& path, const std::string& body) {
  http::ClientRequest request{method, path, {}, body};
  if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  const auto response = fetch(process, endpoint, std::move(request));
  const std::string what = method + " " + path + " of " + process;
  if (!response) return Error{response.error().kind, what + ": " + response.error().message};
  if (response->status < 200 || response->status > 299) {
    return machine_error(what + " answered with status " + std::to_string(response->status) + ": " +
                         response->body.substr(0, 300));
  }
  auto parsed = parse_json(response->body);
  if (!parsed) return protocol_error(what + " answered with no JSON: " + parsed.error().message);
  return parsed;
}

Result<double> StackControl::counter(const std::string& process, const std::string& endpoint, const std::string& name) {
  const auto response = fetch(process, endpoint, http::ClientRequest{"GET", "/metrics", {}, {}});
  if (!response) return response.error();
  const auto sum = sum_of_metric(response->body, name);
  if (!sum) return usage_error("process '" + process + "' has no metric '" + name + "' on its page");
  return *sum;
}

Result<std::string> StackControl::address(const std::string& link) {
  const stack::LinkSpec* spec = supervisor_.topology().link(link);
  if (spec == nullptr) return usage_error("the topology has no link '" + link + "'");
  return supervisor_.address(spec->to + "." + spec->endpoint, spec->from);
}

std::optional<double> sum_of_metric(std::string_view page, std::string_view name) {
  std::optional<double> sum;
  while (!page.empty()) {
    const auto end = page.find('\n');
    const std::string_view line = page.substr(0, end);
    page.remove_prefix(end == std::string_view::npos ? page.size() : end + 1);
    if (!line.starts_with(name) || line.size() <= name.size()) continue;
    const char after = line[name.size()];
    if (after != ' ' && after != '{') continue;
    const auto labels_end = after == '{' ? line.rfind('}') : name.size() - 1;
    if (labels_end == std::string_view::npos) continue;
    std::string_view value = line.substr(labels_end + 1);
    while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    value = value.substr(0, value.find(' '));  // a stamp may follow
    if (const auto number = parse_number(value)) sum = sum.value_or(0) + *number;
  }
  return sum;
}

}  // namespace tidegate::runner
