#include "loadgen/render.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "base/assert.hpp"
#include "base/http/message.hpp"
#include "base/random.hpp"
#include "base/trace_id.hpp"
#include "loadgen/digest.hpp"

namespace tidegate::loadgen {
namespace {

void append_uuid(std::string& out, Draws draws, Escape escape) {
  // 36 characters of hex and dashes need no escape anywhere.
  if (escape == Escape::json_value) out += '"';
  draws.append_uuid(out);
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

/// Where the iteration keeps a generated cell; null: nowhere.
KeptCells::Cell* kept_cell(const RenderScope& scope, const Feeder& feeder, std::uint32_t column) {
  const bool kept = scope.kept != nullptr && !feeder.table && feeder.kept[column];
  return kept ? &scope.kept->at(*feeder.kept[column]) : nullptr;
}

bool append_generated(const RenderScope& scope, const Feeder& feeder, std::uint32_t column, std::uint64_t row,
                      Escape escape, std::string& out) {
  const Template& source = feeder.generated[column];
  const auto inner = [&] { return RenderScope{scope.plan, scope.setup, scope.block, row, {}, {}, std::nullopt}; };
  if (KeptCells::Cell* const cell = kept_cell(scope, feeder, column)) {
    if (!cell->known) {
      cell->text.clear();
      if (!append_template(inner(), source, Escape::none, cell->text)) return false;
      cell->known = true;
    }
    if (source.plain() && escape != Escape::json_value) {
      out.append(cell->text);
    } else {
      append_escaped(out, cell->text, escape, source.numeric());
    }
    return true;
  }
  if (escape != Escape::json_value || source.numeric()) return append_template(inner(), source, escape, out);
  out += '"';
  const bool whole = append_template(inner(), source, Escape::json_string, out);
  out += '"';
  return whole;
}

bool append_column(const RenderScope& scope, const Slot& slot, Escape escape, std::string& out) {
  const Feeder& feeder = scope.plan.feeders[slot.first];
  const Row row =
      scope.rows.empty() ? row_of(scope.plan, feeder, *scope.block, scope.iteration) : scope.rows[slot.first];
  if (row.dry) return false;
  if (!feeder.table) return append_generated(scope, feeder, slot.second, row.index, escape, out);
  if (slot.second < feeder.file_columns()) return feeder.table->append_cell(row.index, slot.second, escape, out);
  const std::size_t captured = slot.second - feeder.file_columns();
  return append_value(out, scope.setup.columns[slot.first][row.index * feeder.captured_columns() + captured], escape);
}

void append_time(std::string& out, std::int64_t unix_ms, std::int64_t form, Escape escape) {
  if (form == Slot::kMilliseconds) return append_integer(out, unix_ms);
  if (form == Slot::kSeconds) return append_integer(out, unix_ms / 1000);
  const std::time_t seconds = unix_ms / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  append_escaped(out,
                 fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                             parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, unix_ms % 1000),
                 escape);
}

std::string random_text(Draws draws, std::size_t length, std::string_view characters) {
  std::string text;
  while (text.size() < length) {
    text += characters[static_cast<std::size_t>(draws.between(0, static_cast<std::int64_t>(characters.size()) - 1))];
  }
  return text;
}

bool append_digest(const RenderScope& scope, const Slot& slot, Escape escape, std::string& out) {
  std::array<std::string, 2> arguments;
  for (std::size_t i = 0; i < slot.arguments.size() && i < arguments.size(); ++i) {
    if (!append_template(scope, slot.arguments[i], Escape::none, arguments[i])) return false;
  }
  const std::string& first = arguments[0];
  const std::string& second = arguments[1];
  const auto digest = [&]() -> std::string {
    switch (slot.function) {
      case Slot::Function::sha256_hex:
        return to_hex(sha256(first));
      case Slot::Function::sha256_base64:
        return to_base64(sha256(first));
      case Slot::Function::hmac_hex:
        return to_hex(hmac_sha256(first, second));
      case Slot::Function::hmac_base64:
        return to_base64(hmac_sha256(first, second));
      case Slot::Function::base64:
        return to_base64(first);
      case Slot::Function::traceparent:
        return traceparent_for(first);
    }
    return {};
  };
  append_escaped(out, digest(), escape);
  return true;
}

bool append_slot(const RenderScope& scope, const Slot& slot, Escape escape, std::string& out) {
  const auto draws = [&] {
    std::uint64_t stream = scope.block == nullptr ? slot.stream : substream(scope.block->stream, slot.stream);
    if (scope.turn != 0) stream = substream(stream, scope.turn);
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
      append_time(out, *scope.now_ms, slot.low, escape);
      return true;
    case Slot::Source::real: {
      const double value = slot.real_low + draws().uniform() * (slot.real_high - slot.real_low);
      fmt::format_to(std::back_inserter(out), "{:.{}f}", value, static_cast<int>(slot.low));
      return true;
    }
    case Slot::Source::text:
      append_escaped(out, random_text(draws(), static_cast<std::size_t>(slot.low), slot.choices[0]), escape);
      return true;
    case Slot::Source::counter: {
      const std::uint64_t blocks = std::max<std::size_t>(scope.plan.blocks.size(), 1);
      const std::uint64_t turn = scope.iteration * blocks + (scope.block == nullptr ? 0 : scope.block->index);
      append_integer(out, slot.low + static_cast<std::int64_t>(turn));
      return true;
    }
    case Slot::Source::digest:
      return append_digest(scope, slot, escape, out);
    case Slot::Source::body:
      if (scope.body == nullptr) return false;
      append_escaped(out, *scope.body, escape);
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

std::optional<std::string_view> known_text(const RenderScope& scope, const Template& source) {
  if (source.constant()) return source.literal();
  if (source.pieces().size() != 1) return std::nullopt;
  const Piece& piece = source.pieces().front();
  const Slot& slot = *piece.slot;
  if (slot.source != Slot::Source::column || piece.escape != Escape::none) return std::nullopt;
  const KeptCells::Cell* const cell = kept_cell(scope, scope.plan.feeders[slot.first], slot.second);
  return cell != nullptr && cell->known ? std::optional<std::string_view>(cell->text) : std::nullopt;
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
  body.clear();
  if (request.has_body && !render(scope, request.body, body)) return false;
  RenderScope with_body = scope;
  with_body.body = &body;
  if (!render(with_body, request.head, out)) return false;
  if (!request.has_body) return true;
  append_length(out, body.size());
  out += body;
  return true;
}

bool render_parts(const RenderScope& scope, const RequestSpec& request, RenderedRequest& parts) {
  parts = {};
  parts.method = request.method;
  bool whole = render(scope, request.target, parts.target) && render(scope, request.content_type, parts.content_type) &&
               render(scope, request.body, parts.body);
  RenderScope with_body = scope;
  with_body.body = &parts.body;
  whole = whole && render(scope, request.key, parts.key);
  for (const Template& message : request.messages) {
    parts.messages.emplace_back();
    whole = whole && render(scope, message, parts.messages.back());
  }
  for (const auto& [name, value] : request.headers) {
    parts.headers.emplace_back(name, std::string{});
    whole = whole && render(with_body, value, parts.headers.back().second);
  }
  return whole;
}

}  // namespace tidegate::loadgen
