#pragma once
// Where a probe gate gets its number from, once a second: a scraped metric, an HTTP answer, a query of a database, or a
// query of a Prometheus server. One file per kind; make_source chooses.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"

namespace tidegate::gates {

struct SignalSpec {
  enum class Kind { scrape, http, sql, promql };
  std::string name;  ///< of the gate
  Kind kind = Kind::scrape;
  std::string what;  ///< metric with labels, JSON path, SELECT, PromQL
  std::string from;  ///< URL, endpoint of the stack with a path (gateway.http/metrics), sqlite:PATH, postgresql://…
  bool as_rate = false;  ///< of a scraped counter: what it grew by in a second
};

/// Blocking; one thread.
class SignalSource {
 public:
  virtual ~SignalSource() = default;
  /// The number now. None: there is none this time (an empty result, NaN, the first reading of a rate). Errors of kind
  /// usage will not go away by themselves (a table that does not exist); others may.
  virtual Result<std::optional<double>> read(Nanoseconds timeout) = 0;
};

/// Turns `gateway.http/metrics` into a URL; URLs stay as they are.
using AddressOf = std::function<Result<std::string>(const std::string& endpoint)>;
Result<std::unique_ptr<SignalSource>> make_source(const SignalSpec& spec, const AddressOf& address_of);

/// What a scraped counter grew by a second; a counter that went down was reset and began again at 0.
class CounterRate {
 public:
  /// None for the first reading and for what is no number.
  std::optional<double> add(double value, double at_s);

 private:
  std::optional<double> last_;
  double last_at_s_ = 0;
};

/// `$.queues[0].depth` in a JSON text, as a number.
Result<double> number_at(std::string_view json_text, std::string_view path);
/// The one number in an answer of /api/v1/query; none for an empty result.
Result<std::optional<double>> promql_number(std::string_view answer);

}  // namespace tidegate::gates
