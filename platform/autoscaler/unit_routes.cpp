#include "platform/autoscaler/unit_routes.hpp"

#include <algorithm>

#include "base/units.hpp"
#include "platform/events/envelope.hpp"
#include "platform/service/json_body.hpp"
#include "platform/service/problem.hpp"

namespace tidegate::platform {
namespace {

constexpr Nanoseconds kAskLimit = std::chrono::seconds(5);
constexpr int kUnitShift = 48;  // a number in an export is the unit's place and its own, as of shards
constexpr std::int64_t kOwnNumber = (std::int64_t{1} << kUnitShift) - 1;
constexpr std::int64_t kLargestPage = 10'000;

http::Response moving() {
  http::Response response = problem(503, "A unit of this role is on its way to another worker. Send it again.");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

std::string text_of(const std::vector<std::int64_t>& numbers) {
  std::string text;
  for (const std::int64_t number : numbers) text.append(text.empty() ? "" : ".").append(std::to_string(number));
  return text;
}

std::optional<std::vector<std::int64_t>> numbers_from(std::string_view text) {
  std::vector<std::int64_t> numbers;
  while (!text.empty()) {
    const auto dot = text.find('.');
    const auto number = parse_integer(text.substr(0, dot));
    if (!number || *number < 0 || *number > kOwnNumber) return std::nullopt;
    numbers.push_back(*number);
    text = dot == std::string_view::npos ? std::string_view{} : text.substr(dot + 1);
  }
  return numbers;
}

/// "pay_...-a1", "pay_...-c1": whose payment it is.
std::string_view payment_of(std::string_view reference) {
  return reference.substr(0, reference.find('-'));
}

}  // namespace

UnitRoutes::UnitRoutes(ServiceRuntime& runtime, Fleet& fleet, std::string role)
    : runtime_(runtime), fleet_(fleet), role_(std::move(role)) {
  Router& router = runtime.router();
  router.add("GET", "/internal/outbox/{stream...}", [this](const http::Request& request, std::string_view rest) {
    return outbox(std::string(rest), std::string(request.query));
  });
  router.add("GET", "/v1/consumers/" + role_ + "/applied",
             runtime.operator_only(RouteHandler([this](const http::Request&, auto) { return applied(); })));
  router.add(
      "GET", "/v1/attempts/export",
      runtime.operator_only(RouteHandler([this](const http::Request& request, auto) { return attempts(request); })));
  router.add("POST", "/v1/provider-callbacks/{acquirer}",
             [this](const http::Request& request, std::string_view) { return callback(request); });
}

asio::awaitable<std::optional<http::Response>> UnitRoutes::ask(int unit, http::ClientRequest request) {
  const auto address = fleet_.address_of(unit);
  const auto client = address ? fleet_.client_of(*address) : nullptr;
  if (!client) co_return std::nullopt;
  auto answer = co_await client->send(std::move(request), kAskLimit);
  if (!answer) co_return std::nullopt;
  http::Response response;
  response.status = answer->status;
  response.body = std::move(answer->body);
  co_return response;
}

asio::awaitable<std::optional<json::object>> UnitRoutes::get(int unit, std::string target) {
  http::ClientRequest request;
  request.target = std::move(target);
  request.headers.emplace_back("Authorization", "Bearer " + runtime_.options().operator_token);
  const auto answer = co_await ask(unit, std::move(request));
  if (!answer || answer->status != 200) co_return std::nullopt;
  auto parsed = parse_json(answer->body);
  if (!parsed || !parsed->is_object()) co_return std::nullopt;
  co_return std::move(parsed->as_object());
}

asio::awaitable<http::Response> UnitRoutes::outbox(std::string rest, std::string query) {
  const auto stream = StreamId::parse(rest);
  if (!stream) co_return co_await heads(std::move(rest));
  if (stream->partition < 0 || stream->partition >= fleet_.units()) co_return problem(404, "There is no such stream.");
  http::ClientRequest request;
  request.target = "/internal/outbox/" + rest + (query.empty() ? "" : "?" + query);
  auto answer = co_await ask(stream->partition, std::move(request));
  co_return answer ? std::move(*answer) : moving();
}

/// Of each partition, its own unit's word.
asio::awaitable<http::Response> UnitRoutes::heads(std::string producer_and_topic) {
  json::array all;
  for (int unit = 0; unit < fleet_.units(); ++unit) {
    std::string target = "/internal/outbox/" + producer_and_topic;
    const auto answer = co_await get(unit, std::move(target));
    const json::value* heads = answer ? answer->if_contains("heads") : nullptr;
    if (heads == nullptr || !heads->is_array()) co_return moving();
    const auto& numbers = heads->as_array();
    const auto place = static_cast<std::size_t>(unit);
    if (numbers.size() <= place) co_return moving();
    all.push_back(numbers[place]);
  }
  co_return json_response(200, json::object{{"heads", std::move(all)}});
}

asio::awaitable<http::Response> UnitRoutes::applied() {
  json::array items;
  json::value topics;  // the same in each unit
  std::int64_t total = 0;
  for (int unit = 0; unit < fleet_.units(); ++unit) {
    std::string target = "/v1/consumers/" + role_ + "/applied";
    auto answer = co_await get(unit, std::move(target));
    json::value* own = answer ? answer->if_contains("items") : nullptr;
    json::value* read = answer ? answer->if_contains("topics") : nullptr;
    if (own == nullptr || !own->is_array() || read == nullptr) co_return moving();
    topics = std::move(*read);
    for (json::value& item : own->as_array()) {
      total += integer_member(item.as_object(), "sequence").value_or(0);
      items.push_back(std::move(item));
    }
  }
  co_return json_response(
      200,
      json::object{{"items", std::move(items)}, {"next", nullptr}, {"as_of", total}, {"topics", std::move(topics)}});
}

/// The points of all units.
asio::awaitable<std::optional<std::vector<std::int64_t>>> UnitRoutes::points() {
  std::vector<std::int64_t> numbers;
  for (int unit = 0; unit < fleet_.units(); ++unit) {
    std::string target = "/v1/attempts/export?limit=1";
    const auto answer = co_await get(unit, std::move(target));
    const auto as_of = answer ? integer_member(*answer, "as_of") : std::nullopt;
    if (!as_of) co_return std::nullopt;
    numbers.push_back(*as_of);
  }
  co_return numbers;
}

asio::awaitable<http::Response> UnitRoutes::attempts(const http::Request& request) {
  const std::int64_t largest = (static_cast<std::int64_t>(fleet_.units()) << kUnitShift) - 1;
  const auto after = integer_parameter(request, "after", 0, 0, largest);
  const auto limit = integer_parameter(request, "limit", 1000, 1, kLargestPage);
  if (!after || !limit) co_return problem(400, "'after' is a cursor that a page gave, 'limit' 1 to 10000");
  std::optional<std::vector<std::int64_t>> point;
  if (const auto given = request.query_parameter("as_of")) {
    point = numbers_from(*given);
    if (!point || static_cast<int>(point->size()) != fleet_.units()) {
      co_return problem(400, "'as_of' must be the point that the first page gave");
    }
  } else {
    point = co_await points();
    if (!point) co_return moving();
  }
  json::array items;
  json::value next = nullptr;
  std::int64_t own = *after & kOwnNumber;
  for (int unit = static_cast<int>(*after >> kUnitShift); unit < fleet_.units(); ++unit, own = 0) {
    const std::int64_t end = (*point)[static_cast<std::size_t>(unit)];
    const std::int64_t room = *limit - static_cast<std::int64_t>(items.size());
    if (own >= end) continue;
    const std::int64_t place = static_cast<std::int64_t>(unit) << kUnitShift;
    if (room == 0) {
      next = place | own;
      break;
    }
    std::string target = "/v1/attempts/export?after=" + std::to_string(own) + "&limit=" + std::to_string(room) +
                         "&as_of=" + std::to_string(end);
    auto answer = co_await get(unit, std::move(target));
    json::value* page = answer ? answer->if_contains("items") : nullptr;
    if (page == nullptr || !page->is_array()) co_return moving();
    for (json::value& item : page->as_array()) {
      json::object& object = item.as_object();
      object["sequence"] = place | integer_member(object, "sequence").value_or(0);
      items.push_back(std::move(item));
    }
    if (const auto more = integer_member(*answer, "next")) {
      next = place | *more;
      break;
    }
  }
  co_return json_response(
      200, json::object{{"items", std::move(items)}, {"next", std::move(next)}, {"as_of", text_of(*point)}});
}

/// To the unit of its payment, which checks the signature: what is in the body is not believed here.
asio::awaitable<http::Response> UnitRoutes::callback(const http::Request& request) {
  const auto body = parse_json_object(request.body);
  const auto reference = body ? string_member(*body, "reference") : std::nullopt;
  const int unit = partition_of(payment_of(reference.value_or(""))) % fleet_.units();
  http::ClientRequest passed;
  passed.method = "POST";
  passed.target = std::string(request.path);
  passed.body = request.body;
  for (const std::string_view name : {"webhook-id", "webhook-timestamp", "webhook-signature"}) {
    if (const auto value = request.header(name)) passed.headers.emplace_back(name, *value);
  }
  auto answer = co_await ask(unit, std::move(passed));
  co_return answer ? std::move(*answer) : moving();
}

}  // namespace tidegate::platform
