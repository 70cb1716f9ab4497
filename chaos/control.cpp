#include "chaos/control.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/file.hpp"

namespace tidegate::chaos {
namespace {

constexpr std::string_view kFileSchema = "tidegate.agent/1";

/// Made with mode 0700 and refused when it is somebody else's.
Result<std::string> agent_directory() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  const std::string path = std::string(runtime != nullptr && *runtime != '\0' ? runtime : "/tmp") +
                           "/tidegate-agents-" + std::to_string(::getuid());
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return system_error("make " + path, errno);
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return system_error("look at " + path, errno);
  if (!S_ISDIR(status.st_mode) || status.st_uid != ::getuid() || (status.st_mode & 077) != 0) {
    return machine_error(path + " is not a directory of this user alone");
  }
  return path;
}

/// The agent's own words out of a problem document.
Error refusal(const http::Response& response) {
  std::string detail = "the chaos agent answered with status " + std::to_string(response.status);
  if (const auto body = parse_json(response.body); body && body->is_object()) {
    if (auto text = string_member(body->get_object(), "detail")) detail = "the chaos agent refused: " + *text;
  }
  return response.status < 500 ? usage_error(detail) : machine_error(detail);
}

template <typename T, typename Parse>
Result<T> parsed(const Result<json::value>& answer, Parse parse) {
  if (!answer) return answer.error();
  return parse(*answer);
}

std::string fault_path(const std::string& fault) {
  return "/v1/faults/" + http::percent_encode(fault);
}

}  // namespace

Result<AgentEndpoint> read_agent_file(const std::string& path) {
  auto text = read_file(path);
  if (!text) return text.error();
  auto value = parse_json(*text);
  if (!value || !value->is_object()) return protocol_error(path + " is not the file of a chaos agent");
  const json::object& object = value->get_object();
  const auto schema = string_member(object, "schema"), address = string_member(object, "address"),
             token = string_member(object, "token");
  if (schema != kFileSchema || !address || !token) return protocol_error(path + " is not the file of a chaos agent");
  return AgentEndpoint{*address, *token, static_cast<int>(integer_member(object, "pid").value_or(0))};
}

Result<void> write_agent_file(const std::string& path, const AgentEndpoint& endpoint) {
  const json::object content{
      {"schema", kFileSchema}, {"address", endpoint.address}, {"token", endpoint.token}, {"pid", endpoint.pid}};
  const std::string temporary = path + ".new";
  ::unlink(temporary.c_str());
  const FileDescriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return system_error("open " + temporary, errno);
  if (auto written = write_all(file.get(), json::serialize(content) + "\n", temporary); !written) return written;
  if (std::rename(temporary.c_str(), path.c_str()) != 0) return system_error("rename " + temporary, errno);
  return {};
}

std::vector<AgentEndpoint> registered_agents() {
  std::vector<AgentEndpoint> agents;
  const auto directory = agent_directory();
  if (!directory) return agents;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(*directory, error)) {
    if (entry.path().extension() != ".json") continue;
    auto agent = read_agent_file(entry.path().string());
    if (!agent) continue;
    if (::kill(agent->pid, 0) != 0 && errno == ESRCH) {
      ::unlink(entry.path().c_str());  // it was killed together with its watchdog
    } else {
      agents.push_back(std::move(*agent));
    }
  }
  return agents;
}

Result<void> register_agent(const AgentEndpoint& endpoint) {
  const auto directory = agent_directory();
  if (!directory) return directory.error();
  return write_agent_file(*directory + "/" + std::to_string(endpoint.pid) + ".json", endpoint);
}

void unregister_agent(int pid) {
  if (const auto directory = agent_directory()) ::unlink((*directory + "/" + std::to_string(pid) + ".json").c_str());
}

AgentControl::AgentControl(AgentEndpoint endpoint, Nanoseconds timeout)
    : endpoint_(std::move(endpoint)), timeout_(timeout) {}

Result<json::value> AgentControl::call(std::string method, std::string target, std::string body) const {
  http::ClientRequest request{
      std::move(method), target, {{"Authorization", "Bearer " + endpoint_.token}}, std::move(body)};
  auto response = http::fetch("http://" + endpoint_.address + target, request, timeout_);
  if (!response) return Error{response.error().kind, "the chaos agent did not answer: " + response.error().message};
  if (response->status >= 300) return refusal(*response);
  return parse_json(response->body);
}

Result<LinkReport> AgentControl::open_link(const LinkRequest& request) const {
  return parsed<LinkReport>(call("POST", "/v1/links", json::serialize(to_json(request))), link_from_json);
}

Result<AgentStatus> AgentControl::close_link(const std::string& name) const {
  return parsed<AgentStatus>(call("DELETE", "/v1/links/" + http::percent_encode(name)), status_from_json);
}

Result<LinkReport> AgentControl::set_upstream(const std::string& link, const std::string& address) const {
  return parsed<LinkReport>(call("PUT", "/v1/links/" + http::percent_encode(link) + "/upstream",
                                 json::serialize(json::object{{"address", address}})),
                            link_from_json);
}

Result<FaultReport> AgentControl::inject(const LeaseRequest& request) const {
  return parsed<FaultReport>(call("POST", "/v1/faults", json::serialize(to_json(request))), report_from_json);
}

Result<FaultReport> AgentControl::report(const std::string& fault) const {
  return parsed<FaultReport>(call("GET", fault_path(fault)), report_from_json);
}

Result<TouchPage> AgentControl::touched(const std::string& fault, std::uint64_t from) const {
  return parsed<TouchPage>(call("GET", fault_path(fault) + "/touched?from=" + std::to_string(from)),
                           touch_page_from_json);
}

Result<FaultReport> AgentControl::heal(const std::string& fault) const {
  return parsed<FaultReport>(call("DELETE", fault_path(fault)), report_from_json);
}

Result<AgentStatus> AgentControl::heal_all() const {
  return parsed<AgentStatus>(call("DELETE", "/v1/faults"), status_from_json);
}

Result<AgentStatus> AgentControl::heartbeat() const {
  return parsed<AgentStatus>(call("POST", "/v1/heartbeat"), status_from_json);
}

Result<AgentStatus> AgentControl::status() const {
  return parsed<AgentStatus>(call("GET", "/v1/status"), status_from_json);
}

}  // namespace tidegate::chaos
