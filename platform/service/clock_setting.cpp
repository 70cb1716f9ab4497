#include "platform/service/clock_setting.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.hpp"
#include "platform/service/json_body.hpp"
#include "platform/service/problem.hpp"
#include "platform/service/runtime.hpp"
#include "platform/service/wall_clock.hpp"

namespace tidegate::platform {
namespace {

constexpr std::int64_t kFarthestMs = 10LL * 366 * 86'400'000;

http::Response show() {
  const auto offset_ms = std::chrono::duration_cast<std::chrono::milliseconds>(wall_offset()).count();
  return json_response(200, json::object{{"offset_ms", offset_ms}});
}

http::Response change(const http::Request& request) {
  const auto body = parse_json_object(request.body);
  if (!body) return problem(400, body.error().message);
  const auto offset_ms = integer_member(*body, "offset_ms");
  if (!offset_ms || body->size() != 1 || *offset_ms < -kFarthestMs || *offset_ms > kFarthestMs) {
    return problem(400, fmt::format("The body is {{\"offset_ms\": N}}, N from {} to {}.", -kFarthestMs, kFarthestMs));
  }
  set_wall_offset(std::chrono::milliseconds(*offset_ms));
  log::warn("the time of day was set off", {{"offset_ms", std::to_string(*offset_ms)}});
  return show();
}

}  // namespace

void add_clock_setting(ServiceRuntime& runtime) {
  Router& router = runtime.router();
  router.add_immediate("GET", "/admin/clock",
                       runtime.operator_only(ImmediateHandler([](const http::Request&, auto) { return show(); })));
  router.add_immediate("PUT", "/admin/clock",
                       runtime.operator_only(ImmediateHandler(
                           [](const http::Request& request, std::string_view) { return change(request); })));
  elapsed_now_ms();  // counts from here
  const auto add_gauge = [&](const char* direction, double sign) {
    runtime.metrics().gauge("wall_clock_jump_seconds", "How far the wall clock has jumped since the start.",
                            {{"direction", direction}},
                            [sign] { return std::max(0.0, sign * to_seconds(wall_jump())); });
  };
  add_gauge("ahead", 1);
  add_gauge("back", -1);
}

}  // namespace tidegate::platform
