#include "loadgen/render.hpp"

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/http/message.hpp"
#include "base/random.hpp"

namespace tidegate::loadgen {
namespace {

void append_uuid(std::string& out, Draws draws, Escape escape) {
  // 36 characters of hex and dashes need no escape anywhere.
  if (escape == Escape::json_value) out += '"';
  out += draws.uuid();
  if (escape == Escape::json_value) out += '"';
}

void append_integer(std::string& out, std::int64_t value) {
  const fmt::format_int text(value);
  out.append(text.data(), text.size());
}

bool append_value(std::string& out, const Value& value, Escape escape) {
  if (!value.set) return false;
  append_escaped(out, value.text, escape, value.number);
  return true;
}

bool append_template(const RenderScope& scope, const Template& source, Escape outer, std::string& out);

bool append_generated(const RenderScope& scope, const Feeder& feeder, std::uint32_t column, std::uint64_t row,
                      Escape escape, std::string& out) {
  const Template& source = feeder.generated[column];
  RenderScope inner{scope.plan, scope.setup, scope.block, row, {}, {}, std::nullopt};
  if (escape != Escape::json_value || source.numeric()) return append_template(inner, source, escape, out);
  out += '"';
  const bool whole = append_template(inner, source, Escape::json_string, out);
  out += '"';
  return whole;
}

bool append_column(const RenderScope& scope, const Slot& slot, Escape escape, std::string& out) {
  const Feeder& feeder = scope.plan.feeders[slot.first];
  const Row row =
      scope.rows.empty() ? row_of(scope.plan, feeder, *scope.block, scope.iteration) : scope.rows[slot.first];
  if (row.dry) return false;
  if (!feeder.table) return append_generated(scope, feeder, slot.second, row.index, escape, out);
  if (slot.second < feeder.file_columns()) {
    append_escaped(out, feeder.table->cell(row.index, slot.second), escape);
    return true;
  }
  const std::size_t captured = slot.second - feeder.file_columns();
  return append_value(out, scope.setup.columns[slot.first][row.index * feeder.captured_columns() + captured], escape);
}

bool append_slot(const RenderScope& scope, const Slot& slot, Escape escape, std::string& out) {
  const auto draws = [&] {
    const std::uint64_t stream = scope.block == nullptr ? slot.stream : substream(scope.block->stream, slot.stream);
    return Draws(scope.plan.seed, stream, scope.iteration);
  };
  switch (slot.source) {
    case Slot::Source::stack:
    case Slot::Source::environment:
      return false;  // put in when the engine started; before that there is no value
    case Slot::Source::variable:
      return append_value(out, scope.setup.variables[slot.first], escape);
    case Slot::Source::column:
      return append_column(scope, slot, escape, out);
    case Slot::Source::capture:
      return slot.first < scope.captures.size() && append_value(out, scope.captures[slot.first], escape);
    case Slot::Source::uuid:
      append_uuid(out, draws(), escape);
      return true;
    case Slot::Source::integer:
      append_integer(out, draws().between(slot.low, slot.high));
      return true;
    case Slot::Source::pick: {
      const auto chosen = draws().between(0, static_cast<std::int64_t>(slot.choices.size()) - 1);
      append_escaped(out, slot.choices[static_cast<std::size_t>(chosen)], escape, slot.numeric_choices);
      return true;
    }
    case Slot::Source::now:
      if (!scope.now_ms) return false;
      append_integer(out, *scope.now_ms);
      return true;
  }
  return false;
}

/// `outer` overrides the pieces' own escapes: a generated column does not know where its value will stand.
bool append_template(const RenderScope& scope, const Template& source, Escape outer, std::string& out) {
  for (const Piece& piece : source.pieces()) {
    if (piece.slot) {
      if (!append_slot(scope, *piece.slot, outer == Escape::none ? piece.escape : outer, out)) return false;
    } else {
      append_escaped(out, piece.literal, outer);
    }
  }
  return true;
}

void append_length(std::string& out, std::size_t length) {
  out += "Content-Length: ";
  append_integer(out, static_cast<std::int64_t>(length));
  out += "\r\n\r\n";
}

}  // namespace

SetupData::SetupData(const CompiledPlan& plan) : variables(plan.variables.size()) {
  for (const Feeder& feeder : plan.feeders) {
    columns.emplace_back(feeder.table ? feeder.table->rows() * feeder.captured_columns() : 0);
  }
}

Value& SetupData::column(const CompiledPlan& plan, std::uint32_t feeder, std::uint64_t row, std::uint32_t captured) {
  return columns[feeder][row * plan.feeders[feeder].captured_columns() + captured];
}

bool render(const RenderScope& scope, const Template& source, std::string& out) {
  return append_template(scope, source, Escape::none, out);
}

void prepare_request(RequestSpec& request, std::string_view host) {
  Template head(request.method + " ");
  head.append(request.target);
  head.append_literal(" HTTP/1.1\r\n");
  bool has_host = false;
  for (const auto& [name, value] : request.headers) has_host = has_host || http::same_name(name, "Host");
  if (!has_host) head.append_literal("Host: " + std::string(host) + "\r\n");
  for (const auto& [name, value] : request.headers) {
    head.append_literal(name + ": ");
    head.append(value);
    head.append_literal("\r\n");
  }
  if (!request.content_type.empty()) {
    head.append_literal("Content-Type: ");
    head.append(request.content_type);
    head.append_literal("\r\n");
  }
  if (!request.has_body) head.append_literal("\r\n");
  request.head = std::move(head);
  request.prepared.clear();
  if (!request.head.constant() || !request.body.constant()) return;
  request.prepared = request.head.literal();
  if (request.has_body) append_length(request.prepared, request.body.literal().size());
  request.prepared += request.body.literal();
}

bool render_request(const RenderScope& scope, const RequestSpec& request, std::string& body, std::string& out) {
  if (!request.prepared.empty()) {
    out += request.prepared;
    return true;
  }
  if (!render(scope, request.head, out)) return false;
  if (!request.has_body) return true;
  body.clear();
  if (!render(scope, request.body, body)) return false;
  append_length(out, body.size());
  out += body;
  return true;
}

bool render_parts(const RenderScope& scope, const RequestSpec& request, RenderedRequest& parts) {
  parts = {};
  parts.method = request.method;
  bool whole = render(scope, request.target, parts.target) && render(scope, request.content_type, parts.content_type) &&
               render(scope, request.body, parts.body);
  for (const auto& [name, value] : request.headers) {
    parts.headers.emplace_back(name, std::string{});
    whole = whole && render(scope, value, parts.headers.back().second);
  }
  return whole;
}

}  // namespace tidegate::loadgen
