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
#include "loadgen/capacity_search.hpp"
#include "loadgen/error_class.hpp"
#include "loadgen/json_path.hpp"
#include "loadgen/pattern.hpp"
#include "loadgen/plan.hpp"
#include "loadgen/rate_curve.hpp"
#include "loadgen/table.hpp"
#include "loadgen/template.hpp"
#include "loadgen/vu_curve.hpp"
#include "record/operations.hpp"
#include "record/run.hpp"

namespace tidegate::loadgen {

/// Rows of data. An iteration reads one row of each feeder.
struct Feeder {
  enum class Pick : std::uint8_t { random, sequential, unique, zipf };
  std::string name;
  std::shared_ptr<const Table> table;  ///< null: generated
  Pick pick = Pick::random;
  double zipf_exponent = 1;
  std::vector<std::string> columns;  ///< of the file, then what set-up captures; or of the generated row
  std::vector<Template> generated;   ///< one per column
  double repeat = 0;                 ///< share of rows that return an earlier one whole
  std::uint64_t among = 1;           ///< how many rows back a repeat may reach
  std::uint64_t stream = 0;
  Mark mark;
  bool unreadable = false;    ///< its file was refused, so its columns are not known
  std::uint32_t readers = 0;  ///< blocks whose flows read it
  /// Per block, which of its readers that is; none: it does not read it.
  std::vector<std::optional<std::uint32_t>> turns;
  /// Per generated column that a flow reads more than once, where an iteration keeps its text (KeptCells).
  std::vector<std::optional<std::uint32_t>> kept;

  std::size_t file_columns() const { return table ? table->columns().size() : 0; }
  std::size_t captured_columns() const { return table ? columns.size() - file_columns() : 0; }
};

/// Who carries a request.
enum class Protocol : std::uint8_t {
  http,  ///< the engine's own HTTP/1.1, or libcurl where the transport options ask for it
  websocket,
  grpc,
  kafka,
};
inline constexpr std::size_t kProtocols = 4;

class GrpcMethod;

struct RequestSpec {
  Protocol protocol = Protocol::http;
  std::string method;
  Template target;
  std::vector<std::pair<std::string, Template>> headers;  ///< without Host, Content-Length, Content-Type
  Template content_type;                                  ///< empty: none
  bool has_body = false;
  Template body;
  Template key;                             ///< Kafka: of the message
  std::vector<Template> messages;           ///< WebSocket: sent one after the other
  std::uint32_t receive = 1;                ///< WebSocket: messages to wait for
  std::optional<std::uint32_t> hold, held;  ///< WebSocket: keeps the connection there, or goes on with the one there
  bool closes = false;                      ///< WebSocket: the held connection, afterwards
  std::shared_ptr<const GrpcMethod> grpc;   ///< gRPC

  // Made when the engine starts:
  Template head;         ///< request line and headers up to the framing fields
  std::string prepared;  ///< the whole request when no part of it varies
};

/// Takes a value out of an answer into a variable.
struct Capture {
  enum class From : std::uint8_t { json, header, regex, cookie };
  std::uint32_t variable = 0;
  std::string name;
  From from = From::json;
  JsonPath path;
  std::string key;                         ///< name of the header or cookie; the expression as written
  std::shared_ptr<const Pattern> pattern;  ///< of the body

  bool reads_body() const { return from == From::json || from == From::regex; }
  /// The place, for messages.
  std::string text() const;
};

/// A metric of the user's own, taken from answers.
struct Measure {
  std::string name;
  Capture value;
  bool is_time = true;
  std::string unit = "us";  ///< of the series
  double scale = 1;         ///< from what the answer says to that unit
};

/// One of the values that a place in the answer may hold.
struct ExpectedValue {
  enum class How : std::uint8_t { equals, contains, matches };
  How how = How::equals;
  JsonSlice::Type type = JsonSlice::Type::string;
  Template text;
  std::shared_ptr<const Pattern> pattern;  ///< of matches
};

struct HeaderExpectation {
  std::string name;
  std::vector<ExpectedValue> any_of;
};

struct JsonExpectation {
  JsonPath path;
  std::vector<ExpectedValue> any_of;
};

struct Expectation {
  std::vector<std::pair<int, int>> statuses{{200, 399}};  ///< ranges, both ends included
  bool statuses_given = false;
  std::vector<JsonExpectation> json;
  std::vector<HeaderExpectation> headers;
  std::vector<ExpectedValue> body;     ///< any of them; empty: any body will do
  std::optional<Nanoseconds> latency;  ///< response_time stays below it

