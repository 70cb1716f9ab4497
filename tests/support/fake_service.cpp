// A process for the supervisor's tests: serves /readyz, writes its ready file, and misbehaves on request.
//   fake_service READY_FILE PORT [exit-early | never-ready | ignore-term | bad-file]
#include <unistd.h>

#include <csignal>
#include <string>

#include "base/file.hpp"
#include "base/http/server.hpp"

namespace {

using namespace tidegate;

asio::awaitable<http::Response> answer(const http::Request& request) {
  http::Response response;
  response.status = request.path == "/readyz" ? 200 : 404;
  response.body = "{}";
  co_return response;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string ready_file = arguments[1];
  const std::string mode = count > 3 ? arguments[3] : "";
  if (mode == "exit-early") {
    constexpr char text[] = "cannot open the database\n";
    return write(STDERR_FILENO, text, sizeof text - 1) > 0 ? 3 : 4;
  }
  if (mode == "ignore-term") std::signal(SIGTERM, SIG_IGN);
  asio::io_context context;
  http::ServerOptions options;
  options.port = static_cast<std::uint16_t>(std::stoi(arguments[2]));
  http::Server server(context.get_executor(), answer, options);
  if (auto started = server.start(); !started) return 1;
  const std::string address = "127.0.0.1:" + std::to_string(server.port());
  const std::string content = mode == "bad-file" ? "{\"http\": 5}" : "{\"http\": \"" + address + "\"}";
  if (mode != "never-ready" && !write_file_atomically(ready_file, content)) return 1;
  context.run_for(std::chrono::minutes(2));
  return 0;
}
