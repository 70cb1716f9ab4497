#include <algorithm>

#include "base/schema.hpp"
#include "base/units.hpp"
#include "loadgen/flow_compiler.hpp"
#include "record/metrics.hpp"

namespace tidegate::loadgen {
namespace {

constexpr std::uint8_t kUsualRedirects = 10;
/// Tags that the engine sets.
constexpr std::array<std::string_view, 7> kOwnTags = {"name",   "flow",  "block",  "expected",
                                                      "status", "class", "outcome"};

}  // namespace

void FlowCompiler::compile_request_step(const yaml::Node& node, Step& step) {
  refuse(node, {"since", "every", "until"}, "needs 'poll'");
  refuse(node, {"steps", "while"}, "needs 'loop'");
  refuse(node, {"then", "else"}, "needs 'if'");
  step.request = compile_any_request(node, names_, context_);
  step.timeout = timeout_at(node, step.timeout, diagnostics_);
  step.expect = compile_expectation(node.find("expect"), names_, diagnostics_);
  if (step.request.protocol == Protocol::websocket && !step.expect.statuses_given) step.expect.statuses = {{101, 101}};
  if (const yaml::Node* retry = node.find("retry")) step.retry = compile_retry(*retry);
  if (const yaml::Node* operation = node.find("operation")) {
    step.operation = compile_operation(*operation);
    if (loops_ > 0)
      diagnostics_.add(operation->mark(), "an operation cannot stand in a loop: it could not be asked again");
  }
  if (const yaml::Node* proceed = node.find("continue")) step.continue_on_failure = schema::as_boolean(*proceed);
  compile_hold(node, step);
  compile_redirects(node, step);
  compile_step_captures(node, step);
  compile_read(node, step);
  compile_measures(node, step);
  compile_tags(node, step);
}

void FlowCompiler::compile_hold(const yaml::Node& node, Step& step) {
  const yaml::Node* hold = node.find("hold");
  const yaml::Node* held = node.find("held");
  const yaml::Node* name = hold != nullptr ? hold : held;
  if (name == nullptr) return;
  if (in_parallel_) diagnostics_.add(name->mark(), "a connection cannot be held in parallel: steps share it in turn");
  const auto known = std::find(held_.begin(), held_.end(), name->text());
  const auto place = static_cast<std::uint32_t>(known - held_.begin());
  if (hold != nullptr) {
    if (hold->text().empty()) diagnostics_.add(hold->mark(), "'hold' names the connection for later steps");
    step.request.hold = place;
    if (known == held_.end()) held_.push_back(hold->text());
  } else if (known == held_.end()) {
    diagnostics_.add(held->mark(), "no earlier step holds a connection named '" + held->text() + "'",
                     nearest_spelling(held->text(), held_));
  } else {
    step.request.held = place;
  }
}

void FlowCompiler::compile_redirects(const yaml::Node& node, Step& step) {
  if (const yaml::Node* redirects = node.find("redirects")) {
    step.redirects = static_cast<std::uint8_t>(schema::as_integer(*redirects));
    return;
  }
  const bool safe = step.request.method == "GET" || step.request.method == "HEAD";
  // An answer that the step names in `expect.status` is what it wants.
  const bool wanted = step.expect.statuses_given &&
                      std::any_of(step.expect.statuses.begin(), step.expect.statuses.end(),
                                  [](const auto& range) { return range.first <= 399 && range.second >= 300; });
  step.redirects = safe && !wanted && step.request.protocol == Protocol::http ? kUsualRedirects : std::uint8_t{0};
}

void FlowCompiler::compile_poll(const yaml::Node& node, Step& step) {
  step.kind = Step::Kind::poll;
  refuse(node,
         {"json", "body", "form", "multipart", "retry", "operation", "expect", "continue", "redirects", "method",
          "send", "message", "descriptors", "key", "steps", "while", "then", "else"},
         "does not go with 'poll'");
  step.request = compile_request(node, "get", *node.find("poll"), names_, context_);
  step.every = duration_at(node, "every", step.every);
  step.limit = timeout_at(node, step.limit, diagnostics_);
  step.timeout = step.limit;
  if (step.every.count() <= 0) diagnostics_.add(node.find("every")->mark(), "'every' must be longer than 0");
  if (node.find("until") == nullptr) diagnostics_.add(node.mark(), "a poll needs 'until', the condition that ends it");
  step.until = compile_expectation(node.find("until"), names_, diagnostics_);
  step.since = find_since(node);
  compile_step_captures(node, step);
  compile_read(node, step);
  compile_measures(node, step);
  compile_tags(node, step);
}

/// The request step that a poll counts from.
std::uint32_t FlowCompiler::find_since(const yaml::Node& node) {
  const yaml::Node* since = node.find("since");
  std::vector<std::string> known;
  for (auto place = certain_.rbegin(); place != certain_.rend(); ++place) {
    const Step& earlier = flow_.steps[*place];
    if (since == nullptr || earlier.name == since->text()) return *place;
    known.push_back(earlier.name);
  }
  if (since == nullptr) {
    diagnostics_.add(node.mark(), "a poll needs a request before it");
  } else {
    diagnostics_.add(since->mark(), "no earlier step is named '" + since->text() + "'",
                     nearest_spelling(since->text(), known));
  }
  return 0;
}

void FlowCompiler::compile_step_captures(const yaml::Node& node, Step& step) {
  step.captures = compile_captures(node.find("capture"), diagnostics_);
  for (Capture& capture : step.captures) capture.variable = names_.add_capture(capture.name);
}

void FlowCompiler::compile_measures(const yaml::Node& node, Step& step) {
  const yaml::Node* measures = node.find("measure");
  if (measures == nullptr) return;
  for (const auto& [name, shape] : measures->entries()) {
    Measure measure;
    measure.name = name.text();
    if (record::find_metric(measure.name) != nullptr) {
      diagnostics_.add(name.mark(), "'" + measure.name + "' is a metric of the harness; give the measure another name");
    }
    if (auto place = compile_place(*shape.find("value"), diagnostics_)) measure.value = *std::move(place);
    const std::string& unit = shape.find("unit")->text();
    measure.is_time = unit != "count" && unit != "bytes";
    measure.unit = measure.is_time ? "us" : unit;
    measure.scale = unit == "s" ? 1e6 : unit == "ms" ? 1e3 : 1;
    step.measures.push_back(std::move(measure));
  }
}

void FlowCompiler::compile_tags(const yaml::Node& node, Step& step) {
  const yaml::Node* tags = node.find("tags");
  if (tags == nullptr) return;
  for (const auto& [key, value] : tags->entries()) {
    if (std::find(kOwnTags.begin(), kOwnTags.end(), key.text()) != kOwnTags.end()) {
      diagnostics_.add(key.mark(), "the tag '" + key.text() + "' is set by the load engine");
    } else if (key.text().empty() || key.text().find_first_of("{},= ") != std::string::npos) {
      diagnostics_.add(key.mark(), "'" + key.text() + "' cannot name a tag");
    } else if (value.text().find("${") != std::string::npos) {
      diagnostics_.add(value.mark(), "a tag cannot hold ${...}: every value would be a series of its own");
    } else {
      step.tags.emplace_back(key.text(), value.text());
    }
  }
}

Retry FlowCompiler::compile_retry(const yaml::Node& node) {
  Retry retry;
  retry.within = schema::as_duration(*node.find("within"));
  retry.every = schema::as_duration(*node.find("every"));
  for (const yaml::Node& when : node.find("when")->items()) {
    if (const auto status = parse_integer(when.text()); status && *status >= 100 && *status <= 599) {
      retry.statuses.push_back(static_cast<int>(*status));
    } else if (const auto error = retryable_class(when.text())) {
      retry.classes.push_back(*error);
      // To a person, a connection that the peer closed half-way is one that was reset.
      if (*error == ErrorClass::reset) retry.classes.push_back(ErrorClass::closed);
    } else {
      const std::vector<std::string> known{"timeout", "reset", "refused", "closed", "unreachable", "protocol", "tls"};
      diagnostics_.add(when.mark(), "'" + when.text() + "' is neither a status nor an error class",
                       nearest_spelling(when.text(), known));
    }
  }
  return retry;
}

// After the captures: the state that was seen is usually one of them.
void FlowCompiler::compile_read(const yaml::Node& node, Step& step) {
  const yaml::Node* read = node.find("read");
  if (read == nullptr) return;
  const auto part = [&](const char* key) {
    const yaml::Node& value = *read->find(key);
    return compile_template(value.text(), Escape::none, names_, value.mark(), diagnostics_);
  };
  step.read.emplace();
  step.read->id = part("id");
  step.read->state = part("state");
}

OperationMark FlowCompiler::compile_operation(const yaml::Node& node) {
  OperationMark mark;
  mark.kind = node.find("kind")->text();
  if (mark.kind.empty() || mark.kind.size() > 16) {
    diagnostics_.add(node.find("kind")->mark(), "the kind of an operation has 1 to 16 bytes");
  }
  const auto part = [&](const char* key) {
    const yaml::Node* value = node.find(key);
    return value == nullptr ? Template{}
                            : compile_template(value->text(), Escape::none, names_, value->mark(), diagnostics_);
  };
  mark.key = part("key");
  mark.scope = part("scope");
  mark.amount = part("amount");
  mark.currency = part("currency");
  return mark;
}

}  // namespace tidegate::loadgen
