#include "base/random.hpp"
#include "base/schema.hpp"
#include "base/units.hpp"
#include "loadgen/compile.hpp"

namespace tidegate::loadgen {
namespace {

void read_pick(Feeder& feeder, const yaml::Node* node, Diagnostics& diagnostics) {
  if (node == nullptr || node->text() == "random") return;
  const std::string& text = node->text();
  if (text == "sequential") {
    feeder.pick = Feeder::Pick::sequential;
  } else if (text == "unique") {
    feeder.pick = Feeder::Pick::unique;
  } else if (text.starts_with("zipf(") && text.ends_with(")")) {
    feeder.pick = Feeder::Pick::zipf;
    const auto exponent = parse_number(text.substr(5, text.size() - 6));
    if (exponent && *exponent > 0 && *exponent <= 20) {
      feeder.zipf_exponent = *exponent;
    } else {
      diagnostics.add(node->mark(), "zipf takes an exponent above 0, at most 20, as in zipf(1.1)");
    }
  } else {
    diagnostics.add(node->mark(),
                    "'" + text + "' is no way to pick rows; write random, sequential, unique or zipf(1.1)",
                    nearest_spelling(text, std::vector<std::string>{"random", "sequential", "unique", "zipf(1.1)"}));
  }
}

void read_table(Feeder& feeder, const yaml::Node& node, const yaml::Node& file, CompileContext& context) {
  feeder.unreadable = true;
  const std::string path = data_path(file.text(), context.input.scenario_directory);
  const yaml::Node* format = node.find("format");
  const TableFormat written = format == nullptr            ? format_of(path)
                              : format->text() == "ndjson" ? TableFormat::ndjson
                                                           : TableFormat::csv;
  auto table = open_table(path, written);
  if (!table) {
    const bool unreadable = table.error().kind == Error::Kind::machine;
    context.diagnostics.add(file.mark(),
                            (unreadable ? "cannot read the data file: " : path + ", ") + table.error().message);
    return;
  }
  feeder.columns = (*table)->columns();
  feeder.table = *std::move(table);
  feeder.unreadable = false;
}

void refuse_key(const yaml::Node& node, const char* key, const char* needed, Diagnostics& diagnostics) {
  if (const yaml::Node* value = node.find(key)) {
    diagnostics.add(value->mark(), std::string("'") + key + "' needs '" + needed + "'");
  }
}

void declare_generated(Feeder& feeder, const yaml::Node& node, const yaml::Node& columns, CompileContext& context) {
  for (const auto& [column, value] : columns.entries()) feeder.columns.push_back(column.text());
  if (feeder.columns.empty()) context.diagnostics.add(columns.mark(), "a generated row needs at least one column");
  if (const yaml::Node* repeat = node.find("repeat")) {
    feeder.repeat = schema::as_share(*repeat);
    if (feeder.repeat >= 1) {
      context.diagnostics.add(repeat->mark(), "repeat must stay below 100%, or there is no first row");
      feeder.repeat = 0;
    }
  } else {
    refuse_key(node, "among", "repeat", context.diagnostics);
  }
  const yaml::Node* among = node.find("among");
  feeder.among = among != nullptr ? static_cast<std::uint64_t>(schema::as_integer(*among)) : 10'000;
}

}  // namespace

void declare_feeders(CompileContext& context) {
  if (context.input.data == nullptr) return;
  for (const auto& [name, node] : context.input.data->entries()) {
    Feeder feeder;
    feeder.name = name.text();
    feeder.mark = name.mark();
    feeder.stream = substream(stable_hash("data"), stable_hash(feeder.name));
    read_pick(feeder, node.find("pick"), context.diagnostics);
    if (feeder.name == "stack" || feeder.name == "env" || feeder.name == "request") {
      context.diagnostics.add(name.mark(),
                              "a feeder cannot be named '" + feeder.name + "'; the name has a meaning of its own");
    }
    const yaml::Node* file = node.find("file");
    const yaml::Node* generate = node.find("generate");
    if ((file == nullptr) == (generate == nullptr)) {
      context.diagnostics.add(name.mark(), "feeder '" + feeder.name + "' needs either 'file' or 'generate'");
    } else if (file != nullptr) {
      refuse_key(node, "repeat", "generate", context.diagnostics);
      refuse_key(node, "among", "generate", context.diagnostics);
      read_table(feeder, node, *file, context);
    } else {
      refuse_key(node, "pick", "file", context.diagnostics);
      refuse_key(node, "format", "file", context.diagnostics);
      declare_generated(feeder, node, *generate, context);
    }
    context.plan.feeders.push_back(std::move(feeder));
  }
}

void compile_generated(CompileContext& context) {
  for (std::uint32_t i = 0; i < context.plan.feeders.size(); ++i) {
    const yaml::Node* node = context.input.data->find(context.plan.feeders[i].name);
    const yaml::Node* columns = node == nullptr ? nullptr : node->find("generate");
    if (columns == nullptr) continue;
    Names names = context.names();
    names.limit_to_before(i);
    std::vector<Template> templates;
    for (const auto& [column, value] : columns->entries()) {
      names.set_stream(substream(context.plan.feeders[i].stream, stable_hash(column.text())));
      templates.push_back(compile_template(value.text(), Escape::none, names, value.mark(), context.diagnostics));
      if (templates.back().uses(Slot::Source::now)) {
        context.diagnostics.add(value.mark(), "a generated row cannot hold now(): a repeat must return the same row");
      }
    }
    context.plan.feeders[i].generated = std::move(templates);
  }
}

void check_unique_rows(CompileContext& context) {
  const CompiledPlan& plan = context.plan;
  for (const Feeder& feeder : plan.feeders) {
    if (!feeder.table || feeder.pick != Feeder::Pick::unique) continue;
    double needed = 0;
    for (const Block& block : plan.blocks) {
      if (!feeder.turns[block.index] || !block.open_loop()) continue;
      needed = std::max(needed, block.curve.total() * feeder.readers);
    }
    if (needed > static_cast<double>(feeder.table->rows())) {
      context.diagnostics.add(feeder.mark, "unique feeder '" + feeder.name + "' has " +
                                               format_count(feeder.table->rows()) + " rows; the load needs about " +
                                               format_count(static_cast<std::uint64_t>(needed)));
    }
  }
}

}  // namespace tidegate::loadgen
