#include "loadgen/name_refresh.hpp"

#include <resolv.h>

#include <algorithm>
#include <cstring>

namespace tidegate::loadgen {
namespace {

bool same_address(const Address& a, const Address& b) {
  return a.size == b.size && std::memcmp(&a.storage, &b.storage, a.size) == 0;
}

bool all_in(const std::vector<Address>& some, const std::vector<Address>& all) {
  return std::all_of(some.begin(), some.end(), [&](const Address& one) {
    return std::any_of(all.begin(), all.end(), [&](const Address& other) { return same_address(one, other); });
  });
}

/// Of this thread: its state is the thread's own.
void do_not_wait_long() {
  if (::res_init() != 0) return;
  _res.retrans = 1;  // seconds
  _res.retry = 1;
}

}  // namespace

bool same_addresses(const std::vector<Address>& a, const std::vector<Address>& b) {
  return all_in(a, b) && all_in(b, a);
}

NameRefresh::NameRefresh(Nanoseconds every, std::vector<Address> known, Resolve resolve, Changed changed)
    : every_(every),
      known_(std::move(known)),
      resolve_(std::move(resolve)),
      changed_(std::move(changed)),
      thread_([this] { run(); }) {}

NameRefresh::~NameRefresh() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_one();
  thread_.join();
}

void NameRefresh::run() {
  do_not_wait_long();
  std::unique_lock lock(mutex_);
  while (!stop_.wait_for(lock, every_, [this] { return stopping_; })) {
    lock.unlock();
    auto found = resolve_();
    if (found && !found->empty() && !same_addresses(*found, known_)) {
      known_ = *std::move(found);
      changed_(known_);
    }
    lock.lock();
  }
}

}  // namespace tidegate::loadgen
