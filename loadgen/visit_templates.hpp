#pragma once
// Every template of a part of the plan, for what has to look at all of them.

#include <algorithm>
#include <vector>

#include "loadgen/compiled.hpp"

namespace tidegate::loadgen {

template <typename Visit>
void visit_request(RequestSpec& request, Visit visit) {
  visit(request.target);
  for (auto& [name, value] : request.headers) visit(value);
  visit(request.content_type);
  visit(request.body);
  visit(request.key);
  for (Template& message : request.messages) visit(message);
}

template <typename Visit>
void visit_expectation(Expectation& expectation, Visit visit) {
  for (HeaderExpectation& header : expectation.headers) {
    for (ExpectedValue& value : header.any_of) visit(value.text);
  }
  for (ExpectedValue& value : expectation.body) visit(value.text);
  for (JsonExpectation& json : expectation.json) {
    for (ExpectedValue& value : json.any_of) visit(value.text);
  }
}

template <typename Visit>
void visit_step(Step& step, Visit visit) {
  visit_request(step.request, visit);
  visit_expectation(step.expect, visit);
  visit_expectation(step.until, visit);
  if (step.read) {
    visit(step.read->id);
    visit(step.read->state);
  }
  visit(step.times);
  if (step.condition) {
    visit(step.condition->left);
    visit(step.condition->right);
  }
  if (!step.operation) return;
  for (Template* part :
       {&step.operation->key, &step.operation->scope, &step.operation->amount, &step.operation->currency}) {
    visit(*part);
  }
}

/// Adds the feeders whose columns the template reads itself, each once.
inline void note_feeders(const Template& source, std::vector<std::uint32_t>& feeders) {
  source.each_slot([&](const Slot& slot) {
    if (slot.source != Slot::Source::column) return;
    if (std::find(feeders.begin(), feeders.end(), slot.first) == feeders.end()) feeders.push_back(slot.first);
  });
}

}  // namespace tidegate::loadgen