  bool reads_body() const { return !json.empty() || !body.empty(); }
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
  // When the engine starts:
  std::vector<std::uint32_t> key_feeders;  ///< generated feeders that the key reads
  record::Operation same;                  ///< what all operations of the step have in common
};

/// A step whose answer shows a payment's state, for the audit history. Both render after the step's captures.
struct ReadMark {
  Template id, state;
};

struct Condition {
  enum class Comparison : std::uint8_t {
    is_set,
    equal,
    unequal,
    less,
    less_or_equal,
    greater,
    greater_or_equal,
    matches
  };
  Comparison comparison = Comparison::is_set;
  Template left, right;
  std::shared_ptr<const Pattern> pattern;  ///< of `~`
};

inline constexpr std::int64_t kMostTurns = 1'000'000;

/// One entry of a flow's flat list (loadgen/flow_compiler.hpp draws it).
struct Step {
  enum class Kind : std::uint8_t { request, poll, think, loop, loop_end, branch, jump, choose, parallel };
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
  std::uint8_t redirects = 0;  ///< followed at most
  std::vector<Measure> measures;
  std::vector<std::pair<std::string, std::string>> tags;  ///< of its series, beside the engine's own
  // Polls:
  std::uint32_t since = 0;  ///< step whose last byte starts the sample
  Nanoseconds every = std::chrono::milliseconds(100);
  Nanoseconds limit = std::chrono::seconds(30);
  Expectation until;
  // Thinks:
  Nanoseconds think{0}, think_up_to{0};
  // Control:
  std::uint32_t depth = 0;   ///< loops around it
  std::uint32_t target = 0;  ///< loop, branch: where to go on when it is not entered; loop_end: the loop; jump
  Template times;            ///< loop: turns
  std::optional<Condition> condition;                     ///< branch; loop: asked before each turn
  std::vector<std::pair<double, std::uint32_t>> choices;  ///< choose: shares so far, and where they start
  std::uint32_t branches = 0;                             ///< parallel: how many of the following steps
  std::uint64_t stream = 0;                               ///< of randomness: choose, think

  /// Whether it sends requests, and so has a name and metrics.
  bool sends() const { return kind == Kind::request || kind == Kind::poll; }
  bool reads_body() const;
};

struct Flow {
  std::string name;
  std::vector<Step> steps;
  std::uint32_t captures = 0;          ///< variables that its steps capture
  std::uint32_t loops = 0;             ///< how deep they stand in each other
  std::uint32_t held = 0;              ///< connections that its steps hold
  std::vector<std::uint32_t> feeders;  ///< that its steps read themselves
};

/// k6's executors, and the search for the highest rate at which gates hold.
enum class Executor : std::uint8_t {
  constant_arrival_rate,
  ramping_arrival_rate,
  constant_vus,
  ramping_vus,
  shared_iterations,
  per_vu_iterations,
  capacity_search,
};
inline constexpr std::array kExecutors = {
    Executor::constant_arrival_rate, Executor::ramping_arrival_rate, Executor::constant_vus,   Executor::ramping_vus,
    Executor::shared_iterations,     Executor::per_vu_iterations,    Executor::capacity_search};
std::string_view to_string(Executor executor) noexcept;

/// How long a virtual user's cookies live.
enum class Cookies : std::uint8_t { off, iteration, user };

/// Which connection a request takes.
enum class ConnectionUse : std::uint8_t {
  shared,  ///< any idle one of the loop: as few as there are requests in flight
  per_vu,  ///< the VU's own, kept between its iterations
  fresh,   ///< a new one for each request
};

inline constexpr Nanoseconds kDefaultGrace = std::chrono::seconds(30);  ///< k6's gracefulStop and gracefulRampDown

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
  Cookies cookies = Cookies::off;
  RateCurve curve;                                 ///< of open-loop blocks; a capacity search finds its own
  VuCurve vu_curve;                                ///< of closed-loop blocks
  Nanoseconds start{0}, end{0};                    ///< on the run clock; no iteration starts at or after the end
  Nanoseconds graceful_stop = kDefaultGrace;       ///< iterations in progress are interrupted this long after the end
  Nanoseconds graceful_ramp_down = kDefaultGrace;  ///< ramping-vus: the same for a VU that is no longer wanted
  std::uint32_t vus = 0;                           ///< closed loop: the most at once
  std::uint32_t max_vus = 0;
  std::uint32_t pre_allocated_vus = 0;  ///< open loop: exist from the start
  std::uint64_t iterations = 0;         ///< shared-iterations: of all VUs; per-vu-iterations: of each
  ConnectionUse connections = ConnectionUse::shared;
  std::optional<double> connect_rate;  ///< new connections per second at most
  CapacityPlan search;

  bool open_loop() const {
    return executor == Executor::constant_arrival_rate || executor == Executor::ramping_arrival_rate ||
           executor == Executor::capacity_search;
  }
  /// It ends when its work is done, which may be long before `end`.
  bool ends_early() const {
    return executor == Executor::shared_iterations || executor == Executor::per_vu_iterations ||
           executor == Executor::capacity_search;
  }
};

/// A request that is sent once, or once for each row, before load or after it.
struct SetupStep {
  std::string kind;  ///< for messages: "set-up" or "tear-down"
  std::string name;
  RequestSpec request;
  Nanoseconds timeout = std::chrono::seconds(10);
  std::optional<std::uint32_t> for_each;  ///< feeder
  std::vector<Capture> captures;          ///< into columns of that feeder, else into set-up variables
  Expectation expect;
};

struct CompiledPlan {
  std::uint64_t seed = 0;
  SegmentChoice segment;
  std::vector<Feeder> feeders;
  std::vector<std::string> variables;  ///< captured by set-up steps without for_each
  std::vector<SetupStep> setup;
  std::vector<SetupStep> teardown;
  std::vector<Flow> flows;
  std::vector<Block> blocks;
  Nanoseconds tick{0};           ///< how often load loops look at arrivals and answers; 0: whenever there are any
  bool thread_affinity = false;  ///< load loops keep to processors of their own
  std::uint32_t kept_cells = 0;  ///< of all feeders

  /// Whether any step is carried by it.
  bool uses(Protocol protocol) const;
  /// The flow of an iteration: a pure function of seed, block and index.
  const FlowShare& flow_of(const Block& block, std::uint64_t iteration) const;
};

/// A stream of randomness within another.
std::uint64_t substream(std::uint64_t stream, std::uint64_t inner) noexcept;

}  // namespace tidegate::loadgen
