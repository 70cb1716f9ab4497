#include "chaos/control.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/file.hpp"

namespace tidegate::chaos {
namespace {

constexpr std::string_view kFileSchema = "tidegate.agent/1";

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

Result<LinkReport> AgentControl::open_link(const std::string& name) const {
  return parsed<LinkReport>(call("POST", "/v1/links", json::serialize(json::object{{"name", name}})), link_from_json);
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
