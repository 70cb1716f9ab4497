// Goal: what the lag probe costs, all of its threads included. Method: a mock cluster with traffic and committing
// groups in a child process; the probe alone in this one, whose CPU time is measured after a warm-up.
//
//   build/release/bin/lag-bench [SECONDS] PARTITIONS...      for instance: lag-bench 20 20 100 1000

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "base/kafka.hpp"
#include "gates/probes/lag_probe.hpp"

using namespace tidegate;
using namespace std::chrono_literals;

namespace {

constexpr int kRecordsPerSecond = 2000;

void commit(rd_kafka_t* handle, const char* topic, int partitions, const std::vector<std::int64_t>& produced) {
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(partitions);
  for (int p = 0; p < partitions; ++p) {
    rd_kafka_topic_partition_list_add(list, topic, p)->offset = produced[static_cast<std::size_t>(p)] * 9 / 10;
  }
  rd_kafka_commit(handle, list, 0);
  rd_kafka_topic_partition_list_destroy(list);
}

// Serves until it is killed.
[[noreturn]] void serve(int partitions, int out) {
  auto owner = std::move(*kafka::make_producer({{"bootstrap.servers", ""}, {"log_level", "0"}}));
  rd_kafka_mock_cluster_t* cluster = rd_kafka_mock_cluster_new(owner.get(), 3);
  rd_kafka_mock_topic_create(cluster, "payments", partitions, 1);
  const std::string bootstrap = rd_kafka_mock_cluster_bootstraps(cluster);
  auto producer =
      std::move(*kafka::make_producer({{"bootstrap.servers", bootstrap}, {"linger.ms", "5"}, {"log_level", "0"}}));
  auto group = std::move(*kafka::make_consumer(
      {{"bootstrap.servers", bootstrap}, {"group.id", "ledger"}, {"log_level", "0"}, {"enable.auto.commit", "false"}}));
  std::vector<std::int64_t> produced(static_cast<std::size_t>(partitions), 0);
  const std::string line = bootstrap + "\n";
  if (write(out, line.data(), line.size()) < 0) _exit(1);
  const std::string body(300, 'x');
  for (int n = 0;; ++n) {
    for (int i = 0; i < kRecordsPerSecond / 20; ++i) {
      const int p = (n * 100 + i) % partitions;
      rd_kafka_producev(producer.get(), RD_KAFKA_V_TOPIC("payments"), RD_KAFKA_V_PARTITION(p),
                        RD_KAFKA_V_VALUE(const_cast<char*>(body.data()), body.size()),
                        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
      ++produced[static_cast<std::size_t>(p)];
    }
    rd_kafka_poll(producer.get(), 0);
    if (n % 20 == 0) commit(group.get(), "payments", partitions, produced);
    std::this_thread::sleep_for(50ms);
  }
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         1e-6 * static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

int measure(int partitions, int seconds) {
  int ends[2];
  if (pipe(ends) != 0) return 1;
  const pid_t child = fork();
  if (child == 0) serve(partitions, ends[1]);
  char buffer[512] = {};
  const ssize_t got = read(ends[0], buffer, sizeof buffer - 1);
  std::string bootstrap(buffer, got > 0 ? static_cast<std::size_t>(got) - 1 : 0);
  const auto path = std::filesystem::temp_directory_path() / fmt::format("lag-bench-{}.tgs", getpid());
  {
    auto series = std::move(*record::SeriesWriter::create(path));
    gates::LagProbeOptions options;
    options.bootstrap = bootstrap;
    options.groups = {{"ledger", "payments", partitions}};
    gates::LagProbe probe(std::move(options), RunClock::starting_in(Nanoseconds{0}), series.get(), nullptr);
    if (!probe.start()) return 1;
    std::this_thread::sleep_for(4s);
    const double before = cpu_seconds();
    const Nanoseconds from = monotonic_now();
    std::this_thread::sleep_for(std::chrono::seconds(seconds));
    const double used = cpu_seconds() - before, took = to_seconds(monotonic_now() - from);
    const auto lag = probe.latest().front();
    fmt::print("{:>5} partitions: {:.2f} % of a core, lag {} records, {:.2f} s old, known {}\n", partitions,
               100 * used / took, lag.records, lag.age_s, lag.known);
    std::fflush(stdout);
  }
  std::filesystem::remove(path);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  const int seconds = count > 1 ? std::atoi(arguments[1]) : 20;
  std::vector<int> sizes;
  for (int i = 2; i < count; ++i) sizes.push_back(std::atoi(arguments[i]));
  if (sizes.empty()) sizes = {20, 100, 1000};
  for (const int partitions : sizes) {
    // A process each: threads of a handle that is gone must not count.
    const pid_t child = fork();
    if (child == 0) _exit(measure(partitions, seconds));
    int status = 0;
    waitpid(child, &status, 0);
    if (status != 0) return 1;
  }
  return 0;
}
