#pragma once
// The scenario's `outputs`: where measurements go during the run, beside the run directory.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostics.hpp"
#include "base/http/message.hpp"
#include "base/result.hpp"
#include "base/schema.hpp"
#include "base/time.hpp"
#include "base/yaml.hpp"
#include "loadgen/samples.hpp"
#include "runner/recording.hpp"

namespace tidegate::runner {

struct OutputOptions {
  std::optional<loadgen::SampleFormat> samples;  ///< samples.csv or samples.ndjson in the run directory
  std::string prometheus_address;                ///< of the endpoint; empty: none
  std::uint16_t prometheus_port = 0;
  std::string otlp_url;  ///< empty: none
  http::Headers otlp_headers;
  Nanoseconds otlp_every = std::chrono::seconds(5);
};

schema::TypePointer outputs_schema();
OutputOptions parse_outputs(const yaml::Node& node, Diagnostics& diagnostics);

/// Runs from creation to destruction; a last push happens in stop(). Nothing here disturbs the run: what goes wrong is
/// an event `output_failed`, once per output.
class Outputs {
 public:
  /// Errors: a port that is taken, a file that cannot be made.
  static Result<std::unique_ptr<Outputs>> start(const OutputOptions& options, Recording& recording);
  ~Outputs();
  Outputs(const Outputs&) = delete;
  Outputs& operator=(const Outputs&) = delete;

  loadgen::SampleWriter* samples();
  /// Whether anybody wants take().
  bool follows_series() const;
  /// What the run records, for Prometheus and OTLP. Thread-safe.
  void take(const record::SeriesKey& key, double number, const Histogram* histogram);
  /// The address that Prometheus can scrape; empty without one.
  std::string prometheus_address() const;
  /// After the engine's last swap.
  void stop();

 private:
  struct State;
  explicit Outputs(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tidegate::runner
