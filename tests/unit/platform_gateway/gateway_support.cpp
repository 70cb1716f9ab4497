#include "tests/unit/platform_gateway/gateway_support.hpp"

#include "base/file.hpp"

namespace tidegate::platform::test {
namespace {

constexpr Nanoseconds kRequestLimit = std::chrono::seconds(20);

std::string write_peers(const std::string& directory, const std::map<std::string, std::string>& peers) {
  json::object addresses;
  for (const auto& [name, address] : peers) addresses[name] = address;
  const std::string path = directory + "/peers.json";
  REQUIRE(write_file_atomically(path, json::serialize(json::object{{"generation", 1}, {"peers", addresses}})).ok());
  return path;
}

std::string wait_for_address(const std::string& ready_file) {
  std::string address;
  wait_until([&] {
    const auto text = read_file(ready_file);
    const auto parsed = text ? parse_json(*text) : Result<json::value>(internal_error("not yet"));
    if (parsed && parsed->is_object()) address = string_member(parsed->as_object(), "http").value_or("");
    return !address.empty();
  });
  return address;
}

}  // namespace

std::string Answer::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (http::same_name(key, name)) return value;
  }
  return "";
}

std::string Answer::string(std::string_view member) const {
  return string_member(json, member).value_or("");
}

std::string Answer::problem() const {
  const std::string type = string("type");
  return type.substr(type.rfind(':') + 1);
}

RunningGateway::RunningGateway(const std::string& directory, Options options) : bus_(options.bus) {
  ServiceOptions service;
  service.role = "gateway";
  service.data_directory = directory + "/data";
  service.ready_file = directory + "/ready.json";
  options.peers.emplace("vault.http", vault_.address());
  service.peers_file = write_peers(directory, options.peers);
  service.operator_token = kOperatorToken;
  service.profile = options.profile;
  service.switches = options.switches;
  service.shards = options.shards;
  service.thread_affinity = options.thread_affinity;
  service.reports = options.reports;
  service.key_expiry = options.key_expiry;
  std::filesystem::remove(service.ready_file);

  runtime_ = std::make_unique<ServiceRuntime>(service);
  auto opened = Gateway::open(*runtime_, bus_, compose_path);
  INFO((opened ? std::string() : opened.error().message));
  REQUIRE(opened.ok());
  gateway_ = std::move(*opened);
  thread_ = std::thread([this] { exit_code_ = runtime_->run(); });
  base_url_ = "http://" + wait_for_address(service.ready_file);
}

RunningGateway::~RunningGateway() {
  runtime_->request_stop();
  thread_.join();
  CHECK(exit_code_ == 0);
}

Answer RunningGateway::send(const std::string& method, const std::string& target, const std::string& token,
                            const std::string& body, http::Headers headers) const {
  http::ClientRequest request;
  request.method = method;
  request.headers = std::move(headers);
  if (!token.empty()) request.headers.emplace_back("Authorization", "Bearer " + token);
  request.body = body;
  auto response = http::fetch(base_url_ + target, request, kRequestLimit);
  // Called from many threads at once, which Catch's macros do not allow.
  if (!response) throw std::runtime_error(response.error().message);
  Answer answer{response->status, response->headers, response->body, {}};
  if (auto parsed = parse_json(answer.text); parsed && parsed->is_object()) answer.json = parsed->as_object();
  return answer;
}

Answer RunningGateway::pay(const std::string& token, const std::string& key, const std::string& body) const {
  return send("POST", "/v1/payments", token, body, {{"Idempotency-Key", key}});
}

Tenant RunningGateway::new_tenant(const std::string& currency, const std::string& card) const {
  const std::string body = json::serialize(json::object{{"name", "Shop"}, {"currency", currency}, {"card", card}});
  const Answer made = send("POST", "/admin/merchants", kOperatorToken, body);
  INFO(made.text);
  REQUIRE(made.status == 201);
  return {made.string("id"), made.string("api_key"), made.string("card_token")};
}

std::string RunningGateway::status_of(const Tenant& tenant, const std::string& payment) const {
  const Answer read = get("/v1/payments/" + payment, tenant.api_key);
  REQUIRE(read.status == 200);
  return read.string("status");
}

double RunningGateway::metric(const std::string& line_start) const {
  const std::string text = get("/metrics", "").text;
  const auto at = text.find("\n" + line_start);
  if (at == std::string::npos) return 0;
  const auto space = text.find(' ', at + 1 + line_start.size() - 1);
  return std::strtod(text.c_str() + space, nullptr);
}

std::string payment_body(std::int64_t amount, const std::string& currency, const std::string& card) {
  return json::serialize(json::object{{"amount", amount}, {"currency", currency}, {"card", card}});
}

std::vector<Envelope> events_of(EventBus& bus, const std::string& topic) {
  auto consumer = bus.make_consumer("test", topic, 1, 0);
  REQUIRE(consumer.ok());
  std::vector<Envelope> events;
  for (;;) {
    auto records = (*consumer)->poll(1000, std::chrono::milliseconds(1));
    REQUIRE(records.ok());
    if (records->empty()) return events;
    for (const BusRecord& record : *records) {
      auto event = Envelope::decode(record.value);
      REQUIRE(event.ok());
      events.push_back(std::move(*event));
    }
  }
}

FakeAcquiring::FakeAcquiring(EventBus& bus, std::string service) : service_(std::move(service)) {
  auto made = bus.make_producer(service_ + "-0");
  REQUIRE(made.ok());
  producer_ = std::move(*made);
}

void FakeAcquiring::report(const std::string& payment, const std::string& type) {
  report(payment, type, {{"reference", payment + "-a1"}, {"auth_code", "A1B2C3"}, {"reason", "insufficient_funds"}});
}

void FakeAcquiring::report(const std::string& payment, const std::string& type, json::object data) {
  const int partition = partition_of(payment);
  Envelope event;
  event.type = type;
  event.payment = payment;
  event.tenant = "mer_000001";
  event.stream = {service_ + "-0", service_, partition};
  event.sequence = ++heads_[partition];
  event.id = event.stream.text() + "/" + std::to_string(event.sequence);
  event.occurred_at_ms = 1;
  event.data = std::move(data);
  const BusRecord record{service_, partition, -1, 1, payment, event.encode()};
  REQUIRE(producer_->publish(record).ok());
}

}  // namespace tidegate::platform::test
