#include "loadgen/sections.hpp"

#include "loadgen/compile.hpp"

namespace tidegate::loadgen {
namespace {

using schema::Field;
using schema::optional;
using schema::required;
using schema::TypePointer;

/// One of these names what a step sends.
std::vector<Field> method_fields() {
  std::vector<Field> fields;
  for (const char* method : kMethods) {
    fields.push_back(optional(method, schema::templated(),
                              std::string("Sends this method to the path: ") + method + ": /v1/payments."));
  }
  return fields;
}

TypePointer headers_shape() {
  return schema::map_of(schema::templated(), "Header name to value.");
}

/// A place in an answer.
TypePointer place_shape() {
  const auto other =
      schema::object({optional("header", schema::text(), "The value of a header."),
                      optional("regex", schema::text(), "The first group, or the match, in the body."),
                      optional("cookie", schema::text(), "The value of a cookie that the answer sets.")});
  return schema::one_of({schema::text("A JSON path, such as $.id."), other});
}

TypePointer captures_shape() {
  return schema::map_of(place_shape(), "Variable name to the place in the answer.");
}

TypePointer measures_shape() {
  return schema::map_of(
      schema::object({required("value", place_shape(), "Where the answer holds the number."),
                      required("unit", schema::choice({"us", "ms", "s", "count", "bytes"}), "What it counts.")}),
      "Metrics of your own: name to where the answer holds its value.");
}

/// A text, a list of texts, or a comparison.
TypePointer texts_shape(const char* doc) {
  const auto comparison =
      schema::object({optional("contains", schema::templated(), "This text stands in it."),
                      optional("matches", schema::text(), "This regular expression matches in it.")});
  return schema::one_of({schema::templated(), schema::list_of(schema::templated()), comparison}, doc);
}

TypePointer expectation_shape() {
  return schema::object(
      {optional("status", schema::one_of({schema::text(), schema::list_of(schema::text())}),
                "202, a class such as 2xx, or a list of them. Without it: 200 to 399."),
       optional("json", schema::map_of(schema::any()),
                "JSON path to the value that may stand there, a list of values, {contains: TEXT} or {matches: REGEX}."),
       optional("header", schema::map_of(texts_shape("What its value may be.")), "Header to its value."),
       optional("body", texts_shape("A text that the body contains, or {matches: REGEX}."), "What the body holds."),
       optional("latency", schema::text(), "Response time below this: 500ms.")},
      "What the answer must be; anything else fails the step.");
}

TypePointer auth_shape() {
  const auto basic = schema::object(
      {required("user", schema::templated(), "User name."), required("password", schema::templated(), "Password.")});
  return schema::object({optional("basic", basic, "HTTP Basic (RFC 7617)."),
                         optional("bearer", schema::templated(), "A bearer token (RFC 6750).")},
                        "Sets the header Authorization.");
}

TypePointer body_shape() {
  const auto file = schema::object({required("file", schema::text(), "The file's bytes."),
                                    optional("template", schema::boolean(), "true: ${...} in it is rendered.")});
  return schema::one_of({schema::templated("The body as it is."), file});
}

TypePointer multipart_shape() {
  const auto file = schema::object({required("file", schema::text(), "The file's bytes."),
                                    optional("filename", schema::text(), "By default the file's own."),
                                    optional("content_type", schema::text(), "By default application/octet-stream.")});
  return schema::map_of(schema::one_of({schema::templated(), file}), "Field to its text or file (RFC 7578).");
}

void append_request_fields(std::vector<Field>& fields) {
  fields.push_back(optional("request", schema::templated(), "Sends `method` to the path, for methods without a key."));
  fields.push_back(optional("method", schema::text(), "With request: the HTTP method, as in PURGE."));
  fields.push_back(optional("name", schema::text(), "The metric tag `name`; by default method and path."));
  fields.push_back(optional("headers", headers_shape(), "Request headers."));
  fields.push_back(optional("auth", auth_shape(), "Basic or bearer authentication."));
  fields.push_back(optional("json", schema::any(), "The body as JSON; sets Content-Type."));
  fields.push_back(optional("form", schema::map_of(schema::templated()), "The body as a form, URL-encoded."));
  fields.push_back(optional("multipart", multipart_shape(), "The body as multipart/form-data."));
  fields.push_back(optional("body", body_shape(), "The body as it is, or from a file."));
  fields.push_back(optional("timeout", schema::duration(), "Of one attempt, from its start to the last byte."));
  fields.push_back(optional("capture", captures_shape(), "What to take from the answer."));
  fields.push_back(optional("expect", expectation_shape(), "What the answer must be."));
}

/// Lists of steps inside of steps; the flow's compiler checks them against step_schema().
TypePointer inner_steps() {
  static const TypePointer shape = schema::list_of(schema::any("A step, as in a flow."));
  return shape;
}

void append_transport_fields(std::vector<Field>& fields) {
  const auto json = schema::object({required("json", schema::any(), "The message as JSON.")});
  const auto message = schema::one_of({schema::templated(), json});
  fields.push_back(optional("websocket", schema::templated(), "One WebSocket conversation with this path."));
  fields.push_back(optional("send", schema::one_of({schema::templated(), json, schema::list_of(message)}),
                            "With websocket: a message, {json: ...}, or a list of them."));
  fields.push_back(optional("receive", schema::integer(0, 1e6),
                            "With websocket: messages that must meet `expect` before it ends; 1 by default."));
  fields.push_back(optional("hold", schema::text(),
                            "With websocket: the connection stays open under this name, to the iteration's end."));
  fields.push_back(optional("held", schema::text(), "Goes on with the WebSocket that an earlier step holds."));
  fields.push_back(optional("close", schema::boolean(), "With held: closes it afterwards."));
  fields.push_back(optional("grpc", schema::text(), "A unary call: package.Service/Method."));
  fields.push_back(optional("descriptors", schema::text(), "With grpc: a file of protoc --descriptor_set_out."));
  fields.push_back(optional("message", schema::any(), "With grpc: the request message as JSON has it."));
  fields.push_back(optional("publish", schema::templated(), "Publishes a message to this Kafka topic; body or json."));
  fields.push_back(optional("key", schema::templated(), "With publish: the message's key."));
}

void append_control_fields(std::vector<Field>& fields) {
  fields.push_back(optional("loop", schema::templated(), "Plays `steps` this many times."));
  fields.push_back(optional("while", schema::templated(), "With loop: before each turn, this must hold."));
  fields.push_back(optional("steps", inner_steps(), "What the loop plays."));
  fields.push_back(optional("if", schema::templated(), "A condition: ${kind} == express; also !=, <, <=, >, >=, ~."));
  fields.push_back(optional("then", inner_steps(), "Steps when it holds."));
  fields.push_back(optional("else", inner_steps(), "Steps when it does not."));
  const auto choice = schema::object({required("weight", schema::number(0, 100), "In percent; the sum is 100."),
                                      required("steps", inner_steps(), "What is played.")});
  fields.push_back(optional("choose", schema::list_of(choice), "Plays one of these, by weight."));
  fields.push_back(optional("parallel", inner_steps(), "Sends these requests side by side."));
}

TypePointer retry_shape() {
  return schema::object(
      {required("within", schema::duration(), "No attempt starts later than this after the first one."),
       required("every", schema::duration(), "Pause between an attempt's end and the next one."),
       required("when", schema::list_of(schema::text()),
                "Statuses and error classes that are tried again: 503, timeout, reset, refused.")},
      "Sends the same request again; the step's outcome is the last attempt's.");
}

TypePointer operation_shape() {
  return schema::object({required("kind", schema::text(), "What it is, at most 16 bytes: payment."),
                         required("key", schema::templated(), "The idempotency key, at most 64 bytes."),
                         optional("scope", schema::templated(), "What the key is unique in; kept as a hash."),
                         optional("amount", schema::templated(), "Minor units, a whole number."),
                         optional("currency", schema::templated(), "ISO 4217.")},
                        "Writes this step's requests to the operation history that the audit reads.");
}

TypePointer read_shape() {
  return schema::object({required("id", schema::templated(), "The payment, as the operation's `id` names it."),
                         required("state", schema::templated(), "The state that the answer showed, as captured.")},
                        "Writes what the answer showed to the operation history: the audit looks for stale reads.");
}

TypePointer make_step_shape() {
  std::vector<Field> fields = method_fields();
  append_request_fields(fields);
  fields.push_back(optional("retry", retry_shape(), "Attempts after a failure."));
  fields.push_back(optional("operation", operation_shape(), "Marks the request for the audit."));
  fields.push_back(optional("read", read_shape(), "Marks the answer as a read of a payment's state."));
  fields.push_back(optional("continue", schema::boolean(), "true: a failure of this step does not end the iteration."));
  fields.push_back(optional("redirects", schema::integer(0, 50),
                            "Redirects to the same address that are followed; 10 for GET and HEAD, else 0."));
  fields.push_back(optional("measure", measures_shape(), "Metrics taken from the answer."));
  fields.push_back(optional("tags", schema::map_of(schema::text()), "Tags of the step's series."));
  fields.push_back(
      optional("poll", schema::templated(), "GETs the path until a condition holds; a metric of its name."));
  fields.push_back(
      optional("since", schema::text(), "The step whose last byte starts the sample; by default the one before."));
  fields.push_back(
      optional("every", schema::duration(), "Time between polls, and before the first one; 100ms by default."));
  fields.push_back(optional("until", expectation_shape(), "The condition that ends the poll."));
  const auto span = schema::object({required("from", schema::duration(), "The shortest pause."),
                                    required("to", schema::duration(), "The longest; uniform between them.")});
  fields.push_back(
      optional("think", schema::one_of({schema::duration(), span}), "A pause; the next step is due at its end."));
  append_transport_fields(fields);
  append_control_fields(fields);
  return schema::object(std::move(fields), "One step: a request, a poll, a pause, or steps within it.");
}

TypePointer stage_shape() {
  return schema::object({optional("phase", schema::text(), "Takes its length from this phase."),
                         optional("over", schema::duration(), "Or lasts this long."),
                         required("to", schema::text(),
                                  "What it ends at, straight from what was before: a rate (ramping-arrival-rate) or a "
                                  "number of VUs (ramping-vus).")},
                        "One straight piece.");
}

std::vector<std::string> executor_names() {
  std::vector<std::string> names;
  for (const Executor executor : kExecutors) names.emplace_back(to_string(executor));
  return names;
}

std::vector<Field> search_fields() {
  return {optional("max_rate", schema::rate(), "capacity-search: no rate above this is tried."),
          optional("gates", schema::list_of(schema::text()), "capacity-search: the gates that must hold."),
          optional("settle", schema::duration(), "capacity-search: time at a rate before it is measured; 5s."),
          optional("measure", schema::duration(), "capacity-search: time that the gates look at; 15s."),
          optional("confirm", schema::duration(), "capacity-search: the same, for the answer; twice `measure`."),
          optional("precision", schema::share(), "capacity-search: how narrow the answer must be; 5%.")};
}

TypePointer block_shape() {
  std::vector<Field> fields = {
      required("executor", schema::choice(executor_names()), "How iterations are started."),
      optional("flows", schema::map_of(schema::number(0, 100)), "Flow to its weight in percent; the sum is 100."),
      optional("arrivals", schema::choice({"even", "poisson"}), "How arrivals are spaced; even by default."),
      optional("rate", schema::rate(), "constant-arrival-rate: iterations started per second."),
      optional("duration", schema::duration(), "How long; by default until the last phase ends."),
      optional("start_rate", schema::rate(), "ramping-arrival-rate, capacity-search: the first rate; 0/s by default."),
      optional("stages", schema::list_of(stage_shape()), "ramping-*: one after the other."),
      optional("vus", schema::integer(1, 1e6), "constant-vus, *-iterations: how many iterate at once."),
      optional("start_vus", schema::integer(0, 1e6), "ramping-vus: how many at the start; 0 by default."),
      optional("iterations", schema::integer(1, 1e12),
               "shared-iterations: of all VUs together; per-vu-iterations: of each."),
      optional("max_duration", schema::duration(),
               "*-iterations: no iteration starts later than this; 10m by default."),
      optional("max_vus", schema::integer(1, 1e6),
               "*-arrival-rate, capacity-search: iterations in progress at most; an arrival beyond is dropped."),
      optional(
          "pre_allocated_vus", schema::integer(0, 1e6),
          "*-arrival-rate, capacity-search: VUs that exist from the start; 0 by default: they take no time to make."),
      optional("start_after", schema::duration(), "Starts this long after the start of load."),
      optional("graceful_stop", schema::duration(),
               "Iterations in progress may take this much longer than the block; 30s by default."),
      optional("graceful_ramp_down", schema::duration(),
               "ramping-vus: the same for a VU that is no longer wanted; 30s by default."),
      optional("connections", schema::choice({"shared", "per_vu", "fresh"}),
               "Which connection a request takes; shared by default."),
      optional("cookies", schema::choice({"off", "iteration", "user"}),
               "How long a virtual user keeps cookies; off by default."),
      optional("connect_rate", schema::rate(), "New connections per second at most; without it, no limit.")};
  for (Field& field : search_fields()) fields.push_back(std::move(field));
  return schema::object(std::move(fields), "One source of load.");
}

}  // namespace

TypePointer generator_schema() {
  return schema::object({
      optional("tick", schema::duration(),
               "100us to 2ms: a load loop looks at arrivals and answers only so often, and costs less CPU. What it "
               "starts and sees is up to a tick late, and counts as that. Not for closed loops."),
      optional("thread_affinity", schema::boolean(),
               "true: each load loop keeps to one processor, the first loop to the last one that tidegate may use."),
  });
}

TypePointer load_schema() {
  static const TypePointer shape = schema::map_of(block_shape(), "Load blocks by name; they run side by side.");
  return shape;
}

TypePointer step_schema() {
  static const TypePointer shape = make_step_shape();
  return shape;
}

TypePointer flows_schema() {
  static const TypePointer shape =
      schema::map_of(schema::list_of(step_schema()), "Flows by name: the steps of one iteration.");
  return shape;
}

TypePointer data_schema() {
  static const TypePointer shape = schema::map_of(
      schema::object(
          {optional("file", schema::text(), "A CSV file with a header line, or NDJSON; of any size."),
           optional("format", schema::choice({"csv", "ndjson"}), "By default, what the file's name ends in says."),
           optional("pick", schema::text(),
                    "Which row an iteration reads: random (the default), sequential, unique, or zipf(EXPONENT)."),
           optional("generate", schema::map_of(schema::templated()),
                    "Or: column to its template, drawn per iteration."),
           optional("repeat", schema::share(), "With generate: share of rows that return an earlier row whole."),
           optional("among", schema::integer(1, 1e9),
                    "With repeat: how many rows back it may reach; 10000 by default.")},
          "Rows of data; an iteration reads one row of each."),
      "Feeders by name.");
  return shape;
}

TypePointer teardown_schema() {
  std::vector<Field> fields = method_fields();
  append_request_fields(fields);
  std::erase_if(fields, [](const Field& field) { return field.name == "capture"; });
  fields.push_back(optional("for_each", schema::text(), "Sends it once for each row of this feeder."));
  static const TypePointer shape =
      schema::list_of(schema::object(std::move(fields), "One tear-down request."), "Requests sent once, after load.");
  return shape;
}

TypePointer setup_schema() {
  std::vector<Field> fields = method_fields();
  append_request_fields(fields);
  fields.push_back(
      optional("for_each", schema::text(), "Sends it once for each row of this feeder; captures become columns."));
  static const TypePointer shape =
      schema::list_of(schema::object(std::move(fields), "One set-up request."), "Requests sent once, before load.");
  return shape;
}

}  // namespace tidegate::loadgen
