#include "gates/budget/openslo.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.hpp"
#include "base/units.hpp"

namespace tidegate::gates {
namespace {

const yaml::Node* at_path(const yaml::Node& node, std::initializer_list<std::string_view> path) {
  const yaml::Node* at = &node;
  for (const std::string_view key : path) {
    at = at->find(key);
    if (at == nullptr) return nullptr;
  }
  return at;
}

std::string text_at(const yaml::Node& node, std::initializer_list<std::string_view> path) {
  const yaml::Node* found = at_path(node, path);
  return found != nullptr ? found->text() : std::string();
}

class SloReader {
 public:
  SloReader(const yaml::Node& document, Diagnostics& diagnostics) : document_(document), diagnostics_(diagnostics) {}

  std::optional<OpenSlo> read() {
    const std::size_t before = diagnostics_.size();
    const yaml::Node* spec = document_.find("spec");
    slo_.name = text_at(document_, {"metadata", "name"});
    if (slo_.name.empty()) mistake(document_, "an SLO needs metadata.name");
    if (spec == nullptr || !spec->is_map()) {
      mistake(document_, "an SLO needs a spec");
      return std::nullopt;
    }
    slo_.service = text_at(*spec, {"service"});
    read_method(*spec);
    read_window(*spec);
    read_objective(*spec);
    read_indicator(*spec);
    if (diagnostics_.size() != before) return std::nullopt;
    return slo_;
  }

 private:
  void mistake(const yaml::Node& node, std::string message, std::string suggestion = {}) {
    diagnostics_.add(node.mark(), std::move(message), std::move(suggestion));
  }

  void read_method(const yaml::Node& spec) {
    const yaml::Node* method = spec.find("budgetingMethod");
    if (method == nullptr || method->text() == "Occurrences") return;
    if (method->text() == "Timeslices") {
      slo_.timeslices = true;
      return;
    }
    static const std::vector<std::string> kMethods = {"Occurrences", "Timeslices"};
    mistake(*method, fmt::format("budgetingMethod '{}' is neither Occurrences nor Timeslices", method->text()),
            nearest_spelling(method->text(), kMethods));
  }

  void read_window(const yaml::Node& spec) {
    const yaml::Node* windows = spec.find("timeWindow");
    if (windows == nullptr || !windows->is_list() || windows->items().empty()) return;
    const yaml::Node* duration = windows->items().front().find("duration");
    if (duration == nullptr) return;
    if (const auto window = slo_duration(duration->text())) {
      slo_.window = *window;
    } else {
      mistake(*duration, fmt::format("'{}' is not a duration such as 30d, 4w, 1M or 1Q", duration->text()));
    }
  }

  // OpenSLO's shorthand also knows weeks, months, quarters and years.
  static std::optional<Nanoseconds> slo_duration(const std::string& text) {
    if (text.empty()) return std::nullopt;
    const auto days = [&](int each) -> std::optional<Nanoseconds> {
      const auto count = parse_integer(text.substr(0, text.size() - 1));
      if (!count || *count < 1 || *count > 1000) return std::nullopt;
      return std::chrono::hours(24 * each) * *count;
    };
    switch (text.back()) {
      case 'w':
        return days(7);
      case 'M':
        return days(30);
      case 'Q':
        return days(90);
      case 'Y':
        return days(365);
      default:
        break;
    }
    const auto plain = parse_duration(text);
    return plain ? std::optional(*plain) : std::nullopt;
  }

  double share_of(const yaml::Node& node, std::string_view key, double otherwise) {
    const yaml::Node* value = node.find(key);
    if (value == nullptr) return otherwise;
    const auto number = parse_number(value->text());
    if (number && *number > 0 && *number < 1) return *number;
    mistake(*value, fmt::format("{} '{}' must lie between 0 and 1, such as 0.999", key, value->text()));
    return otherwise;
  }

  void read_objective(const yaml::Node& spec) {
    const yaml::Node* list = spec.find("objectives");
    if (list == nullptr || !list->is_list() || list->items().size() != 1) {
      return mistake(list != nullptr ? *list : spec, "an SLO with one objective is expected");
    }
    const yaml::Node& objective = list->items().front();
    if (const yaml::Node* percent = objective.find("targetPercent")) {
      const auto number = parse_number(percent->text());
      if (!number || *number <= 0 || *number >= 100) {
        return mistake(*percent, fmt::format("targetPercent '{}' must lie between 0 and 100", percent->text()));
      }
      slo_.target = *number / 100;
    } else if (objective.find("target") == nullptr) {
      return mistake(objective, "an objective needs target or targetPercent");
    } else {
      slo_.target = share_of(objective, "target", 0);
    }
    if (!slo_.timeslices) return;
    slo_.slice_target = share_of(objective, "timeSliceTarget", 0);
    const yaml::Node* window = objective.find("timeSliceWindow");
    const auto length = window != nullptr ? slo_duration(window->text()) : std::nullopt;
    if (!length || slo_.slice_target == 0) {
      return mistake(objective, "Timeslices need timeSliceTarget and timeSliceWindow, such as 0.95 and 1m");
    }
    slo_.slice_window = *length;
  }

