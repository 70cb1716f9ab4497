#include "platform/autoscaler/member.hpp"

#include <csignal>
#include <filesystem>

#include "base/json.hpp"
#include "base/units.hpp"

namespace tidegate::platform {
namespace {

constexpr Nanoseconds kTellLimit = std::chrono::seconds(1);

std::vector<std::string> command_of(const ServiceOptions& fleet, const std::string& ready_file, int events_per_second) {
  std::string roles;
  for (const std::string& role : fleet.roles) roles.append(roles.empty() ? "" : ",").append(role);
  std::vector<std::string> command{"/proc/self/exe",
                                   "unit-host",
                                   "--roles",
                                   roles,
                                   "--data",
                                   fleet.data_directory,
                                   "--ready-file",
                                   ready_file,
                                   "--peers",
                                   fleet.peers_file,
                                   "--profile",
                                   fleet.profile,
                                   "--workers",
                                   std::to_string(fleet.workers),
                                   "--shards",
                                   std::to_string(fleet.shards),
                                   "--events-per-second",
                                   std::to_string(events_per_second)};
  for (const auto& [name, value] : fleet.switches) {
    command.emplace_back("--switch");
    command.push_back(name + "=" + value);
  }
  return command;
}

}  // namespace

Result<std::unique_ptr<Member>> Member::start(asio::any_io_executor loop, const std::string& name,
                                              const ServiceOptions& fleet, int events_per_second) {
  const std::string ready_file = fleet.data_directory + "/" + name + ".ready";
  std::error_code ignored;
  std::filesystem::create_directories(fleet.data_directory, ignored);
  std::filesystem::remove(ready_file, ignored);
  std::unique_ptr<Member> member(new Member(std::move(loop), name, ready_file, fleet.operator_token));
  ProcessOptions options;
  options.command = command_of(fleet, ready_file, events_per_second);
  options.environment = {{"TIDEGATE_OPERATOR_TOKEN", fleet.operator_token}};  // not where `ps` shows it
  auto process = ChildProcess::start(options);
  if (!process) return process.error();
  member->process_ = std::move(*process);
  return member;
}

Member::~Member() {
  if (control_) control_->stop();
}

bool Member::reachable() {
  if (control_) return true;
  const auto text = read_file(ready_file_);
  const auto parsed = text ? parse_json(*text) : Result<json::value>(text.error());
  if (!parsed || !parsed->is_object()) return false;
  const auto address = parse_address(string_member(parsed->as_object(), "http").value_or(""));
  if (!address) return false;
  control_ = std::make_shared<http::Client>(loop_, address->host, address->port);
  return true;
}

asio::awaitable<bool> Member::tell(std::set<int> units) {
  http::ClientRequest request;
  request.method = "PUT";
  request.target = "/internal/units";
  request.headers.emplace_back("Authorization", "Bearer " + token_);
  request.body = json::serialize(json::object{{"units", json::array(units.begin(), units.end())}});
  const auto control = control_;  // it may be replaced meanwhile
  const auto answer = co_await control->send(std::move(request), kTellLimit);
  if (!answer || answer->status != 200) co_return false;
  const auto parsed = parse_json(answer->body);
  const json::value* held = parsed && parsed->is_object() ? parsed->as_object().if_contains("units") : nullptr;
  if (held == nullptr || !held->is_object()) co_return false;
  units_.clear();
  for (const auto& [number, address] : held->as_object()) {
    const auto unit = parse_integer(std::string_view(number));
    if (unit && address.is_string()) units_[static_cast<int>(*unit)] = std::string(address.as_string());
  }
  heard_at_ = monotonic_now();
  co_return true;
}

void Member::retire() {
  if (retiring_) return;
  retiring_ = true;
  [[maybe_unused]] const auto sent = process_.signal(SIGTERM);
}

void Member::kill() {
  [[maybe_unused]] const auto sent = process_.signal(SIGKILL);
}

}  // namespace tidegate::platform
