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

TypePointer captures_shape() {
  const auto header = schema::object({required("header", schema::text(), "Name of the header whose value is taken.")});
  return schema::map_of(schema::one_of({schema::text("A JSON path, such as $.id."), header}),
                        "Variable name to the place in the answer.");
}

TypePointer expectation_shape() {
  return schema::object({optional("status", schema::one_of({schema::text(), schema::list_of(schema::text())}),
                                  "202, a class such as 2xx, or a list of them. Without it: 200 to 399."),
                         optional("json", schema::map_of(schema::any()),
                                  "JSON path to the value, or to a list of values, that may stand there."),
                         optional("latency", schema::text(), "Response time below this: 500ms.")},
                        "What the answer must be; anything else fails the step.");
}

void append_request_fields(std::vector<Field>& fields) {
  fields.push_back(optional("name", schema::text(), "The metric tag `name`; by default method and path."));
  fields.push_back(optional("headers", headers_shape(), "Request headers."));
  fields.push_back(optional("json", schema::any(), "The body as JSON; sets Content-Type."));
  fields.push_back(optional("body", schema::templated(), "The body as it is."));
  fields.push_back(optional("timeout", schema::duration(), "Of one attempt, from its start to the last byte."));
  fields.push_back(optional("capture", captures_shape(), "What to take from the answer."));
  fields.push_back(optional("expect", expectation_shape(), "What the answer must be."));
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

TypePointer step_shape() {
  std::vector<Field> fields = method_fields();
  append_request_fields(fields);
  fields.push_back(optional("retry", retry_shape(), "Attempts after a failure."));
  fields.push_back(optional("operation", operation_shape(), "Marks the request for the audit."));
  fields.push_back(optional("read", read_shape(), "Marks the answer as a read of a payment's state."));
  fields.push_back(optional("continue", schema::boolean(), "true: a failure of this step does not end the iteration."));
  fields.push_back(
      optional("poll", schema::templated(), "GETs the path until a condition holds; a metric of its name."));
  fields.push_back(
      optional("since", schema::text(), "The step whose last byte starts the sample; by default the one before."));
  fields.push_back(
      optional("every", schema::duration(), "Time between polls, and before the first one; 100ms by default."));
  fields.push_back(optional("until", expectation_shape(), "The condition that ends the poll."));
  fields.push_back(optional("think", schema::duration(), "A pause; the next step is due at its end."));
  return schema::object(std::move(fields), "One step: a request, a poll or a pause.");
}

TypePointer stage_shape() {
  return schema::object({optional("phase", schema::text(), "Takes its length from this phase."),
                         optional("over", schema::duration(), "Or lasts this long."),
                         required("to", schema::rate(), "The rate at its end; straight from the rate before.")},
                        "One straight piece of the rate.");
}

TypePointer block_shape() {
  return schema::object(
      {required("executor", schema::choice({"constant-arrival-rate", "ramping-arrival-rate", "constant-vus"}),
                "How iterations are started."),
       optional("flows", schema::map_of(schema::number(0, 100)), "Flow to its weight in percent; the sum is 100."),
       optional("arrivals", schema::choice({"even", "poisson"}), "How arrivals are spaced; even by default."),
       optional("rate", schema::rate(), "constant-arrival-rate: iterations started per second."),
       optional("duration", schema::duration(), "constant-*: how long; by default until the last phase ends."),
       optional("start_rate", schema::rate(), "ramping-arrival-rate: the rate at the start; 0/s by default."),
       optional("stages", schema::list_of(stage_shape()), "ramping-arrival-rate: one after the other."),
       optional("vus", schema::integer(1, 1e6), "constant-vus: how many iterate at once."),
       optional("max_vus", schema::integer(1, 1e6),
                "*-arrival-rate: iterations in progress at most; an arrival beyond is dropped."),
       optional("start_after", schema::duration(), "Starts this long after the start of load.")},
      "One source of load.");
}

}  // namespace

TypePointer load_schema() {
  static const TypePointer shape = schema::map_of(block_shape(), "Load blocks by name; they run side by side.");
  return shape;
}

TypePointer flows_schema() {
  static const TypePointer shape =
      schema::map_of(schema::list_of(step_shape()), "Flows by name: the steps of one iteration.");
  return shape;
}

TypePointer data_schema() {
  static const TypePointer shape = schema::map_of(
      schema::object(
          {optional("file", schema::text(), "A CSV file with a header line."),
           optional("pick", schema::choice({"random", "sequential", "unique"}),
                    "Which row an iteration reads; random by default."),
           optional("generate", schema::map_of(schema::templated()),
                    "Or: column to its template, drawn per iteration."),
           optional("repeat", schema::share(), "With generate: share of rows that return an earlier row whole."),
           optional("among", schema::integer(1, 1e9),
                    "With repeat: how many rows back it may reach; 10000 by default.")},
          "Rows of data; an iteration reads one row of each."),
      "Feeders by name.");
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
