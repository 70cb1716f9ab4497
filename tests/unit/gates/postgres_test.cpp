// The PostgreSQL source against a server that says what the row of the table tells it to. Messages are those of
// protocol 3.0 (PostgreSQL 15, chapter 55): a type byte, a length that counts itself, a body.

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "base/file.hpp"
#include "gates/probes/signal_source.hpp"
#include "tests/support/catch.hpp"

using namespace tidegate;
using namespace tidegate::gates;
using namespace std::chrono_literals;

namespace {

std::string big_endian(std::uint32_t number, int bytes) {
  std::string out;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>(number >> shift & 0xFF);
  return out;
}

std::string message(char type, const std::string& body) {
  return type + big_endian(static_cast<std::uint32_t>(body.size() + 4), 4) + body;
}

const std::string kReady = message('Z', "I");
const std::string kWelcome = message('R', big_endian(0, 4)) + kReady;

/// The answer to one query: a row of one column, or none (NULL).
std::string row_of(const std::string& value, bool null = false) {
  const std::string column = std::string("n") + '\0' + big_endian(0, 4) + big_endian(0, 2) + big_endian(25, 4) +
                             big_endian(0xFFFF, 2) + big_endian(0xFFFFFFFF, 4) + big_endian(0, 2);
  const std::string field =
      null ? big_endian(0xFFFFFFFF, 4) : big_endian(static_cast<std::uint32_t>(value.size()), 4) + value;
  return message('1', "") + message('2', "") + message('T', big_endian(1, 2) + column) +
         message('D', big_endian(1, 2) + field) + message('C', std::string("SELECT 1") + '\0') + kReady;
}

std::string refusal(const std::string& state, const std::string& text) {
  std::string body;
  for (const char* field : {"SERROR", "VERROR"}) body += std::string(field) + '\0';
  return message('E', body + "C" + state + '\0' + "M" + text + '\0' + '\0');
}

class PostgresDouble {
 public:
  /// What is said to a client that introduced itself, and to each of its queries. Nothing: it hangs up instead.
  PostgresDouble(std::string welcome, std::vector<std::string> answers)
      : welcome_(std::move(welcome)), answers_(std::move(answers)) {
    listener_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    started_ = ::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), length) == 0 &&
               ::listen(listener_.get(), 8) == 0 &&
               ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &length) == 0;
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~PostgresDouble() {
    stopping_ = true;
    thread_.join();
  }
  bool started() const { return started_; }
  int connections() const { return connections_; }
  std::string url() const {
    return "postgresql://probe@127.0.0.1:" + std::to_string(port_) + "/pay?sslmode=disable&gssencmode=disable";
  }

 private:
  void serve() {
    FileDescriptor client;
    std::string got;
    std::size_t answered = 0;
    while (!stopping_) {
      pollfd waiting[2] = {{listener_.get(), POLLIN, 0}, {client ? client.get() : -1, POLLIN, 0}};
      if (::poll(waiting, 2, 20) <= 0) continue;
      if (waiting[0].revents != 0) {
        client.reset(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        ++connections_;
        got.clear();
        introduced_ = false;
      } else if (!take(client, got, answered)) {
        client.reset();
      }
    }
  }

  // False when the conversation is over.
  bool take(const FileDescriptor& client, std::string& got, std::size_t& answered) {
    char buffer[4096];
    const ssize_t size = ::recv(client.get(), buffer, sizeof buffer, 0);
    if (size <= 0) return false;
    got.append(buffer, static_cast<std::size_t>(size));
    static const std::string kSync = message('S', "");
    const bool asked = introduced_ && got.ends_with(kSync);
    if (introduced_ && !asked) return true;
    got.clear();
    const std::string& answer = introduced_ ? answers_[std::min(answered++, answers_.size() - 1)] : welcome_;
    introduced_ = true;
    if (answer.empty()) return false;
    return ::send(client.get(), answer.data(), answer.size(), MSG_NOSIGNAL) >= 0;
  }

  std::string welcome_;
  std::vector<std::string> answers_;
  FileDescriptor listener_;
  std::uint16_t port_ = 0;
  bool started_ = false, introduced_ = false;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::thread thread_;
};

Result<std::string> no_stack(const std::string& endpoint) {
  return usage_error("no endpoint " + endpoint);
}

std::unique_ptr<SignalSource> source_of(const std::string& url) {
  auto made = make_source({"g", SignalSpec::Kind::sql, "SELECT n", url}, no_stack);
  REQUIRE(made.ok());
  return std::move(*made);
}

}  // namespace

