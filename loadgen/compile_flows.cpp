#include <algorithm>

#include "base/random.hpp"
#include "base/schema.hpp"
#include "base/units.hpp"
#include "loadgen/compile.hpp"
#include "record/metrics.hpp"

namespace tidegate::loadgen {
namespace {

/// Compiles the steps of one flow in order.
class FlowCompiler {
 public:
  FlowCompiler(const std::string& name, const yaml::Node& steps, CompileContext& context)
      : steps_(steps), names_(context.names()), diagnostics_(context.diagnostics) {
    flow_.name = name;
    stream_ = substream(stable_hash("flow"), stable_hash(name));
    for (const yaml::Node& step : steps.items()) announce_captures(step);
  }

  Flow compile() {
    for (const yaml::Node& node : steps_.items()) {
      names_.set_stream(substream(stream_, flow_.steps.size()));
      Step step;
      step.mark = node.mark();
      compile_step(node, step);
      check_name(node, step);
      flow_.steps.push_back(std::move(step));
    }
    flow_.captures = names_.captures();
    return std::move(flow_);
  }

 private:
  void announce_captures(const yaml::Node& step) {
    const yaml::Node* captures = step.find("capture");
    const yaml::Node* name = step.find("name");
    if (captures == nullptr) return;
    for (const auto& [variable, place] : captures->entries()) {
      names_.add_later_capture(variable.text(),
                               name != nullptr ? "step '" + name->text() + "'" : "the step at " + step.mark().text());
    }
  }

  void compile_step(const yaml::Node& node, Step& step) {
    const char* method = method_of(node);
    const auto methods =
        std::count_if(kMethods.begin(), kMethods.end(), [&](const char* key) { return node.find(key); });
    const bool poll = node.find("poll") != nullptr, think = node.find("think") != nullptr;
    if (methods + poll + think != 1) {
      diagnostics_.add(node.mark(),
                       "a step needs exactly one of get, post, put, patch, delete, head, options, poll and think");
      return;
    }
    if (think) return compile_think(node, step);
    if (poll) return compile_poll(node, step);
    compile_request_step(node, method, step);
  }

  void compile_think(const yaml::Node& node, Step& step) {
    step.kind = Step::Kind::think;
    step.think = schema::as_duration(*node.find("think"));
    refuse_others(node, {"think"}, "a think step");
  }

  void compile_request_step(const yaml::Node& node, const char* method, Step& step) {
    refuse(node, {"since", "every", "until"}, "needs 'poll'");
    step.request = compile_request(node, method, *node.find(method), names_, diagnostics_);
    step.timeout = timeout_at(node, step.timeout, diagnostics_);
    step.expect = compile_expectation(node.find("expect"), names_, diagnostics_);
    if (const yaml::Node* retry = node.find("retry")) step.retry = compile_retry(*retry);
    if (const yaml::Node* operation = node.find("operation")) step.operation = compile_operation(*operation);
    if (const yaml::Node* proceed = node.find("continue")) step.continue_on_failure = schema::as_boolean(*proceed);
    compile_step_captures(node, step);
    compile_read(node, step);
  }

  void compile_poll(const yaml::Node& node, Step& step) {
    step.kind = Step::Kind::poll;
    refuse(node, {"json", "body", "retry", "operation", "expect", "continue"}, "does not go with 'poll'");
    step.request = compile_request(node, "get", *node.find("poll"), names_, diagnostics_);
    step.every = duration_at(node, "every", step.every);
    step.limit = timeout_at(node, step.limit, diagnostics_);
    step.timeout = step.limit;
    if (step.every.count() <= 0) diagnostics_.add(node.find("every")->mark(), "'every' must be longer than 0");
    if (node.find("until") == nullptr)
      diagnostics_.add(node.mark(), "a poll needs 'until', the condition that ends it");
    step.until = compile_expectation(node.find("until"), names_, diagnostics_);
    step.since = find_since(node);
    compile_step_captures(node, step);
    compile_read(node, step);
  }

  /// The request step that a poll counts from.
  std::uint32_t find_since(const yaml::Node& node) {
    const yaml::Node* since = node.find("since");
    std::vector<std::string> known;
    for (std::size_t i = flow_.steps.size(); i > 0; --i) {
      const Step& earlier = flow_.steps[i - 1];
      if (earlier.kind == Step::Kind::think) continue;
      if (since == nullptr || earlier.name == since->text()) return static_cast<std::uint32_t>(i - 1);
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

  void compile_step_captures(const yaml::Node& node, Step& step) {
    step.captures = compile_captures(node.find("capture"), diagnostics_);
    for (Capture& capture : step.captures) capture.variable = names_.add_capture(capture.name);
  }

  Retry compile_retry(const yaml::Node& node) {
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
  void compile_read(const yaml::Node& node, Step& step) {
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

  OperationMark compile_operation(const yaml::Node& node) {
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

  void check_name(const yaml::Node& node, Step& step) {
    const yaml::Node* name = node.find("name");
    if (step.kind == Step::Kind::think) return;
    step.name = name != nullptr ? name->text() : default_name(step.request);
    const Mark& mark = name != nullptr ? name->mark() : node.mark();
    if (step.name.empty()) diagnostics_.add(mark, "a step's name is a metric tag; it cannot be empty");
    for (const Step& other : flow_.steps) {
      if (other.kind != Step::Kind::think && other.name == step.name) {
        diagnostics_.add(mark,
                         "two steps of flow '" + flow_.name + "' are named '" + step.name + "'; name one of them");
      }
    }
    if (step.kind != Step::Kind::poll) return;
    if (name == nullptr) diagnostics_.add(mark, "a poll needs a 'name': it becomes a metric of its own");
    if (record::find_metric(step.name) != nullptr) {
      diagnostics_.add(mark, "'" + step.name + "' is a metric of the harness; give the poll another name");
    }
  }

  void refuse(const yaml::Node& node, std::initializer_list<const char*> keys, const char* why) {
    for (const char* key : keys) {
      if (const yaml::Node* value = node.find(key))
        diagnostics_.add(value->mark(), std::string("'") + key + "' " + why);
    }
  }

  void refuse_others(const yaml::Node& node, std::vector<std::string> allowed, const std::string& what) {
    for (const auto& [key, value] : node.entries()) {
      if (std::find(allowed.begin(), allowed.end(), key.text()) == allowed.end()) {
        diagnostics_.add(key.mark(), "'" + key.text() + "' does not go with " + what);
      }
    }
  }

  const yaml::Node& steps_;
  Names names_;
  Diagnostics& diagnostics_;
  std::uint64_t stream_ = 0;
  Flow flow_;
};

}  // namespace

void compile_flows(CompileContext& context) {
  if (context.input.flows == nullptr) return;
  for (const auto& [name, steps] : context.input.flows->entries()) {
    context.plan.flows.push_back(FlowCompiler(name.text(), steps, context).compile());
    const auto& compiled = context.plan.flows.back().steps;
    if (std::none_of(compiled.begin(), compiled.end(),
                     [](const Step& step) { return step.kind == Step::Kind::request; })) {
      context.diagnostics.add(name.mark(), "flow '" + name.text() + "' sends no request");
    }
  }
}

}  // namespace tidegate::loadgen
