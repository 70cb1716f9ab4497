#include "reports/capacity_data.hpp"

#include <algorithm>

#include "base/units.hpp"
#include "record/verdict.hpp"

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

std::string capacity_answer(const json::object& fields) {
  const record::CapacityFinding found = record::capacity_finding(fields);
  std::string text = found.holds > 0 ? format_rate(found.holds) + " held" : "no rate held";
  if (found.holds > 0 && !found.confirmed) text += " (not confirmed)";
  if (!found.breaks) return text + (found.confirmed ? ", which is the cap" : ", none broke");
  return text + ", " + format_rate(*found.breaks) + (found.generator_limit ? " could not be decided" : " broke");
}

}  // namespace tidegate::reports
