#include <algorithm>

#include "base/http/characters.hpp"
#include "base/random.hpp"
#include "base/units.hpp"
#include "loadgen/compiled.hpp"
#include "loadgen/plan.hpp"

namespace tidegate::loadgen {
namespace {

bool is_token(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return http::is_in(http::token_bytes, c); });
}

Result<void> check_header(const std::string& name, const std::string& value) {
  if (!is_token(name)) return usage_error("'" + name + "' is not a header name");
  for (const char* decided : {"Content-Length", "Transfer-Encoding", "Connection", "Expect"}) {
    if (http::same_name(name, decided)) return usage_error("header '" + name + "' is set by the load engine");
  }
  if (std::any_of(value.begin(), value.end(), http::is_control)) {
    return usage_error("the value of header '" + name + "' holds control characters");
  }
  return {};
}

Result<void> check(const UrlLoad& load) {
  if (load.rate.has_value() == load.vus.has_value()) return usage_error("give either a rate or a number of VUs");
  if (load.rate && (*load.rate <= 0 || *load.rate > 1e6)) {
    return usage_error("the rate must be above 0/s and at most 1000000/s, found " + format_rate(*load.rate));
  }
  if (load.vus && (*load.vus == 0 || *load.vus > 1'000'000))
    return usage_error("the number of VUs must be 1 to 1000000");
  if (load.duration.count() <= 0) return usage_error("the duration must be longer than 0");
  if (load.timeout.count() <= 0) return usage_error("the timeout must be longer than 0");
  if (!is_token(load.method)) return usage_error("'" + load.method + "' is not an HTTP method");
  for (const auto& [name, value] : load.headers) {
    if (auto checked = check_header(name, value); !checked) return checked;
  }
  return {};
}

RequestSpec request_of(const UrlLoad& load, const std::string& target) {
  RequestSpec request;
  request.method = load.method;
  request.target = Template(target);
  for (const auto& [name, value] : load.headers) {
    if (http::same_name(name, "Content-Type")) {
      request.content_type = Template(value);
    } else {
      request.headers.emplace_back(name, Template(value));
    }
  }
  request.has_body = !load.body.empty() || load.method == "POST" || load.method == "PUT" || load.method == "PATCH";
  request.body = Template(load.body);
  return request;
}

Block block_of(const UrlLoad& load) {
  Block block;
  block.name = "load";
  block.stream = substream(stable_hash("block"), stable_hash(block.name));
  block.flows.push_back({0, 1, 1});
  block.end = load.duration;
  if (load.vus) {
    block.executor = Executor::constant_vus;
    block.vus = block.max_vus = *load.vus;
    block.vu_curve = VuCurve(Nanoseconds{0}, *load.vus);
    block.vu_curve.append(load.duration, *load.vus);
  } else {
    block.curve.append(load.duration, *load.rate, *load.rate);
    block.max_vus = load.max_vus;
  }
  return block;
}

}  // namespace

Result<Plan> make_url_plan(const UrlLoad& load) {
  const auto url = http::parse_url(load.url);
  if (!url) return usage_error("'" + load.url + "' is not a URL; write http://host:port/path");
  if (auto checked = check(load); !checked) return checked.error();
  auto plan = std::make_shared<CompiledPlan>();
  plan->seed = load.seed;
  plan->segment = load.segment;
  Step step;
  step.name = "request";
  step.request = request_of(load, url->target);
  step.timeout = load.timeout;
  Flow flow;
  flow.name = "url";
  flow.steps.push_back(std::move(step));
  plan->flows.push_back(std::move(flow));
  plan->blocks.push_back(block_of(load));
  return Plan(std::move(plan));
}

}  // namespace tidegate::loadgen
