// Goal: how long the audit of N operations takes from the fetched records, with how much memory; and how fast exports
// are fetched. Both apart, since one waits for the system under test and the other does not. Method: `generate` writes
// the run directory of a system that is right: per operation an invocation and an answer, a payment, a line of the
// bank's statement, and the seven entries of a pending and a posted transfer. `check` audits it. `fetch` reads pages
// that a server on another thread holds ready. Run: bin/audit-bench generate DIR 10000000 && bin/audit-bench check DIR
// && bin/audit-bench fetch DIR 2000000
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include <fmt/compile.h>
#include <fmt/format.h>

#include "audit/audit.hpp"
#include "audit/fetch.hpp"
#include "audit/manifest.hpp"
#include "base/http/server.hpp"
#include "base/random.hpp"
#include "record/operations.hpp"
#include "record/truth.hpp"

namespace {

using namespace tidegate;

[[noreturn]] void give_up(const std::string& message) {
  std::fprintf(stderr, "audit-bench: %s\n", message.c_str());
  std::exit(1);
}

template <typename T>
T must(Result<T> result) {
  if (!result) give_up(result.error().message);
  return std::move(*result);
}
void must(const Result<void>& result) {
  if (!result) give_up(result.error().message);
}

/// Operation i of the synthetic run: everything about it follows from its number.
struct Payment {
  std::uint64_t number;
  std::string key, id;
  std::int64_t amount;

  explicit Payment(std::uint64_t i)
      : number(i),
        key(Draws(1, 1, i).uuid()),
        id(fmt::format(FMT_COMPILE("pay_{:012}"), i)),
        amount(static_cast<std::int64_t>(100 + i * 7919 % 500'000)) {}
};

void write_history(const record::RunDirectory& directory, std::uint64_t count) {
  auto writer = must(record::OperationWriter::create(directory.operations()));
  std::vector<record::Operation> batch;
  for (std::uint64_t i = 0; i < count; ++i) {
    const Payment payment(i);
    record::Operation operation;
    operation.time = std::chrono::microseconds(i * 200);
    operation.iteration = i;
    operation.scope = 0xabc;
    operation.amount = payment.amount;
    operation.set_kind("payment");
    operation.set_currency("EUR");
    operation.set_key(payment.key);
    batch.push_back(operation);
    operation.time += std::chrono::milliseconds(7);
    operation.event = record::OperationEvent::ok;
    operation.status = 202;
    operation.set_id(payment.id);
    batch.push_back(operation);
    if (batch.size() >= 8192 || i + 1 == count) {
      must(writer->write(batch));
      batch.clear();
    }
  }
}

class ExportFile {
 public:
  ExportFile(const record::RunDirectory& directory, audit::Manifest& manifest, const std::string& name)
      : writer_(must(record::TruthWriter::create(directory.truth(name + ".ndjson.zst")))),
        entry_(manifest.exports[name]) {}
  ~ExportFile() { must(writer_->close()); }

  template <typename... Arguments>
  void line(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    buffer_.clear();
    fmt::format_to(std::back_inserter(buffer_), format, std::forward<Arguments>(arguments)...);
    must(writer_->write_line({buffer_.data(), buffer_.size()}));
    ++entry_.records;
  }

 private:
  std::unique_ptr<record::TruthWriter> writer_;
  audit::ExportEntry& entry_;
  fmt::memory_buffer buffer_;
};

void write_payments(const record::RunDirectory& directory, audit::Manifest& manifest, std::uint64_t count) {
  ExportFile payments(directory, manifest, "payments"), bank(directory, manifest, "bank");
  for (std::uint64_t i = 0; i < count; ++i) {
    const Payment payment(i);
    payments.line(R"({{"id":"{}","tenant":"m_{}","key":"{}","scope":"0000000000000abc","amount":{},"currency":"EUR",)"
                  R"("status":"captured","created_at_ms":{},"updated_at_ms":{}}})",
                  payment.id, i % 50, payment.key, payment.amount, 1'700'000'000'000 + i, 1'700'000'000'100 + i);
    bank.line(R"({{"sequence":{},"reference":"{}-a1","client_key":"{}","merchant":"m_{}","amount":{},"currency":"EUR",)"
              R"("status":"approved","at_ms":{}}})",
              i + 1, payment.id, payment.key, i % 50, payment.amount, 1'700'000'000'050 + i);
  }
}

void write_ledger(const record::RunDirectory& directory, audit::Manifest& manifest, std::uint64_t count) {
  ExportFile ledger(directory, manifest, "ledger");
  std::uint64_t sequence = 0, transfer = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const Payment payment(i);
    const std::int64_t amount = payment.amount, fee = amount / 50;
    const auto post = [&](const char* kind, std::initializer_list<std::pair<const char*, std::int64_t>> entries) {
      ++transfer;
      for (const auto& [account, moved] : entries) {
        ledger.line(
            R"({{"sequence":{},"transfer":{},"payment":"{}","kind":"{}","account":"{}","direction":"{}","amount":{},)"
            R"("currency":"EUR","at_ms":{},"merchant":"m_{}"}})",
            ++sequence, transfer, payment.id, kind, account, moved < 0 ? "debit" : "credit", moved < 0 ? -moved : moved,
            1'700'000'000'060 + i, i % 50);
      }
    };
    post("pending", {{"customer-receivable", -amount}, {"merchant-pending", amount}});
    post("posted", {{"merchant-pending", -amount},
                    {"customer-receivable", amount},
                    {"bank-settlement", -amount},
                    {"merchant-payable", amount - fee},
                    {"fees", fee}});
  }
}

void generate(const std::string& path, std::uint64_t count) {
  const auto directory = must(record::RunDirectory::create(path));
  must(directory.write_info({}));
  audit::Manifest manifest, of_ledger;
  std::thread books([&] { write_ledger(directory, of_ledger, count); });
  write_history(directory, count);
  write_payments(directory, manifest, count);
  books.join();
  manifest.exports.merge(of_ledger.exports);
  must(manifest.write(directory));
}

long peak_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

int check(const std::string& path) {
  const auto directory = must(record::RunDirectory::open(path));
  const Nanoseconds start = monotonic_now(), cpu = process_cpu_time();
  const auto findings = audit::check(directory, audit::checker_names());
  bool clean = true;
  for (const auto& finding : findings) {
    std::printf("%-20s %-8s %s\n", finding.checker.c_str(), finding.outcome.c_str(), finding.reason.c_str());
    clean = clean && finding.outcome != "false";
  }
  std::printf("{\"seconds\": %.1f, \"cpu_seconds\": %.1f, \"peak_mib\": %ld}\n", to_seconds(monotonic_now() - start),
              to_seconds(process_cpu_time() - cpu), peak_mib());
  return clean ? 0 : 1;
}

// One page of 5,000 payments, sent again and again under cursors that count up, with ids that count on.
class PageServer {
 public:
  explicit PageServer(std::uint64_t count) : count_(count) {
    server_ = std::make_unique<http::Server>(loop_.get_executor(),
                                             [this](const http::Request& request) { return answer(request); });
    must(server_->start());
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~PageServer() {
    loop_.stop();
    thread_.join();
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()) + "/payments"; }

