#include "reports/capacity_data.hpp"

#include <algorithm>

#include "base/units.hpp"

namespace tidegate::reports {
namespace {

double number(const json::object& fields, std::string_view name) {
  return number_member(fields, name).value_or(0);
}

/// Of the same rate, the confirmation comes last.
bool comes_before(const json::value& a, const json::value& b) {
  const double left = number(a.as_object(), "rate"), right = number(b.as_object(), "rate");
  if (left != right) return left < right;
  return number(a.as_object(), "from") < number(b.as_object(), "from");
}

json::object& search_of(json::array& searches, const std::string& block) {
  for (json::value& search : searches) {
    if (string_member(search.as_object(), "block") == block) return search.as_object();
  }
  searches.push_back(json::object{{"block", block}, {"steps", json::array{}}, {"found", nullptr}});
  return searches.back().as_object();
}

}  // namespace

json::array capacity_searches(const record::EventLog& log) {
  json::array searches;
  for (const record::Event& event : log.events) {
    const bool step = event.type == "capacity_step";
    if (!step && event.type != "capacity_found") continue;
    json::object& search = search_of(searches, string_member(event.fields, "block").value_or(""));
    if (step) {
      search["steps"].as_array().push_back(event.fields);
    } else {
      search["found"] = event.fields;
    }
  }
  for (json::value& search : searches) {
    json::array& steps = search.as_object()["steps"].as_array();
    std::stable_sort(steps.begin(), steps.end(), comes_before);
  }
  return searches;
}

std::string capacity_answer(const json::object& found) {
  const double holds = number(found, "holds");
  const auto breaks = number_member(found, "breaks");
  const bool confirmed = boolean_member(found, "confirmed").value_or(false);
  std::string text = holds > 0 ? format_rate(holds) + " held" : "no rate held";
  if (holds > 0 && !confirmed) text += " (not confirmed)";
  if (!breaks) return text + (confirmed ? ", which is the cap" : ", none broke");
  const bool undecided = boolean_member(found, "generator_limit").value_or(false);
  return text + ", " + format_rate(*breaks) + (undecided ? " could not be decided" : " broke");
}

}  // namespace tidegate::reports
