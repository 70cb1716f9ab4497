// Publishing to Kafka: one producer per load loop. Its reports come through a queue that signals a descriptor, so that
// librdkafka's threads never touch the loop.
#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <unordered_map>

#include "base/file.hpp"
#include "base/kafka.hpp"
#include "loadgen/loop.hpp"
#include "loadgen/transports/transports.hpp"

namespace tidegate::loadgen {
namespace {

constexpr int kAcknowledged = 200;

/// A message on its way. It outlives the virtual user's patience: the report comes later than the timeout may.
struct Publication {
  Vu* user = nullptr;  ///< null once nobody waits
  bool done = false;
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
};

ErrorClass class_of(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      return ErrorClass::none;
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
      return ErrorClass::timeout;
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
      return ErrorClass::refused;
    case RD_KAFKA_RESP_ERR__TRANSPORT:
      return ErrorClass::reset;
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
      return ErrorClass::descriptors;  // the generator's own limit
    default:
      return ErrorClass::protocol;
  }
}

class KafkaTransport final : public Transport, private Watcher {
 public:
  explicit KafkaTransport(Loop& loop) : loop_(loop) {}
  ~KafkaTransport() override {
    if (!producer_) return;
    ::rd_kafka_purge(producer_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    ::rd_kafka_poll(producer_.get(), 0);
  }

  Result<void> start(const std::string& bootstrap);
  Task<Attempt> exchange(Vu* vu, TransportCall call) override;

 private:
  void on_events(std::uint32_t /*events*/) override {
    std::uint64_t drained = 0;
    [[maybe_unused]] const auto read = ::read(signal_.get(), &drained, sizeof drained);
    ::rd_kafka_poll(producer_.get(), 0);
  }
  static void on_report(rd_kafka_t* /*producer*/, const rd_kafka_message_t* message, void* self) {
    static_cast<KafkaTransport*>(self)->report(static_cast<Publication*>(message->_private), message->err);
  }
  void report(Publication* publication, rd_kafka_resp_err_t error) {
    publication->done = true;
    publication->error = error;
    Vu* user = publication->user;
    if (user == nullptr) publications_.erase(publication);
    if (user != nullptr) user->on_io();
  }
  rd_kafka_resp_err_t produce(const RenderedRequest& request, Publication* publication);

  Loop& loop_;
  FileDescriptor signal_;
  std::unordered_map<Publication*, std::unique_ptr<Publication>> publications_;
  kafka::Handle producer_;
};

Result<void> KafkaTransport::start(const std::string& bootstrap) {
  signal_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!signal_) return system_error("make an event for Kafka's reports", errno);
  rd_kafka_conf_t* settings = ::rd_kafka_conf_new();
  char reason[512] = "";
  const std::pair<const char*, std::string> values[] = {{"bootstrap.servers", bootstrap},
                                                        {"acks", "all"},
                                                        {"linger.ms", "1"},
                                                        {"log_level", "0"},
                                                        {"message.timeout.ms", "300000"},
                                                        {"client.id", "tidegate-load"}};
  for (const auto& [name, value] : values) {
    if (::rd_kafka_conf_set(settings, name, value.c_str(), reason, sizeof reason) == RD_KAFKA_CONF_OK) continue;
    ::rd_kafka_conf_destroy(settings);
    return usage_error(fmt::format("Kafka setting {} = '{}': {}", name, value, reason));
  }
  ::rd_kafka_conf_set_dr_msg_cb(settings, on_report);
  ::rd_kafka_conf_set_opaque(settings, this);
  producer_.reset(::rd_kafka_new(RD_KAFKA_PRODUCER, settings, reason, sizeof reason));
  if (!producer_) {
    ::rd_kafka_conf_destroy(settings);
    return machine_error(fmt::format("make a Kafka producer: {}", reason));
  }
  const kafka::Queue reports(::rd_kafka_queue_get_main(producer_.get()));
  static constexpr std::uint64_t kOne = 1;
  ::rd_kafka_queue_io_event_enable(reports.get(), signal_.get(), &kOne, sizeof kOne);
  if (!loop_.reactor().watch(signal_.get(), true, false, *this)) return system_error("watch Kafka's reports", errno);
  return {};
}

rd_kafka_resp_err_t KafkaTransport::produce(const RenderedRequest& request, Publication* publication) {
  rd_kafka_headers_t* headers = ::rd_kafka_headers_new(request.headers.size());
  for (const auto& [name, value] : request.headers) {
    ::rd_kafka_header_add(headers, name.c_str(), -1, value.data(), static_cast<ssize_t>(value.size()));
  }
  const rd_kafka_resp_err_t error = ::rd_kafka_producev(
      producer_.get(), RD_KAFKA_V_TOPIC(request.target.c_str()), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
      RD_KAFKA_V_KEY(request.key.data(), request.key.size()),
      RD_KAFKA_V_VALUE(const_cast<char*>(request.body.data()), request.body.size()), RD_KAFKA_V_HEADERS(headers),
      RD_KAFKA_V_OPAQUE(publication), RD_KAFKA_V_END);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) ::rd_kafka_headers_destroy(headers);
  return error;
}

Task<Attempt> KafkaTransport::exchange(Vu* vu, TransportCall call) {
  /// Lets go of a publication that is not reported yet, also when the coroutine is destroyed.
  struct Waiting {
    explicit Waiting(KafkaTransport& its_transport) : transport(its_transport) {
      auto made = std::make_unique<Publication>();
      publication = made.get();
      transport.publications_.emplace(publication, std::move(made));
    }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting() {
      publication->user = nullptr;
      if (publication->done) transport.publications_.erase(publication);
    }
    KafkaTransport& transport;
    Publication* publication;
  };
  Waiting waiting(*this);
  Publication& publication = *waiting.publication;
  publication.user = vu;
  Attempt attempt;
  attempt.started = attempt.sending = call.started;
  const rd_kafka_resp_err_t refused = produce(call.request, &publication);
  if (refused != RD_KAFKA_RESP_ERR_NO_ERROR) {
    publication.done = true;
    publication.error = refused;
  } else {
    attempt.sent = true;
    attempt.bytes_sent = call.request.key.size() + call.request.body.size();
  }
  attempt.sent_at = loop_.now();
  while (!publication.done && attempt.error == ErrorClass::none) {
    const Wake wake = co_await WaitIo{*vu, call.deadline};
    if (wake == Wake::timeout) attempt.error = ErrorClass::timeout;
    if (wake == Wake::interrupted) attempt.error = ErrorClass::interrupted;
  }
  attempt.ended = attempt.first_byte = loop_.now();
  if (publication.done) attempt.error = class_of(publication.error);
  if (attempt.error == ErrorClass::none) {
    attempt.reply = std::make_unique<Reply>();
    attempt.reply->status = kAcknowledged;
  }
  co_return attempt;
}

}  // namespace

Result<std::unique_ptr<Transport>> make_kafka_transport(Loop& loop) {
  const std::string& bootstrap = loop.runtime().transport.kafka_bootstrap;
  if (bootstrap.empty()) {
    return usage_error("a flow publishes to Kafka, but the stack names no Kafka; give stack.kafka.bootstrap");
  }
  auto transport = std::make_unique<KafkaTransport>(loop);
  if (auto started = transport->start(bootstrap); !started) return started.error();
  return std::unique_ptr<Transport>(std::move(transport));
}

}  // namespace tidegate::loadgen
