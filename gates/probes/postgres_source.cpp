#include "gates/probes/postgres_source.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cmath>

#include "base/units.hpp"

namespace tidegate::gates {
namespace {

struct CloseConnection {
  void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
};
struct ClearResult {
  void operator()(PGresult* result) const noexcept { PQclear(result); }
};
struct FreeText {
  void operator()(char* text) const noexcept { PQfreemem(text); }
};
struct FreeOptions {
  void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};
using Connection = std::unique_ptr<PGconn, CloseConnection>;
using Answer = std::unique_ptr<PGresult, ClearResult>;

// One line, without the trailing break that libpq's messages have.
std::string one_line(const char* message) {
  std::string text(message == nullptr ? "" : message);
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

// SQLSTATE classes that no waiting mends: authorization, no such database, a privilege or a name that does not exist, a
// command that writes, a value that is no value. Source: PostgreSQL 15, appendix A.
bool is_lasting(std::string_view state) {
  static constexpr std::string_view kClasses[] = {"0A", "22", "25", "28", "3D", "3F", "42"};
  return std::any_of(std::begin(kClasses), std::end(kClasses),
                     [&](std::string_view one) { return state.starts_with(one); });
}

class PostgresSource final : public SignalSource {
 public:
  PostgresSource(std::string url, std::string query) : url_(std::move(url)), query_(std::move(query)) {}

  Result<std::optional<double>> read(Nanoseconds timeout) override {
    const Nanoseconds deadline = monotonic_now() + timeout;
    auto number = ask(deadline, timeout);
    // What is half read or half sent cannot be gone on with.
    if (!number) connection_.reset();
    return number;
  }

 private:
  Result<std::optional<double>> ask(Nanoseconds deadline, Nanoseconds timeout) {
    if (connection_ && PQstatus(connection_.get()) != CONNECTION_OK) connection_.reset();
    if (!connection_) {
      if (auto connected = connect(deadline, timeout); !connected) return connected.error();
    }
    // The extended protocol: one command, never a script.
    const int sent = PQsendQueryParams(connection_.get(), query_.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0);
    if (sent == 0) return failure();
    return take_answer(deadline);
  }

  Result<void> connect(Nanoseconds deadline, Nanoseconds timeout) {
    // These replace `options` of the URL: a probe writes nothing, whatever the URL says.
    const std::string options = fmt::format("-c default_transaction_read_only=on -c statement_timeout={}",
                                            std::max<std::int64_t>(timeout / std::chrono::milliseconds(1), 1));
    const char* keys[] = {"dbname", "application_name", "options", nullptr};
    const char* values[] = {url_.c_str(), "tidegate-probe", options.c_str(), nullptr};
    connection_.reset(PQconnectStartParams(keys, values, 1));
    if (!connection_ || PQstatus(connection_.get()) == CONNECTION_BAD) return failure();
    for (PostgresPollingStatusType next = PGRES_POLLING_WRITING; next != PGRES_POLLING_OK;) {
      if (next == PGRES_POLLING_FAILED) return failure();
      if (!wait(next == PGRES_POLLING_WRITING, deadline)) return late("connecting");
      next = PQconnectPoll(connection_.get());
    }
    if (PQsetnonblocking(connection_.get(), 1) != 0) return failure();
    return {};
  }

  Result<std::optional<double>> take_answer(Nanoseconds deadline) {
    while (const int left = PQflush(connection_.get())) {
      if (left < 0) return failure();
      if (!wait(true, deadline)) return late("the question");
    }
    std::optional<double> number;
    std::optional<Error> refused;
    for (;;) {
      while (PQisBusy(connection_.get()) != 0) {
        if (!wait(false, deadline)) return late("the answer");
        if (PQconsumeInput(connection_.get()) == 0) return failure();
      }
      const Answer answer(PQgetResult(connection_.get()));
      if (!answer) break;
      if (auto taken = take(answer.get(), number); !taken && !refused) refused = taken.error();
      if (PQstatus(connection_.get()) != CONNECTION_OK) return refused.value_or(failure());
    }
    if (refused) return *refused;
    return number;
  }

  Result<void> take(const PGresult* answer, std::optional<double>& number) const {
    if (PQresultStatus(answer) != PGRES_TUPLES_OK) {
      if (PQresultStatus(answer) == PGRES_COMMAND_OK || PQresultStatus(answer) == PGRES_EMPTY_QUERY) {
        return usage_error(fmt::format("'{}' is not a SELECT", query_));
      }
      const char* state = PQresultErrorField(answer, PG_DIAG_SQLSTATE);
      const std::string message = one_line(PQresultErrorMessage(answer));
      return state != nullptr && is_lasting(state) ? usage_error(message) : timeout_error(message);
    }
    if (PQntuples(answer) < 1 || PQnfields(answer) < 1 || PQgetisnull(answer, 0, 0) != 0) return {};
    const std::string_view text = PQgetvalue(answer, 0, 0);
    if (text == "NaN" || text == "Infinity" || text == "-Infinity") return {};
    const auto value = parse_number(text);
    if (!value) return usage_error(fmt::format("'{}' gives '{}', which is not a number", query_, text));
    if (std::isfinite(*value)) number = *value;
    return {};
  }

  // False when the deadline passed first.
  bool wait(bool to_write, Nanoseconds deadline) const {
    pollfd waiting{PQsocket(connection_.get()), static_cast<short>(to_write ? POLLOUT : POLLIN), 0};
    for (;;) {
      const Nanoseconds left = deadline - monotonic_now();
      if (left <= Nanoseconds{0}) return false;
      const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(left).count();
      const int ready = ::poll(&waiting, 1, static_cast<int>(milliseconds));
      if (ready > 0) return true;
      if (ready < 0 && errno != EINTR) return false;
    }
  }

  // Refusals while connecting carry no SQLSTATE: a role that does not exist looks like a server that starts up.
  Error failure() const {
    return timeout_error(connection_ ? one_line(PQerrorMessage(connection_.get())) : "no memory for a connection");
  }
  static Error late(std::string_view what) { return timeout_error(fmt::format("PostgreSQL: {} took too long", what)); }

  std::string url_, query_;
  Connection connection_;
};

}  // namespace

bool is_postgres(std::string_view from) {
  return from.starts_with("postgresql://") || from.starts_with("postgres://");
}

Result<std::unique_ptr<SignalSource>> make_postgres_source(const SignalSpec& spec) {
  char* said = nullptr;
  const std::unique_ptr<PQconninfoOption, FreeOptions> parsed(PQconninfoParse(spec.from.c_str(), &said));
  const std::unique_ptr<char, FreeText> message(said);
  // libpq's message may repeat the URL, and with it a password.
  if (!parsed) return usage_error("what 'from' says is not a PostgreSQL URL such as postgresql://user@host/database");
  return std::unique_ptr<SignalSource>(std::make_unique<PostgresSource>(spec.from, spec.what));
}

}  // namespace tidegate::gates
