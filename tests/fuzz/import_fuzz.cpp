// Goal: whatever claims to be an HTTP archive or an OpenAPI description is refused with a reason, or becomes a scenario
// whose flows, data and load compile.
// Run: bin/import_fuzz -max_total_time=60 CORPUS (the first byte chooses: h or o)
#include <cstdio>
#include <cstdlib>

#include "loadgen/imports/imports.hpp"
#include "loadgen/plan.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidegate;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto imported = data[0] == 'h' ? loadgen::import_har(text) : loadgen::import_openapi(text);
  if (!imported) return 0;
  const std::string written = loadgen::imported_text(*imported, "fuzz");
  Diagnostics diagnostics;
  yaml::Node root = yaml::parse(written, "imported.yaml", diagnostics);
  loadgen::PlanInput input;
  input.flows = root.find("flows");
  input.phases = {{"steady", 0, 30, true}};
  // The runner puts variables in.
  static const yaml::Node load = [] {
    Diagnostics none;
    return yaml::parse("{users: {executor: constant-arrival-rate, rate: 5/s}}", "load", none);
  }();
  yaml::Node own_load = load;
  if (const yaml::Node* users = root.find("load") == nullptr ? nullptr : root.find("load")->find("users")) {
    if (const yaml::Node* flows = users->find("flows")) own_load.find("users")->set("flows", *flows);
  }
  input.load = &own_load;
  if (diagnostics.empty() && loadgen::compile(input, diagnostics)) return 0;
  std::fprintf(stderr, "%s\n%s\n", written.c_str(), diagnostics.text().c_str());
  std::abort();
}
