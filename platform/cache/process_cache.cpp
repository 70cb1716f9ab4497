#include <cmath>
#include <list>
#include <unordered_map>

#include "platform/cache/cache.hpp"

namespace tidegate::platform {
namespace {

class ProcessCache final : public Cache {
 public:
  ProcessCache(std::size_t capacity, const Clock& clock) : capacity_(capacity), clock_(clock) {
    entries_.reserve(capacity);  // growing stops the loop for as long as all entries take to move
  }

  asio::awaitable<std::optional<std::string>> get(std::string name) override {
    const auto found = entries_.find(name);
    if (found == entries_.end()) co_return std::nullopt;
    if (found->second->lapses_at <= clock_.now()) {
      forget(found);
      co_return std::nullopt;
    }
    order_.splice(order_.begin(), order_, found->second);
    co_return found->second->text;
  }

  asio::awaitable<void> put(std::string name, std::string text, Nanoseconds lifetime) override {
    if (const auto found = entries_.find(name); found != entries_.end()) forget(found);
    if (lifetime <= Nanoseconds{0} || capacity_ == 0) co_return;
    if (entries_.size() == capacity_) forget_oldest();
    order_.push_front({name, std::move(text), clock_.now() + lifetime});
    entries_.emplace(std::move(name), order_.begin());
  }

  asio::awaitable<void> erase(std::string name) override {
    if (const auto found = entries_.find(name); found != entries_.end()) forget(found);
    co_return;
  }

  asio::awaitable<std::size_t> evict(double share) override {
    const double wanted = std::ceil(std::fmin(std::fmax(share, 0), 1) * static_cast<double>(entries_.size()));
    const auto count = static_cast<std::size_t>(wanted);
    for (std::size_t i = 0; i < count; ++i) forget_oldest();
    co_return count;
  }

  std::size_t size() const override { return entries_.size(); }

 private:
  struct Entry {
    std::string name, text;
    Nanoseconds lapses_at;
  };
  using Order = std::list<Entry>;
  using Entries = std::unordered_map<std::string, Order::iterator>;

  void forget(Entries::iterator entry) {
    order_.erase(entry->second);
    entries_.erase(entry);
  }
  void forget_oldest() {
    entries_.erase(order_.back().name);
    order_.pop_back();
  }

  const std::size_t capacity_;
  const Clock& clock_;
  Order order_;  // the one used last in front
  Entries entries_;
};

}  // namespace

std::unique_ptr<Cache> make_process_cache(std::size_t capacity, const Clock& clock) {
  return std::make_unique<ProcessCache>(capacity, clock);
}

}  // namespace tidegate::platform
