// cache_evict: a process forgets a share of what it caches, by its operator's knob, again and again.
#include "base/http/message.hpp"
#include "chaos/faults/parse.hpp"
#include "chaos/faults/registry.hpp"

namespace tidegate::chaos {
namespace {

/// All whole numbers in the answer together: the knob tells what it evicted, by kinds or at once.
std::uint64_t numbers_in(const json::value& value) {
  std::uint64_t sum = 0;
  if (value.is_object()) {
    for (const auto& [name, member] : value.get_object()) sum += numbers_in(member);
  } else if (value.is_array()) {
    for (const json::value& each : value.get_array()) sum += numbers_in(each);
  } else if (value.is_int64() && value.get_int64() > 0) {
    sum = static_cast<std::uint64_t>(value.get_int64());
  } else if (value.is_uint64()) {
    sum = value.get_uint64();
  }
  return sum;
}

class CacheEvict final : public RunningFault {
 public:
  // In a row. A process that is asked while it is busy misses an eviction now and then; one that is gone misses all.
  static constexpr int kMostMissed = 10;

  CacheEvict(std::string path, std::string endpoint, Nanoseconds every, std::string process, OperatorControl& control)
      : path_(std::move(path)),
        endpoint_(std::move(endpoint)),
        every_(every),
        process_(std::move(process)),
        control_(control) {}

  Result<void> inject() override { return evict(); }
  Result<bool> poll() override {
    if (monotonic_now() < next_) return false;
    const auto evicted = evict();
    missed_ = evicted ? 0 : missed_ + 1;
    if (missed_ == kMostMissed) return evicted.error();
    return false;
  }
  Result<void> heal() override { return {}; }
  std::uint64_t hits() const override { return hits_; }

 private:
  Result<void> evict() {
    next_ = monotonic_now() + every_;
    auto answer = control_.call(process_, endpoint_, "POST", path_, {});
    if (!answer) return answer.error();
    hits_ += numbers_in(*answer);
    return {};
  }

  std::string path_, endpoint_;
  Nanoseconds every_, next_{0};
  std::string process_;
  OperatorControl& control_;
  std::uint64_t hits_ = 0;
  int missed_ = 0;
};

}  // namespace

FaultKind cache_evict_fault() {
  FaultKind kind;
  kind.name = "cache_evict";
  kind.target = TargetKind::process;
  kind.summary = "The process forgets a share of what it caches, again and again, by its operator API (a POST).";
  kind.hit = "an entry that was evicted, as the answer tells";
  kind.recovery = "nothing more is evicted; the cache fills by itself";
  kind.parameters = schema::object({schema::required("share", schema::share(), "of the entries, each time; required"),
                                    schema::optional("every", schema::duration(), "from time to time; default 1s"),
                                    schema::optional("path", schema::text(), "of the knob; default /admin/cache/evict"),
                                    schema::optional("endpoint", schema::text(), "of the process; default http")},
                                   kind.summary);
  kind.check = [](const yaml::Node& parameters, Diagnostics& diagnostics) {
    const auto* share = parameters.find("share");
    if (schema::as_share(*share) <= 0) diagnostics.add(share->mark(), "a share of 0 evicts nothing");
    const auto* path = parameters.find("path");
    if (path != nullptr && !path->text().starts_with('/')) diagnostics.add(path->mark(), "a path begins with /");
    const auto* every = parameters.find("every");
    if (every != nullptr && schema::as_duration(*every) < std::chrono::milliseconds(50)) {
      diagnostics.add(every->mark(), "every: at least 50ms");
    }
  };
  kind.make_operator_fault = [](const yaml::Node& parameters, const std::string& process,
                                OperatorControl& control) -> std::unique_ptr<RunningFault> {
    const auto* path = parameters.find("path");
    const auto* endpoint = parameters.find("endpoint");
    const std::string share = parameters.find("share")->text();
    return std::make_unique<CacheEvict>(
        (path == nullptr ? "/admin/cache/evict" : path->text()) + "?share=" + http::percent_encode(share),
        endpoint == nullptr ? "http" : endpoint->text(), duration_or(parameters, "every", std::chrono::seconds(1)),
        process, control);
  };
  return kind;
}

}  // namespace tidegate::chaos
