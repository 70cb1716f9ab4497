#include "platform/edge/edge.hpp"

#include "base/file.hpp"
#include "base/log.hpp"
#include "platform/edge/candidate.hpp"
#include "platform/edge/choice.hpp"
#include "platform/edge/forwarder.hpp"
#include "platform/service/json_body.hpp"
#include "platform/service/problem.hpp"

namespace tidegate::platform {
namespace {

constexpr Nanoseconds kProbeLimit = std::chrono::seconds(1);
constexpr Nanoseconds kShadowLimit = std::chrono::seconds(5);
constexpr std::size_t kMostShadows = 64;  // under way; beyond it copies are left out

http::ClientOptions upstream_connections() {
  http::ClientOptions options;
  options.max_connections = 4096;
  return options;
}

Result<EdgeSettings> read_settings(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return EdgeSettings{};  // never put
  const auto document = parse_json_object(*text);
  if (!document) return usage_error(path + ": " + document.error().message);
  auto settings = EdgeSettings::from_json(*document);
  if (!settings) return usage_error(path + ": " + settings.error().message);
  return settings;
}

}  // namespace

struct Edge::State {
  State(ServiceRuntime& runtime_in, std::string path_in, EdgeSettings settings_in)
      : runtime(runtime_in),
        path(std::move(path_in)),
        settings(std::move(settings_in)),
        clients(runtime.context().get_executor(), runtime.peers(), upstream_connections()),
        forwarder(clients, runtime.metrics()),
        to_canary(runtime.metrics().counter("edge_canary_requests_total", "Requests that went to the candidate.")),
        shadows(runtime.metrics().counter("edge_shadow_requests_total", "Copies that went to the candidate.")),
        shadow_differs(
            runtime.metrics().counter("edge_shadow_differences_total", "Copies answered with another status.")),
        rollbacks(runtime.metrics().counter("edge_rollbacks_total", "Candidates taken back by a trigger.")),
        probe_timer(runtime.context()) {}

  asio::awaitable<http::Response> pass(const http::Request& request);
  asio::awaitable<void> send_shadow(http::ClientRequest request, int stable_status);
  asio::awaitable<void> probe_until_stopped();
  asio::awaitable<void> probe(std::string upstream);
  void judge_candidate();
  http::Response change(const http::Request& request);
  json::object describe() const;
  Result<void> save() { return write_file_atomically(path, json::serialize(settings.to_json())); }
  void add_routes();

