#pragma once
// What a plan compiles to: plain values with every name resolved to a number. Internal to loadgen/.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostics.hpp"
#include "base/time.hpp"
#include "loadgen/arrivals.hpp"
#include "loadgen/csv.hpp"
#include "loadgen/error_class.hpp"
#include "loadgen/json_path.hpp"
#include "loadgen/rate_curve.hpp"
#include "loadgen/template.hpp"
#include "record/run.hpp"

namespace tidegate::loadgen {

/// Rows of data. An iteration reads one row of each feeder.
struct Feeder {
  enum class Pick : std::uint8_t { random, sequential, unique };
  std::string name;
  std::shared_ptr<const CsvTable> table;  ///< null: generated
  Pick pick = Pick::random;
  std::vector<std::string> columns;  ///< of the file, then what set-up captures; or of the generated row
  std::vector<Template> generated;   ///< one per column
  double repeat = 0;                 ///< share of rows that return an earlier one whole
  std::uint64_t among = 1;           ///< how many rows back a repeat may reach
  std::uint64_t stream = 0;
  Mark mark;
  bool unreadable = false;  ///< its file was refused, so its columns are not known

  std::size_t file_columns() const { return table ? table->columns.size() : 0; }
  std::size_t captured_columns() const { return table ? columns.size() - file_columns() : 0; }
};

/// Who carries a request.
enum class Protocol : std::uint8_t {
  http,  ///< the engine's own HTTP/1.1
};
inline constexpr std::size_t kProtocols = 1;

struct RequestSpec {
  Protocol protocol = Protocol::http;
  std::string method;
  Template target;
  std::vector<std::pair<std::string, Template>> headers;  ///< without Host, Content-Length, Content-Type
  Template content_type;                                  ///< empty: none
  bool has_body = false;
  Template body;

  // Made when the engine starts:
  Template head;         ///< request line and headers up to the framing fields
  std::string prepared;  ///< the whole request when no part of it varies
};

/// Takes a value out of an answer into a variable.
struct Capture {
  std::uint32_t variable = 0;
  std::string name;
  std::optional<JsonPath> path;  ///< else the header
  std::string header;
};

/// One of the values that a place in the answer may hold.
struct ExpectedValue {
  JsonSlice::Type type = JsonSlice::Type::string;
  Template text;
};

struct JsonExpectation {
  JsonPath path;
  std::vector<ExpectedValue> any_of;
};

struct Expectation {
  std::vector<std::pair<int, int>> statuses{{200, 399}};  ///< ranges, both ends included
  std::vector<JsonExpectation> json;
  std::optional<Nanoseconds> latency;  ///< response_time stays below it

  bool reads_body() const { return !json.empty(); }
};

struct Retry {
  Nanoseconds within{0}, every{0};
  std::vector<ErrorClass> classes;
  std::vector<int> statuses;
};

/// What the audit history says about a step's request.
struct OperationMark {
  std::string kind;
  Template key, scope, amount, currency;
  std::vector<std::uint32_t> key_feeders;  ///< generated feeders that the key reads; noted when the engine starts
};

/// A step whose answer shows a payment's state, for the audit history. Both render after the step's captures.
struct ReadMark {
  Template id, state;
};

struct Step {
  enum class Kind : std::uint8_t { request, poll, think };
  Kind kind = Kind::request;
  std::string name;
  Mark mark;
  RequestSpec request;
  Nanoseconds timeout = std::chrono::seconds(30);  ///< of one attempt, or of one poll request
  std::optional<Retry> retry;
  std::vector<Capture> captures;
  Expectation expect;
  std::optional<OperationMark> operation;
  std::optional<ReadMark> read;
  bool continue_on_failure = false;
  // Polls:
  std::uint32_t since = 0;  ///< step whose last byte starts the sample
  Nanoseconds every = std::chrono::milliseconds(100);
  Nanoseconds limit = std::chrono::seconds(30);
  Expectation until;
  // Thinks:
  Nanoseconds think{0};

  bool reads_body() const;
};

struct Flow {
  std::string name;
  std::vector<Step> steps;
  std::uint32_t captures = 0;          ///< variables that its steps capture
  std::vector<std::uint32_t> feeders;  ///< that its steps read; noted when the engine starts
};

enum class Executor : std::uint8_t { constant_arrival_rate, ramping_arrival_rate, constant_vus };
std::string_view to_string(Executor executor) noexcept;

struct FlowShare {
  std::uint32_t flow = 0;
  double share = 0;  ///< of the block's iterations
  double up_to = 0;  ///< shares so far, this one included
};

struct Block {
  std::string name;
  Executor executor = Executor::constant_arrival_rate;
  std::uint32_t index = 0;
  std::uint64_t stream = 0;
  std::vector<FlowShare> flows;
  Spacing spacing = Spacing::even;
  RateCurve curve;               ///< of open-loop blocks
  Nanoseconds start{0}, end{0};  ///< on the run clock; no iteration starts at or after the end
  std::uint32_t vus = 0;         ///< constant-vus
  std::uint32_t max_vus = 0;

  bool open_loop() const { return executor != Executor::constant_vus; }
};

struct SetupStep {
  std::string name;
  RequestSpec request;
  Nanoseconds timeout = std::chrono::seconds(10);
  std::optional<std::uint32_t> for_each;  ///< feeder
  std::vector<Capture> captures;          ///< into columns of that feeder, else into set-up variables
  Expectation expect;
};

struct CompiledPlan {
  std::uint64_t seed = 0;
  std::vector<Feeder> feeders;
  std::vector<std::string> variables;  ///< captured by set-up steps without for_each
  std::vector<SetupStep> setup;
  std::vector<Flow> flows;
  std::vector<Block> blocks;

  /// The flow of an iteration: a pure function of seed, block and index.
  const FlowShare& flow_of(const Block& block, std::uint64_t iteration) const;
};

/// A stream of randomness within another.
std::uint64_t substream(std::uint64_t stream, std::uint64_t inner) noexcept;

}  // namespace tidegate::loadgen
