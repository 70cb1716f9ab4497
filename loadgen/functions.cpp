#include "loadgen/functions.hpp"

#include <algorithm>

#include "base/units.hpp"

namespace tidegate::loadgen {
namespace {

using Arguments = std::vector<Argument>;

Result<void> no_arguments(const Arguments& arguments, const char* usage) {
  if (arguments.empty()) return {};
  return usage_error(std::string("it takes no arguments: ") + usage);
}

Result<void> build_uuid(const Arguments& arguments, Slot& slot) {
  slot.source = Slot::Source::uuid;
  return no_arguments(arguments, "uuid()");
}

Result<void> build_now(const Arguments& arguments, Slot& slot) {
  slot.source = Slot::Source::now;
  if (arguments.empty() || (arguments.size() == 1 && arguments[0].text == "ms")) return {};
  slot.low = arguments[0].text == "s" ? Slot::kSeconds : Slot::kRfc3339;
  if (arguments.size() == 1 && (arguments[0].text == "s" || arguments[0].text == "iso")) return {};
  return usage_error("it takes nothing, ms, s or iso: now(iso)");
}

Result<void> build_real(const Arguments& arguments, Slot& slot) {
  slot.source = Slot::Source::real;
  const Error refused =
      usage_error("it takes the lowest and the highest number, and decimals up to 9: float(0.5, 9, 2)");
  if (arguments.size() != 2 && arguments.size() != 3) return refused;
  const auto low = parse_number(arguments[0].text), high = parse_number(arguments[1].text);
  const auto decimals = arguments.size() == 3 ? parse_integer(arguments[2].text) : Result<std::int64_t>(2);
  if (!low || !high || *low > *high || !decimals || *decimals < 0 || *decimals > 9) return refused;
  slot.real_low = *low;
  slot.real_high = *high;
  slot.low = *decimals;
  return {};
}

Result<void> build_string(const Arguments& arguments, Slot& slot) {
  slot.source = Slot::Source::text;
  const Error refused =
      usage_error("it takes a length of 1 to 65536, and the characters to draw from: string(12, abc)");
  if (arguments.empty() || arguments.size() > 2) return refused;
  const auto length = parse_integer(arguments[0].text);
  if (!length || *length < 1 || *length > 65536) return refused;
  slot.low = *length;
  slot.choices = {arguments.size() == 2 ? arguments[1].text
                                        : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"};
  return slot.choices[0].empty() ? Result<void>(refused) : Result<void>{};
}

Result<void> build_counter(const Arguments& arguments, Slot& slot) {
  slot.source = Slot::Source::counter;
  const auto start = arguments.empty() ? Result<std::int64_t>(0) : parse_integer(arguments[0].text);
  if (arguments.size() > 1 || !start) return usage_error("it takes the first number, or nothing: counter(1000)");
  slot.low = *start;
  return {};
}

Result<void> build_environment(const Arguments& arguments, Slot& slot) {
  slot.source = Slot::Source::environment;
  if (arguments.size() != 1 || arguments[0].text.empty()) return usage_error("it takes one name: env(TOKEN)");
  slot.name = arguments[0].text;
  return {};
}

/// The encoding at the end, and what is left of the arguments.
Result<void> build_digest(const Arguments& arguments, Slot& slot, std::size_t values, Slot::Function hex,
                          Slot::Function base64, const char* usage) {
  slot.source = Slot::Source::digest;
  const bool encoded = arguments.size() == values + 1 && !arguments.back().quoted && is_encoding(arguments.back().text);
  if (arguments.size() != values && !encoded) return usage_error(usage);
  slot.function = encoded && arguments.back().text == "base64" ? base64 : hex;
  return {};
}

Result<void> build_sha256(const Arguments& arguments, Slot& slot) {
  return build_digest(arguments, slot, 1, Slot::Function::sha256_hex, Slot::Function::sha256_base64,
                      "it takes a name or a text in quotes, and hex or base64: sha256(request.body)");
}

Result<void> build_hmac(const Arguments& arguments, Slot& slot) {
  return build_digest(arguments, slot, 2, Slot::Function::hmac_hex, Slot::Function::hmac_base64,
                      "it takes a key and a text, each a name or in quotes: hmac(env.SECRET, request.body, base64)");
}

Result<void> build_base64(const Arguments& arguments, Slot& slot) {
  slot.source = Slot::Source::digest;
  slot.function = Slot::Function::base64;
  if (arguments.size() == 1) return {};
  return usage_error("it takes a name or a text in quotes: base64('me:secret')");
}

Result<void> build_traceparent(const Arguments& arguments, Slot& slot) {
  slot.source = Slot::Source::digest;
  slot.function = Slot::Function::traceparent;
  if (arguments.size() == 1) return {};
  return usage_error("it takes the operation's key, a name or a text in quotes: traceparent(orders.key)");
}

Result<void> build_integer(const Arguments& arguments, Slot& slot) {
  slot.source = Slot::Source::integer;
  const Error refused = usage_error("it takes the lowest and the highest whole number: int(1, 100)");
  if (arguments.size() != 2) return refused;
  const auto low = parse_integer(arguments[0].text), high = parse_integer(arguments[1].text);
  if (!low || !high || *low > *high) return refused;
  slot.low = *low;
  slot.high = *high;
  return {};
}

Result<void> build_pick(const Arguments& arguments, Slot& slot) {
  slot.source = Slot::Source::pick;
  if (arguments.empty()) return usage_error("it takes what to choose from: pick(EUR, USD)");
  slot.numeric_choices = std::all_of(arguments.begin(), arguments.end(), [](const Argument& argument) {
    return !argument.quoted && parse_integer(argument.text).ok();
  });
  for (const Argument& argument : arguments) slot.choices.push_back(argument.text);
  return {};
}

constexpr FunctionInfo kFunctions[] = {
    {"uuid", "uuid()", "A version-4 UUID.", build_uuid},
    {"int", "int(LOW, HIGH)", "A whole number, uniform, both ends included; a JSON number when it stands alone.",
     build_integer},
    {"float", "float(LOW, HIGH, DECIMALS)",
     "A number, uniform, with 2 decimals unless told otherwise; a JSON number when it stands alone.", build_real},
    {"string", "string(LENGTH, CHARACTERS)", "Random characters; letters and digits unless told otherwise.",
     build_string},
    {"pick", "pick(A, B, ...)", "One of the arguments, each as likely as the others.", build_pick},
    {"counter", "counter(START)", "A number that no other iteration of the run has, from START or 0.", build_counter},
    {"now", "now(FORM)",
     "When the step is rendered: milliseconds since the Unix epoch (ms, the default), seconds (s), or RFC 3339 (iso).",
     build_now},
    {"env", "env(NAME)", "The environment variable, as ${env.NAME}.", build_environment},
    {"sha256", "sha256(TEXT, ENCODING)", "SHA-256 of a value or a quoted text, as hex (the default) or base64.",
     build_sha256, true},
    {"hmac", "hmac(KEY, TEXT, ENCODING)",
     "HMAC-SHA-256, as hex (the default) or base64; in headers the text may be request.body.", build_hmac, true},
    {"base64", "base64(TEXT)", "A value or a quoted text in base64.", build_base64, true},
    {"traceparent", "traceparent(KEY)",
     "A traceparent header (W3C Trace Context) whose trace id derives from the key: a fault that touches a request of "
     "the trace, on whatever link, marks the operation of that key.",
     build_traceparent, true},
};

}  // namespace

bool is_encoding(std::string_view text) noexcept {
  return text == "hex" || text == "base64";
}

std::span<const FunctionInfo> functions() {
  return kFunctions;
}

}  // namespace tidegate::loadgen
