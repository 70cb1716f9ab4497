#pragma once
// Looks a host name up again every so often while the load goes on, on a thread of its own.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "loadgen/connection.hpp"

namespace tidegate::loadgen {

/// A look-up that fails changes nothing: the addresses of the last one stay.
class NameRefresh {
 public:
  using Resolve = std::function<Result<std::vector<Address>>()>;
  /// On the refresher's thread, with addresses that are not those of before.
  using Changed = std::function<void(const std::vector<Address>&)>;

  NameRefresh(Nanoseconds every, std::vector<Address> known, Resolve resolve, Changed changed);
  /// Waits for a look-up in progress: the resolver gives up after a second a server.
  ~NameRefresh();
  NameRefresh(const NameRefresh&) = delete;
  NameRefresh& operator=(const NameRefresh&) = delete;

 private:
  void run();

  const Nanoseconds every_;
  std::vector<Address> known_;
  const Resolve resolve_;
  const Changed changed_;
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::thread thread_;
};

/// Whatever their order.
bool same_addresses(const std::vector<Address>& a, const std::vector<Address>& b);

}  // namespace tidegate::loadgen