TEST_CASE("PostgreSQL: a number, no number, a refusal, silence", "[signal]") {
  using Kind = Error::Kind;
  struct Row {
    const char* what;
    std::string welcome, answer;
    std::optional<double> number;
    std::optional<Kind> error;
    const char* says;
  };
  // Messages that never become whole.
  const std::string slow_welcome("R\0\0", 3), slow("T\0\0", 3);
  const Row rows[] = {
      {"a count", kWelcome, row_of("42"), 42.0, {}, ""},
      {"a fraction", kWelcome, row_of("-0.25"), -0.25, {}, ""},
      {"NULL", kWelcome, row_of("", true), {}, {}, ""},
      {"not a number, says the database", kWelcome, row_of("NaN"), {}, {}, ""},
      {"a text", kWelcome, row_of("many"), {}, Kind::usage, "'many', which is not a number"},
      {"no row",
       kWelcome,
       message('1', "") + message('2', "") + message('T', big_endian(0, 2)) +
           message('C', std::string("SELECT 0") + '\0') + kReady,
       {},
       {},
       ""},
      {"not a SELECT",
       kWelcome,
       message('1', "") + message('2', "") + message('n', "") + message('C', std::string("SET") + '\0') + kReady,
       {},
       Kind::usage,
       "is not a SELECT"},
      {"no such table",
       kWelcome,
       refusal("42P01", "relation \"outbx\" does not exist") + kReady,
       {},
       Kind::usage,
       "outbx"},
      {"it would write",
       kWelcome,
       refusal("25006", "cannot execute DELETE in a read-only transaction") + kReady,
       {},
       Kind::usage,
       "read-only"},
      {"stopped by its own time limit",
       kWelcome,
       refusal("57014", "canceling statement due to statement timeout") + kReady,
       {},
       Kind::timeout,
       "canceling"},
      {"locked out for now",
       kWelcome,
       refusal("53300", "too many connections") + kReady,
       {},
       Kind::timeout,
       "too many"},
      {"no such role", refusal("28000", "role \"probe\" does not exist"), "", {}, Kind::timeout, "role"},
      {"hangs up at once", "", "", {}, Kind::timeout, "closed"},
      {"hangs up when asked", kWelcome, "", {}, Kind::timeout, "closed"},
      {"never welcomes", slow_welcome, "", {}, Kind::timeout, "connecting took too long"},
      {"never answers", kWelcome, slow, {}, Kind::timeout, "the answer took too long"},
      {"a length beyond reason", kWelcome, "T" + big_endian(0x7FFFFFFF, 4), {}, Kind::timeout, ""},
      {"no protocol at all", "HTTP/1.1 400 Bad Request\r\n\r\n", "", {}, Kind::timeout, ""},
      {"garbage for an answer", kWelcome, "\x01\x02\x03\x04\x05\x06\x07\x08", {}, Kind::timeout, ""},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    PostgresDouble server(row.welcome, {row.answer});
    REQUIRE(server.started());
    const auto source = source_of(server.url());
    const auto read = source->read(row.error ? 200ms : 5s);
    if (!row.error) {
      INFO((read ? std::string() : read.error().message));
      REQUIRE(read.ok());
      CHECK(*read == row.number);
      continue;
    }
    REQUIRE_FALSE(read.ok());
    INFO(read.error().message);
    CHECK(read.error().kind == *row.error);
    CHECK_THAT(read.error().message, Catch::Contains(row.says));
  }
}

TEST_CASE("PostgreSQL: one connection serves many readings, and a lost one is made again", "[signal]") {
  PostgresDouble server(kWelcome, {row_of("1"), row_of("2"), refusal("42P01", "gone") + kReady, row_of("3")});
  REQUIRE(server.started());
  const auto source = source_of(server.url());
  CHECK(**source->read(5s) == 1);
  CHECK(**source->read(5s) == 2);
  CHECK(server.connections() == 1);
  CHECK_FALSE(source->read(5s).ok());
  CHECK(**source->read(5s) == 3);
  CHECK(server.connections() == 2);
}

TEST_CASE("PostgreSQL: what is no URL is refused before anything starts, and its password is not repeated",
          "[signal]") {
  const auto refused =
      make_source({"g", SignalSpec::Kind::sql, "SELECT 1", "postgresql://u:hunter2@[::1/pay"}, no_stack);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().kind == Error::Kind::usage);
  CHECK_THAT(refused.error().message, !Catch::Contains("hunter2"));
}
