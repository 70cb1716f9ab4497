#pragma once
// Templates to text: from randomness, data, and what answers held. Rendering the same iteration again gives the same
// bytes, whoever asks and however often, as long as no slot is the time of day.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "loadgen/compiled.hpp"
#include "loadgen/engine.hpp"
#include "loadgen/rows.hpp"

namespace tidegate::loadgen {

/// A captured value.
struct Value {
  std::string text;
  bool number = false;  ///< a JSON number, true, false or null: stays bare in JSON
  bool set = false;
};

/// What the set-up steps captured; does not change during load.
struct SetupData {
  std::vector<std::vector<Value>> columns;  ///< per feeder: row after row of its captured columns
  std::vector<Value> variables;

  explicit SetupData(const CompiledPlan& plan);
  SetupData() = default;
  Value& column(const CompiledPlan& plan, std::uint32_t feeder, std::uint64_t row, std::uint32_t captured);
};

/// Generated cells of an iteration that were rendered already and will be asked for again: a UUID drawn for a header
/// and drawn again for the operation history would be a fortieth of all that an iteration costs.
class KeptCells {
 public:
  /// For a new iteration: nothing is known.
  void reset(std::size_t cells) {
    cells_.resize(cells);
    for (Cell& cell : cells_) cell.known = false;
  }
  struct Cell {
    std::string text;
    bool known = false;
  };
  Cell& at(std::uint32_t place) { return cells_[place]; }
  bool empty() const { return cells_.empty(); }

 private:
  std::vector<Cell> cells_;
};

/// One iteration's (or one set-up row's) view of everything a slot can name. Cheap; holds references only.
struct RenderScope {
  const CompiledPlan& plan;
  const SetupData& setup;
  const Block* block = nullptr;  ///< null in set-up
  std::uint64_t iteration = 0;   ///< in set-up: the row
  std::span<const Row> rows;     ///< of each feeder; empty: worked out when asked for
  std::span<const Value> captures;
  std::optional<std::int64_t> now_ms;
  std::uint64_t turn = 0;             ///< of the loops that the step stands in: each turn draws anew; 0 outside
  const std::string* body = nullptr;  ///< of the request, for its headers
  KeptCells* kept = nullptr;          ///< null: nothing is kept
};

/// The template's text where it need not be rendered: it is constant, or a generated cell that is known already.
std::optional<std::string_view> known_text(const RenderScope& scope, const Template& source);
/// Appends the text; false when a slot has no value (a capture that was not made, a time that is not known). `out` then
/// holds a part.
bool render(const RenderScope& scope, const Template& source, std::string& out);

/// Builds what never varies: the request's head, or all of it. `host` is the value of the Host field.
void prepare_request(RequestSpec& request, std::string_view host);
/// The bytes to send; `body` is memory to use. Appends to `out`.
bool render_request(const RenderScope& scope, const RequestSpec& request, std::string& body, std::string& out);

/// The same in parts, for other clients than the engine's own.
bool render_parts(const RenderScope& scope, const RequestSpec& request, RenderedRequest& parts);

}  // namespace tidegate::loadgen
