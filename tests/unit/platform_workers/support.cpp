#include "tests/unit/platform_workers/support.hpp"

#include <cstdlib>
#include <filesystem>
#include <future>

#include "base/assert.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "platform/events/payment_events.hpp"

namespace tidegate::platform {

bool becomes_true(const std::function<bool()>& condition) {
  const Nanoseconds deadline = monotonic_now() + kDeadline;
  while (!condition()) {
    if (monotonic_now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

ScratchDirectory::ScratchDirectory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "tidegate-workers-XXXXXX").string();
  TIDEGATE_ASSERT(mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string ScratchDirectory::write_peers(const std::map<std::string, std::string>& peers) const {
  json::object listed;
  for (const auto& [name, address] : peers) listed[name] = address;
  const std::string path = file("peers.json");
  TIDEGATE_ASSERT(
      write_file_atomically(path, json::serialize(json::object{{"generation", 1}, {"peers", listed}})).ok());
  return path;
}

void Progress::add(int by) {
  {
    const std::lock_guard lock(mutex_);
    value_ += by;
  }
  changed_.notify_all();
}

int Progress::value() const {
  const std::lock_guard lock(mutex_);
  return value_;
}

bool Progress::reaches(int wanted) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kDeadline, [&] { return value_ >= wanted; });
}

LoopThread::LoopThread() : thread_([this] { context_.run(); }) {}

LoopThread::~LoopThread() {
  context_.stop();
  thread_.join();
}

void LoopThread::run(const std::function<void()>& task) {
  std::promise<void> done;
  asio::post(context_, [&] {
    task();
    done.set_value();
  });
  done.get_future().get();
}

Envelope make_event(int partition, std::int64_t sequence, const std::string& type) {
  Envelope event;
  event.type = type;
  event.payment = "pay_" + std::to_string(partition) + "_" + std::to_string(sequence);
  event.tenant = "mrc_1";
  event.stream = {"gateway-0", "payments", partition};
  event.sequence = sequence;
  event.id = event.stream.text() + "/" + std::to_string(sequence);
  event.occurred_at_ms = 1'700'000'000'000 + sequence;
  event.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  event.data = PaymentCreated{1000 + sequence, "EUR", "tok_1", "key-" + event.payment}.to_data();
  return event;
}

FakeProducer::FakeProducer() {
  loop_.run([this] {
    server_ = std::make_unique<http::Server>(loop_.context().get_executor(),
                                             [this](const http::Request& request) { return serve(request); });
    TIDEGATE_ASSERT(server_->start().ok());
    address_ = "127.0.0.1:" + std::to_string(server_->port());
  });
}

FakeProducer::~FakeProducer() {
  loop_.run([this] { server_.reset(); });
}

void FakeProducer::set_head(int partition, std::int64_t head) {
  const std::lock_guard lock(mutex_);
  heads_[partition] = head;
}

void FakeProducer::set_broken(bool broken) {
  const std::lock_guard lock(mutex_);
  broken_ = broken;
}

int FakeProducer::event_requests() const {
  const std::lock_guard lock(mutex_);
  return event_requests_;
}

asio::awaitable<http::Response> FakeProducer::serve(const http::Request& request) {
  co_return answer(request);
}

http::Response FakeProducer::answer(const http::Request& request) {
  const std::lock_guard lock(mutex_);
  http::Response response;
  if (broken_) {
    response.status = 503;
    return response;
  }
  constexpr std::string_view all = "/internal/outbox/gateway-0/payments";
  if (request.path == all) {
    json::array heads;
    for (int partition = 0; partition < kPartitions; ++partition) heads.emplace_back(heads_[partition]);
    response.body = json::serialize(json::object{{"heads", heads}});
    return response;
  }
  ++event_requests_;
  const int partition = std::stoi(std::string(request.path.substr(all.size() + 1)));
  const std::int64_t from = std::stoll(*request.query_parameter("from"));
  const std::int64_t limit = std::stoll(*request.query_parameter("limit"));
  response.body = "{\"head\":" + std::to_string(heads_[partition]) + ",\"events\":[";
  for (std::int64_t n = from; n <= heads_[partition] && n < from + limit; ++n) {
    if (n > from) response.body += ',';
    response.body += make_event(partition, n).encode();
  }
  response.body += "]}";
  return response;
}

}  // namespace tidegate::platform
