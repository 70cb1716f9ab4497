#pragma once
// Texts with `${…}` slots, compiled at start: a list of literal and slot pieces. Slots are resolved to numbers here, so
// that rendering looks no name up.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::loadgen {

class Template;

/// Where a slot's value comes from.
struct Slot {
  enum class Source : std::uint8_t {
    stack,        ///< `${stack.NAME}`: put in when the engine starts
    environment,  ///< `${env.NAME}`: put in when the engine starts
    variable,     ///< captured by a set-up step without for_each; `first` numbers it
    column,       ///< of the iteration's row: feeder `first`, column `second`
    capture,      ///< of an earlier step of the iteration; `first` numbers it
    uuid,         ///< version 4
    integer,      ///< uniform in [low, high]
    pick,         ///< one of `choices`
    now,          ///< the time of day when the step was rendered, in the form that `low` numbers
    real,         ///< uniform in [real_low, real_high], with `low` decimals
    text,         ///< `low` characters of `choices[0]`
    counter,      ///< a number that no other iteration of the run has, from `low`
    digest,       ///< of `arguments`, as `function` says
    body,         ///< of the request that is being rendered
  };
  /// Of a digest.
  enum class Function : std::uint8_t { sha256_hex, sha256_base64, hmac_hex, hmac_base64, base64, traceparent };
  /// Forms of `now`.
  static constexpr std::int64_t kMilliseconds = 0, kSeconds = 1, kRfc3339 = 2;
  Source source = Source::stack;
  std::uint32_t first = 0, second = 0;
  Function function = Function::sha256_hex;
  std::int64_t low = 0, high = 0;
  double real_low = 0, real_high = 0;
  std::uint64_t stream = 0;  ///< of randomness: one for each place where a function is written
  std::vector<std::string> choices;
  bool numeric_choices = false;
  std::vector<Template> arguments;
  std::string name;  ///< as written, for messages
};

/// What a slot's value must not break. Literals are escaped when the template is compiled.
enum class Escape : std::uint8_t {
  none,
  form,          ///< the same, in a form's body, where literals are encoded too
  target,        ///< whatever is not unreserved in RFC 3986 becomes %XX
  whole_target,  ///< the slot begins the target: only bytes that no target may hold become %XX
  header,        ///< control bytes become spaces
  json_string,   ///< inside a JSON string
  json_value,    ///< a JSON value of its own: numbers stay numbers, anything else becomes a string
};

struct Piece {
  std::string literal;  ///< when there is no slot
  std::optional<Slot> slot;
  Escape escape = Escape::none;
};

class Template {
 public:
  Template() = default;
  explicit Template(std::string_view literal) { append_literal(literal); }

  void append_literal(std::string_view text);
  void append_slot(Slot slot, Escape escape);
  void append(const Template& other);

  const std::vector<Piece>& pieces() const noexcept { return pieces_; }
  bool empty() const noexcept { return pieces_.empty(); }
  /// No slot is left.
  bool constant() const noexcept { return pieces_.empty() || (pieces_.size() == 1 && !pieces_[0].slot); }
  /// The text of a constant template.
  std::string_view literal() const noexcept { return pieces_.empty() ? std::string_view{} : pieces_[0].literal; }
  /// A single slot whose value is always a number.
  bool numeric() const noexcept;
  /// A single slot whose value needs no escape, wherever it stands: a number or a UUID.
  bool plain() const noexcept;
  bool uses(Slot::Source source) const noexcept;
  /// Puts texts in for slots: `value(slot)` answers a pointer to the text, or null to leave the slot.
  template <typename Value>
  void substitute(Value value) {
    Template out;
    for (Piece& piece : pieces_) {
      const std::string* text = piece.slot ? value(*piece.slot) : nullptr;
      if (piece.slot) {
        for (Template& argument : piece.slot->arguments) argument.substitute(value);
      }
      if (text != nullptr) {
        out.append_escaped_literal(*text, piece.escape);
      } else if (piece.slot) {
        out.pieces_.push_back(std::move(piece));
      } else {
        out.append_literal(piece.literal);
      }
    }
    *this = std::move(out);
  }
  /// As written, with `{name}` for each slot: for names that people read.
  std::string outline() const;
  /// Calls `visit(slot)` for every slot, those inside of arguments too.
  template <typename Visit>
  void each_slot(Visit visit) const {
    for (const Piece& piece : pieces_) {
      if (!piece.slot) continue;
      visit(*piece.slot);
      for (const Template& argument : piece.slot->arguments) argument.each_slot(visit);
    }
  }

 private:
  void append_escaped_literal(std::string_view text, Escape escape);
  std::vector<Piece> pieces_;
};

/// Appends a slot's value so that it cannot break what surrounds it. `number`: the value is a JSON number, true, false
/// or null already.
void append_escaped(std::string& out, std::string_view value, Escape escape, bool number = false);

/// Of what follows `${`: the length of the expression, before the `}` that closes it. Texts in quotes may hold braces.
/// The whole length when nothing closes it.
std::size_t slot_length(std::string_view text) noexcept;

}  // namespace tidegate::loadgen
