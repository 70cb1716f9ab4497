// Goal: whatever stands in a text, its template compiles or says why not; what it renders keeps the escapes that its
// place asks for.
// Run: bin/template_fuzz -max_total_time=60 CORPUS
#include <algorithm>
#include <cstdlib>

#include "base/http/characters.hpp"
#include "loadgen/condition.hpp"
#include "loadgen/names.hpp"
#include "loadgen/render.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidegate;
  using loadgen::Escape;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  static const loadgen::CompiledPlan plan;
  static const loadgen::SetupData setup(plan);
  static const std::optional<std::vector<std::string>> stack;
  const auto escape = static_cast<Escape>(data[0] % 7);
  loadgen::Names names(plan, stack);
  names.add_capture("id");
  names.allow_body(true);
  Diagnostics diagnostics;
  const loadgen::Template compiled = loadgen::compile_template(text, escape, names, {}, diagnostics);
  (void)loadgen::compile_condition(text, names, {}, diagnostics);
  (void)diagnostics.text();
  static const loadgen::Block block;
  const std::string body = "\"\\\r\n\x01 body";
  const loadgen::Value value{"\"\\\r\n\x01&= value", false, true};
  const loadgen::RenderScope scope{plan, setup, &block, 7, {}, std::span(&value, 1), 0, 0, &body};
  std::string out;
  if (!loadgen::render(scope, compiled, out)) return 0;
  const bool literals_are_safe = escape == Escape::json_string || escape == Escape::form;
  const auto unsafe = [&](char c) {
    return escape == Escape::json_string ? static_cast<unsigned char>(c) < 0x20
                                         : c == '&' || c == '=' || http::is_control(c);
  };
  if (literals_are_safe && std::any_of(out.begin(), out.end(), unsafe)) std::abort();
  return 0;
}