  void read_indicator(const yaml::Node& spec) {
    const yaml::Node* ratio = at_path(spec, {"indicator", "spec", "ratioMetric"});
    if (ratio == nullptr) return;
    for (const auto& [part, query] : {std::pair<std::string_view, std::string*>{"good", &slo_.good_query},
                                      {"bad", &slo_.bad_query},
                                      {"total", &slo_.total_query}}) {
      const yaml::Node* source = at_path(*ratio, {part, "metricSource"});
      if (source == nullptr) continue;
      const std::string type = text_at(*source, {"type"});
      if (type == "tidegate") {
        const std::string of = text_at(*source, {"spec", "of"});
        if (!of.empty()) slo_.of = of;
        if (part == "good") slo_.good = text_at(*source, {"spec", "good"});
      } else if (type == "Prometheus" || type == "prometheus") {
        *query = text_at(*source, {"spec", "query"});
      }
    }
  }

  const yaml::Node& document_;
  Diagnostics& diagnostics_;
  OpenSlo slo_;
};

// Documents with the line on which each begins, so that positions stay right.
std::vector<std::pair<std::string, int>> documents_of(std::string_view text) {
  std::vector<std::pair<std::string, int>> documents(1, {"", 0});
  int line = 0;
  while (!text.empty()) {
    const std::string_view one =
        text.substr(0, text.find('\n') == std::string_view::npos ? text.size() : text.find('\n') + 1);
    text.remove_prefix(one.size());
    ++line;
    if (one.starts_with("---")) {
      documents.emplace_back("", line);
    } else {
      documents.back().first += one;
    }
  }
  return documents;
}

std::string days_text(Nanoseconds time) {
  const auto days = std::chrono::duration_cast<std::chrono::hours>(time).count() / 24;
  if (time == std::chrono::hours(24 * days)) return fmt::format("{}d", days);
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(time).count();
  if (time == std::chrono::minutes(minutes)) return fmt::format("{}m", minutes);
  return fmt::format("{}s", std::chrono::duration_cast<std::chrono::seconds>(time).count());
}

yaml::Node text_node(std::string text, bool quoted = true) {
  return yaml::Node::scalar(std::move(text), {}, quoted);
}

yaml::Node map_node(std::vector<std::pair<std::string, yaml::Node>> entries) {
  std::vector<std::pair<yaml::Node, yaml::Node>> nodes;
  for (auto& [key, value] : entries) nodes.emplace_back(yaml::Node::scalar(key), std::move(value));
  return yaml::Node::map(std::move(nodes));
}

yaml::Node source_node(const std::string& type, std::vector<std::pair<std::string, yaml::Node>> spec) {
  return map_node(
      {{"metricSource", map_node({{"type", text_node(type, false)}, {"spec", map_node(std::move(spec))}})}});
}

yaml::Node indicator_node(const OpenSlo& slo) {
  std::vector<std::pair<std::string, yaml::Node>> ratio = {{"counter", text_node("true", false)}};
  if (!slo.of.empty()) {
    ratio.emplace_back("good", source_node("tidegate", {{"of", text_node(slo.of)}, {"good", text_node(slo.good)}}));
    ratio.emplace_back("total", source_node("tidegate", {{"of", text_node(slo.of)}}));
  } else {
    for (const auto& [part, query] : {std::pair<const char*, const std::string*>{"good", &slo.good_query},
                                      {"bad", &slo.bad_query},
                                      {"total", &slo.total_query}}) {
      if (!query->empty()) ratio.emplace_back(part, source_node("Prometheus", {{"query", text_node(*query)}}));
    }
  }
  return map_node({{"metadata", map_node({{"name", text_node(slo.name, false)}})},
                   {"spec", map_node({{"ratioMetric", map_node(std::move(ratio))}})}});
}

yaml::Node document_of(const OpenSlo& slo) {
  std::vector<std::pair<std::string, yaml::Node>> objective = {
      {"displayName", text_node(slo.name, false)}, {"target", text_node(fmt::format("{:.12g}", slo.target), false)}};
  if (slo.timeslices) {
    objective.emplace_back("timeSliceTarget", text_node(fmt::format("{:.12g}", slo.slice_target), false));
    objective.emplace_back("timeSliceWindow", text_node(days_text(slo.slice_window), false));
  }
  return map_node(
      {{"apiVersion", text_node("openslo/v1", false)},
       {"kind", text_node("SLO", false)},
       {"metadata", map_node({{"name", text_node(slo.name, false)}})},
       {"spec",
        map_node({{"service", text_node(slo.service, false)},
                  {"indicator", indicator_node(slo)},
                  {"timeWindow", yaml::Node::list({map_node({{"duration", text_node(days_text(slo.window), false)},
                                                             {"isRolling", text_node("true", false)}})})},
                  {"budgetingMethod", text_node(slo.timeslices ? "Timeslices" : "Occurrences", false)},
                  {"objectives", yaml::Node::list({map_node(std::move(objective))})}})}});
}

}  // namespace

std::vector<OpenSlo> parse_openslo(std::string_view text, const std::string& path, Diagnostics& diagnostics) {
  std::vector<OpenSlo> slos;
  for (const auto& [document, line] : documents_of(text)) {
    if (document.find_first_not_of(" \t\r\n") == std::string::npos) continue;
    // Empty lines in front keep the positions of mistakes.
    const std::size_t before = diagnostics.size();
    const yaml::Node node =
        yaml::parse(std::string(static_cast<std::size_t>(line), '\n') + document, path, diagnostics);
    if (diagnostics.size() != before || !node.is_map()) continue;
    if (text_at(node, {"kind"}) != "SLO") continue;
    if (text_at(node, {"apiVersion"}) != "openslo/v1") {
      diagnostics.add(node.mark(),
                      fmt::format("apiVersion '{}'; this program reads openslo/v1", text_at(node, {"apiVersion"})));
      continue;
    }
    if (auto slo = SloReader(node, diagnostics).read()) slos.push_back(std::move(*slo));
  }
  return slos;
}

std::vector<OpenSlo> read_openslo(const std::string& path, Diagnostics& diagnostics) {
  const auto content = read_file(path);
  if (!content) {
    diagnostics.add({}, content.error().message);
    return {};
  }
  return parse_openslo(*content, path, diagnostics);
}

std::string write_openslo(const std::vector<OpenSlo>& slos) {
  std::string text;
  for (const OpenSlo& slo : slos) text += (text.empty() ? "" : "---\n") + yaml::emit(document_of(slo));
  return text;
}

void inline_openslo(yaml::Node& gates, const std::string& directory, Diagnostics& diagnostics) {
  for (auto& [name, gate] : gates.entries()) {
    yaml::Node* budget = gate.is_map() ? gate.find("budget") : nullptr;
    const yaml::Node* reference = budget != nullptr && budget->is_map() ? budget->find("openslo") : nullptr;
    if (reference == nullptr) continue;
    const Mark mark = reference->mark();
    const std::string text = reference->text();
    const std::size_t hash = text.find('#');
    const std::string file = text.substr(0, hash), wanted = hash == std::string::npos ? "" : text.substr(hash + 1);
    Diagnostics found;
    const auto slos = read_openslo(file.starts_with('/') ? file : directory + "/" + file, found);
    for (const Diagnostic& one : found.list())
      diagnostics.add(one.mark.line > 0 ? one.mark : mark, one.message, one.suggestion);
    if (!found.empty()) continue;
    const auto slo = std::find_if(slos.begin(), slos.end(),
                                  [&](const OpenSlo& one) { return wanted.empty() || one.name == wanted; });
    if (slo == slos.end() || (wanted.empty() && slos.size() > 1)) {
      std::vector<std::string> names;
      for (const OpenSlo& one : slos) names.push_back(one.name);
      diagnostics.add(mark,
                      fmt::format("{} holds {}; write {}#NAME", file,
                                  names.empty() ? "no SLO" : fmt::format("the SLOs {}", fmt::join(names, ", ")), file),
                      nearest_spelling(wanted, names));
      continue;
    }
    budget->erase("openslo");
    const auto set = [&](std::string_view key, const std::string& value) {
      if (!value.empty() && budget->find(key) == nullptr) budget->set(key, yaml::Node::scalar(value, mark));
    };
    set("objective", fmt::format("{:.12g}%", slo->target * 100));
    set("per", days_text(slo->window));
    set("of", slo->of);
    set("good", slo->good);
    if (!slo->timeslices) continue;
    set("slice", days_text(slo->slice_window));
    set("slice_target", fmt::format("{:.12g}%", slo->slice_target * 100));
  }
}

std::vector<OpenSlo> budgets_of(const yaml::Node& gates, const std::string& service) {
  std::vector<OpenSlo> slos;
  for (const auto& [name, gate] : gates.entries()) {
    const yaml::Node* budget = gate.is_map() ? gate.find("budget") : nullptr;
    if (budget == nullptr) continue;
    OpenSlo slo;
    slo.name = name.text();
    std::replace(slo.name.begin(), slo.name.end(), '_', '-');  // OpenSLO names are DNS labels
    slo.service = service;
    slo.of = text_at(*budget, {"of"});
    slo.good = text_at(*budget, {"good"});
    if (slo.good.empty()) slo.good = "expected";
    if (const auto target = parse_share(text_at(*budget, {"objective"}))) slo.target = *target;
    if (const auto window = parse_duration(text_at(*budget, {"per"}))) slo.window = *window;
    if (const auto slice = parse_duration(text_at(*budget, {"slice"}))) {
      slo.timeslices = true;
      slo.slice_window = *slice;
      slo.slice_target = parse_share(text_at(*budget, {"slice_target"})).ok()
                             ? *parse_share(text_at(*budget, {"slice_target"}))
                             : 0.99;
    }
    slos.push_back(std::move(slo));
  }
  return slos;
}

}  // namespace tidegate::gates
