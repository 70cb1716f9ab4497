#include "platform/autoscaler/unit.hpp"

#include "base/file.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "platform/worker/role_database.hpp"

namespace tidegate::platform {
namespace {

constexpr Nanoseconds kTryEvery = std::chrono::milliseconds(100);

ServiceOptions options_of(int number, const ServiceOptions& host) {
  ServiceOptions options = host;
  options.role = kUnitRole;
  options.worker_index = number;
  options.port = 0;
  options.data_directory = host.data_directory + "/unit-" + std::to_string(number);
  options.ready_file = host.ready_file + ".unit-" + std::to_string(number);
  return options;
}

}  // namespace

Unit::Unit(int number, const ServiceOptions& host, std::span<const RoleEntry> known, Worker::WrapBus wrap)
    : options_(options_of(number, host)), known_(known), wrap_(std::move(wrap)), thread_([this] { run(); }) {}

Unit::~Unit() {
  stop();
  thread_.join();
}

std::string Unit::address() const {
  const std::lock_guard lock(mutex_);
  return address_;
}

void Unit::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    address_.clear();
    if (running_ != nullptr) running_->runtime().request_stop();
  }
  wake_.notify_all();
}

void Unit::run() {
  while (!serve()) {
    std::unique_lock lock(mutex_);
    if (wake_.wait_for(lock, kTryEvery, [this] { return stopping_; })) break;
  }
  ended_ = true;
}

bool Unit::serve() {
  Worker worker(options_, known_, wrap_);
  if (auto started = worker.start(); !started) {
    log::info("a unit waits", {{"unit", std::to_string(options_.worker_index)}, {"why", started.error().message}});
    return false;
  }
  worker.runtime().on_start([this] { note_address(options_.ready_file); });
  {
    const std::lock_guard lock(mutex_);
    running_ = &worker;
    if (stopping_) worker.runtime().request_stop();  // it ends as soon as it runs
  }
  const int code = worker.run();
  const std::lock_guard lock(mutex_);
  running_ = nullptr;
  address_.clear();
  if (code != 0) log::error("a unit ended by itself", {{"unit", std::to_string(options_.worker_index)}});
  return stopping_ || code == 0;
}

void Unit::note_address(const std::string& ready_file) {
  const auto text = read_file(ready_file);
  const auto parsed = text ? parse_json(*text) : Result<json::value>(text.error());
  if (!parsed || !parsed->is_object()) return;
  const std::lock_guard lock(mutex_);
  if (!stopping_) address_ = string_member(parsed->as_object(), "http").value_or("");
}

}  // namespace tidegate::platform