 private:
  asio::awaitable<http::Response> answer(const http::Request& request) {
    const std::uint64_t after = std::strtoull(request.query_parameter("after").value_or("0").c_str(), nullptr, 10);
    const std::uint64_t end = std::min<std::uint64_t>(after + 5000, count_);
    http::Response response;
    response.body = R"({"items":[)";
    for (std::uint64_t i = after; i < end; ++i) {
      fmt::format_to(std::back_inserter(response.body),
                     FMT_COMPILE(R"({}{{"id":"pay_{:012}","tenant":"m_7","key":"0b1c2d3e-4f50-4a61-8b72-{:012}",)"
                                 R"("scope":"0000000000000abc","amount":4200,"currency":"EUR","status":"captured",)"
                                 R"("created_at_ms":1700000000000,"updated_at_ms":1700000000100}})"),
                     i == after ? "" : ",", i, i);
    }
    fmt::format_to(std::back_inserter(response.body), R"(],"next":{},"as_of":{}}})",
                   end == count_ ? "null" : std::to_string(end), count_);
    co_return response;
  }

  std::uint64_t count_;
  asio::io_context loop_{1};
  std::unique_ptr<http::Server> server_;
  std::thread thread_;
};

int fetch(const std::string& path, std::uint64_t count) {
  const auto directory = must(record::RunDirectory::create(path));
  PageServer server(count);
  audit::System system;
  system.exports["payments"].url = server.url();
  const auto fetched = must(audit::fetch_truth(directory, system, std::chrono::minutes(5)));
  if (!fetched.broken.empty()) give_up(fetched.broken);
  std::printf("{\"records\": %llu, \"seconds\": %.2f, \"records_per_s\": %.0f}\n",
              static_cast<unsigned long long>(fetched.records), fetched.seconds,
              static_cast<double>(fetched.records) / fetched.seconds);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count >= 3 && std::strcmp(arguments[1], "check") == 0) return check(arguments[2]);
  if (count >= 4 && std::strcmp(arguments[1], "fetch") == 0) {
    return fetch(arguments[2], std::strtoull(arguments[3], nullptr, 10));
  }
  if (count < 4 || std::strcmp(arguments[1], "generate") != 0) {
    std::fputs("usage: audit-bench generate DIR OPERATIONS | check DIR | fetch DIR RECORDS\n", stderr);
    return 104;
  }
  generate(arguments[2], std::strtoull(arguments[3], nullptr, 10));
  return 0;
}