  ServiceRuntime& runtime;
  const std::string path;
  EdgeSettings settings;
  PeerClients clients;
  Forwarder forwarder;
  CandidateWatch candidate;
  std::map<std::string, bool> probes;  // by upstream: the last one succeeded
  std::string rolled_back;             // why, of the candidate in the settings
  std::size_t shadows_under_way = 0;
  Counter& to_canary;
  Counter& shadows;
  Counter& shadow_differs;
  Counter& rollbacks;
  asio::steady_timer probe_timer;
  bool stopping = false;
};

asio::awaitable<http::Response> Edge::State::pass(const http::Request& request) {
  if (request.path.substr(0, 10) == "/internal/") co_return problem(404, "There is nothing at this path.");
  const Choice choice = choose_upstream(settings, request);
  ForwardRequest forwarded{choice.upstream, make_upstream_request(settings, request), is_repeatable(request),
                           settings.hold, settings.probe_path};
  std::optional<http::ClientRequest> copy;
  if (choice.shadow && shadows_under_way < kMostShadows) copy = forwarded.request;
  if (choice.canary) to_canary.add();
  const Nanoseconds begin = monotonic_now();
  http::Response response = co_await forwarder.forward(std::move(forwarded));
  if (choice.canary) {
    const Nanoseconds now = monotonic_now();
    candidate.answered(response.status, now - begin, now, settings.rollback);
    judge_candidate();
  }
  if (copy) asio::co_spawn(runtime.context(), send_shadow(std::move(*copy), response.status), asio::detached);
  co_return response;
}

asio::awaitable<void> Edge::State::send_shadow(http::ClientRequest request, int stable_status) {
  ++shadows_under_way;
  shadows.add();
  const auto answer = co_await forwarder.send_once(settings.canary.upstream, std::move(request), kShadowLimit);
  --shadows_under_way;
  if (!answer || answer->status != stable_status) shadow_differs.add();
}

void Edge::State::judge_candidate() {
  if (settings.canary.share == 0 && settings.canary.shadow == 0) return;
  const auto breach = candidate.breach(monotonic_now(), settings.rollback);
  if (!breach) return;
  rolled_back = *breach;
  settings.canary.share = 0;
  settings.canary.shadow = 0;
  candidate.reset();
  rollbacks.add();
  log::warn("the candidate was taken back", {{"upstream", settings.canary.upstream}, {"why", rolled_back}});
  if (auto saved = save(); !saved) log::error("the edge's settings are not saved", {{"why", saved.error().message}});
}

asio::awaitable<void> Edge::State::probe(std::string upstream) {
  http::ClientRequest request;
  request.target = settings.probe_path;
  const auto answer = co_await forwarder.send_once(upstream, std::move(request), kProbeLimit);
  const bool succeeded = answer && answer->status == 200;
  probes[upstream] = succeeded;
  if (upstream != settings.canary.upstream) co_return;
  candidate.probed(succeeded);
  judge_candidate();
}

asio::awaitable<void> Edge::State::probe_until_stopped() {
  while (!stopping) {
    co_await probe(settings.stable);
    if (!settings.canary.upstream.empty()) co_await probe(settings.canary.upstream);
    if (stopping) co_return;
    probe_timer.expires_after(settings.probe_every);
    co_await probe_timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

json::object Edge::State::describe() const {
  json::object probed;
  for (const auto& [upstream, succeeded] : probes) probed[upstream] = succeeded;
  json::object status{{"settings", settings.to_json()}, {"probes", std::move(probed)}, {"held", forwarder.held()}};
  if (!rolled_back.empty()) status["rolled_back"] = rolled_back;
  return status;
}

http::Response Edge::State::change(const http::Request& request) {
  const auto document = parse_json_object(request.body);
  if (!document) return problem(400, document.error().message);
  auto changed = EdgeSettings::from_json(*document);
  if (!changed) return problem(400, changed.error().message);
  const EdgeSettings before = std::exchange(settings, std::move(*changed));
  if (auto saved = save(); !saved) {
    settings = before;
    return problem(503, "The settings cannot be saved; they stay as they were.");
  }
  candidate.reset();
  rolled_back.clear();
  probe_timer.cancel();  // the next round is by the new settings
  return json_response(200, describe());
}

void Edge::State::add_routes() {
  runtime.router().add_immediate("GET", "/admin/edge",
                                 runtime.operator_only(ImmediateHandler([this](const http::Request&, std::string_view) {
                                   return json_response(200, describe());
                                 })));
  runtime.router().add_immediate(
      "PUT", "/admin/edge",
      runtime.operator_only(
          ImmediateHandler([this](const http::Request& request, std::string_view) { return change(request); })));
  runtime.router().otherwise([this](const http::Request& request, std::string_view) { return pass(request); });
}

Edge::Edge(std::unique_ptr<State> state) : state_(std::move(state)) {}
Edge::~Edge() = default;

Result<std::unique_ptr<Edge>> Edge::open(ServiceRuntime& runtime) {
  const std::string& directory = runtime.options().data_directory;
  if (auto made = make_directories(directory); !made) return made.error();
  const std::string path = directory + "/edge.json";
  auto settings = read_settings(path);
  if (!settings) return settings.error();
  auto state = std::make_unique<State>(runtime, path, std::move(*settings));
  State* at = state.get();
  at->add_routes();
  runtime.metrics().gauge("edge_held_requests", "Requests that wait for an upstream that is away.", {},
                          [at] { return static_cast<double>(at->forwarder.held()); });
  runtime.on_start([at] { asio::co_spawn(at->runtime.context(), at->probe_until_stopped(), asio::detached); });
  runtime.on_stop([at] {
    at->stopping = true;
    at->probe_timer.cancel();
  });
  runtime.on_drain([at]() -> asio::awaitable<void> {
    at->clients.stop();
    co_return;
  });
  return std::unique_ptr<Edge>(new Edge(std::move(state)));
}

int run_edge(const ServiceOptions& options) {
  ServiceRuntime runtime(options);
  auto edge = Edge::open(runtime);
  if (!edge) {
    log::error("the edge cannot start", {{"why", edge.error().message}});
    return 1;
  }
  return runtime.run();
}

}  // namespace tidegate::platform
