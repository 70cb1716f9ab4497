#include "chaos/toxiproxy_api.hpp"

#include <algorithm>

namespace tidegate::chaos {
namespace {

constexpr std::string_view kVersion = "2.12.0";  // of the API that is spoken

http::Response answer(int status, const json::value& body) {
  http::Response response;
  response.status = status;
  response.body = json::serialize(body);
  return response;
}

http::Response refuse(int status, const std::string& message) {
  return answer(status, json::object{{"error", message}, {"status", status}});
}

http::Response nothing() {
  http::Response response;
  response.status = 204;
  return response;
}

Result<json::object> object_of(const http::Request& request) {
  auto parsed = parse_json(request.body.empty() ? "{}" : request.body);
  if (!parsed || !parsed->is_object()) return usage_error("bad request body: a JSON object is expected");
  return std::move(parsed->get_object());
}

// Toxiproxy listens everywhere for ":1234"; here loopback is meant until another address is given.
std::string full_address(std::string address) {
  if (address.empty()) return "127.0.0.1:0";
  return address.front() == ':' ? "127.0.0.1" + address : address;
}

bool changes(const http::Request& request) {
  return request.method == "POST" || request.method == "PATCH";
}

/// The toxic that a client sent, over what there was.
Result<Toxic> toxic_from(const json::object& body, Toxic toxic) {
  if (auto type = string_member(body, "type"); type && toxic.type.empty()) toxic.type = *type;
  const json::object* defaults = toxic_defaults(toxic.type);
  if (defaults == nullptr) return usage_error("invalid toxic type: " + toxic.type);
  if (auto stream = string_member(body, "stream"); stream && !stream->empty()) toxic.stream = *stream;
  if (toxic.stream != "upstream" && toxic.stream != "downstream") {
    return usage_error("stream was invalid, can be either upstream or downstream");
  }
  if (auto name = string_member(body, "name"); name && !name->empty() && toxic.name.empty()) toxic.name = *name;
  if (toxic.name.empty()) toxic.name = toxic.type + "_" + toxic.stream;
  if (const auto toxicity = number_member(body, "toxicity")) toxic.toxicity = std::clamp(*toxicity, 0.0, 1.0);
  if (toxic.attributes.empty()) toxic.attributes = *defaults;
  if (const auto* attributes = body.if_contains("attributes"); attributes != nullptr && attributes->is_object()) {
    for (const auto& [key, value] : attributes->get_object()) {
      if (!defaults->contains(key)) continue;
      if (!value.is_number()) return usage_error("attribute " + std::string(key) + " is no number");
      toxic.attributes[key] = value;
    }
  }
  return toxic;
}

}  // namespace

http::Response Toxics::handle(const http::Request& request) {
  std::vector<std::string> parts;
  for (std::string_view path = request.path; !path.empty();) {
    path.remove_prefix(1);
    const auto slash = path.find('/');
    if (!path.empty()) parts.push_back(http::percent_decode(path.substr(0, slash)));
    path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash);
  }
  if (parts.empty()) return refuse(404, "not found");
  const std::string& first = parts.front();
  if (first == "version") return answer(200, json::object{{"version", kVersion}});
  if (first == "metrics") return metrics();
  if (first == "reset" && request.method == "POST") return reset();
  if (first == "populate" && request.method == "POST") return populate(request);
  if (first != "proxies") return refuse(404, "not found");
  if (parts.size() == 1) return proxies(request);
  if (!state_.has_link(parts[1])) return refuse(404, "proxy not found");
  if (parts.size() == 2) return one_proxy(request, parts[1]);
  if (parts[2] != "toxics") return refuse(404, "not found");
  return parts.size() == 3 ? toxics(request, parts[1]) : one_toxic(request, parts[1], parts[3]);
}

json::object Toxics::describe(const std::string& name) const {
  const LinkReport link = state_.link_report(name);
  json::array toxics;
  if (const auto found = toxics_.find(name); found != toxics_.end()) {
    for (const Toxic& toxic : found->second) toxics.push_back(toxic.to_json());
  }
  return {{"name", name},
          {"listen", link.address},
          {"upstream", link.upstream},
          {"enabled", link.enabled},
          {"toxics", std::move(toxics)}};
}

http::Response Toxics::proxies(const http::Request& request) {
  if (request.method == "POST") {
    auto body = object_of(request);
    if (!body) return refuse(400, body.error().message);
    const std::string name = string_member(*body, "name").value_or("");
    if (name.empty()) return refuse(400, "missing required field: name");
    if (string_member(*body, "upstream").value_or("").empty()) return refuse(400, "missing required field: upstream");
    if (state_.has_link(name)) return refuse(409, "proxy already exists");
    if (auto created = create(*body); !created)
      return refuse(created.error().kind == Error::Kind::usage ? 400 : 500, created.error().message);
    return answer(201, describe(name));
  }
  if (request.method != "GET") return refuse(405, "method not allowed");
  json::object all;
  for (const LinkReport& link : state_.status().links) all[link.name] = describe(link.name);
  return answer(200, all);
}

Result<void> Toxics::create(const json::object& body) {
  LinkRequest link;
  link.name = string_member(body, "name").value_or("");
  link.listen = full_address(string_member(body, "listen").value_or(""));
  link.upstream = string_member(body, "upstream").value_or("");
  auto opened = state_.open_link(link);
  if (!opened) return opened.error();
  if (!boolean_member(body, "enabled").value_or(true)) {
    if (auto off = state_.set_enabled(link.name, false); !off) return off.error();
  }
  return {};
}

http::Response Toxics::one_proxy(const http::Request& request, const std::string& name) {
  if (request.method == "GET") return answer(200, describe(name));
  if (request.method == "DELETE") {
    remove(name);
    return nothing();
  }
  if (!changes(request)) return refuse(405, "method not allowed");
  auto body = object_of(request);
  if (!body) return refuse(400, body.error().message);
  if (auto changed = change(name, *body); !changed) return refuse(400, changed.error().message);
  return answer(200, describe(name));
}

void Toxics::remove(const std::string& name) {
  state_.close_link(name);
  toxics_.erase(name);
}

// Another place to listen is another socket, and its connections are not the old one's.
Result<void> Toxics::change(const std::string& name, const json::object& body) {
  const LinkReport now = state_.link_report(name);
  const std::string listen = string_member(body, "listen").value_or("");
  const std::string upstream = string_member(body, "upstream").value_or("");
  if (!listen.empty() && full_address(listen) != now.address &&
      listen != "localhost" + now.address.substr(now.address.rfind(':'))) {
    const auto toxics = toxics_[name];
    remove(name);
    json::object again{{"name", name}, {"listen", listen}, {"upstream", upstream.empty() ? now.upstream : upstream}};
    if (auto created = create(again); !created) return created;
    for (const Toxic& toxic : toxics) put_toxic(name, toxic, false);
  } else if (!upstream.empty() && upstream != now.upstream) {
    if (auto set = state_.set_upstream(name, upstream); !set) return set.error();
  }
  if (const auto enabled = boolean_member(body, "enabled")) {
    if (auto set = state_.set_enabled(name, *enabled); !set) return set.error();
  }
  return {};
}

http::Response Toxics::toxics(const http::Request& request, const std::string& name) {
  if (request.method == "GET") return answer(200, describe(name).at("toxics"));
  if (request.method != "POST") return refuse(405, "method not allowed");
  auto body = object_of(request);
  if (!body) return refuse(400, body.error().message);
  auto toxic = toxic_from(*body, {});
  if (!toxic) return refuse(400, toxic.error().message);
  const auto& all = toxics_[name];
  if (std::any_of(all.begin(), all.end(), [&](const Toxic& each) { return each.name == toxic->name; })) {
    return refuse(409, "toxic already exists");
  }
  return put_toxic(name, std::move(*toxic), false);
}

void Toxics::heal(const std::string& name, const std::string& toxic) {
  const std::string id = name + "/" + toxic;
  if (state_.has_fault(id)) state_.heal(id, "asked through Toxiproxy's API");
}

http::Response Toxics::put_toxic(const std::string& name, Toxic toxic, bool replaces) {
  heal(name, toxic.name);
  if (toxic.type != "noop" && toxic.toxicity > 0) {
    auto lease = lease_of_toxic(name, toxic);
    if (!lease) return refuse(400, lease.error().message);
    if (auto injected = state_.inject(*lease); !injected) return refuse(400, injected.error().message);
  }
  auto& all = toxics_[name];
  const json::object described = toxic.to_json();
  const auto same = std::find_if(all.begin(), all.end(), [&](const Toxic& each) { return each.name == toxic.name; });
  if (replaces && same != all.end()) {
    *same = std::move(toxic);
  } else {
    all.push_back(std::move(toxic));
  }
  return answer(200, described);
}

http::Response Toxics::one_toxic(const http::Request& request, const std::string& name, const std::string& toxic) {
  auto& all = toxics_[name];
  const auto found = std::find_if(all.begin(), all.end(), [&](const Toxic& each) { return each.name == toxic; });
  if (found == all.end()) return refuse(404, "toxic not found");
  if (request.method == "GET") return answer(200, found->to_json());
  if (request.method == "DELETE") {
    heal(name, toxic);
    all.erase(found);
    return nothing();
  }
  if (!changes(request)) return refuse(405, "method not allowed");
  auto body = object_of(request);
  if (!body) return refuse(400, body.error().message);
  auto changed = toxic_from(*body, *found);
  if (!changed) return refuse(400, changed.error().message);
  return put_toxic(name, std::move(*changed), true);
}

// Those that exist as described stay as they are, with their connections; others are made anew.
http::Response Toxics::populate(const http::Request& request) {
  auto list = parse_json(request.body);
  if (!list || !list->is_array()) return refuse(400, "bad request body: a list of proxies is expected");
  for (const json::value& each : list->get_array()) {
    if (!each.is_object() || string_member(each.get_object(), "name").value_or("").empty()) {
      return refuse(400, "missing required field: name");
    }
    if (string_member(each.get_object(), "upstream").value_or("").empty()) {
      return refuse(400, "missing required field: upstream");
    }
  }
  json::array made;
  for (const json::value& each : list->get_array()) {
    const json::object& body = each.get_object();
    const std::string name = *string_member(body, "name");
    if (state_.has_link(name)) {
      const LinkReport now = state_.link_report(name);
      const bool same = now.upstream == *string_member(body, "upstream") &&
                        now.address == full_address(string_member(body, "listen").value_or(""));
      if (!same) remove(name);
    }
    if (!state_.has_link(name)) {
      if (auto created = create(body); !created) {
        return answer(400, json::object{{"error", created.error().message}, {"status", 400}, {"proxies", made}});
      }
    }
    made.push_back(describe(name));
  }
  return answer(201, json::object{{"proxies", std::move(made)}});
}

http::Response Toxics::reset() {
  for (auto& [name, toxics] : toxics_) {
    for (const Toxic& toxic : toxics) heal(name, toxic.name);
    toxics.clear();
  }
  for (const LinkReport& link : state_.status().links) {
    if (link.enabled) continue;
    if (auto on = state_.set_enabled(link.name, true); !on) return refuse(500, on.error().message);
  }
  return nothing();
}

// In Prometheus' text format, under Toxiproxy's own names.
http::Response Toxics::metrics() const {
  http::Response response;
  response.content_type = "text/plain; version=0.0.4";
  const auto quoted = [](const std::string& text) { return json::serialize(json::value(text)); };
  response.body = "# TYPE toxiproxy_proxy_received_bytes_total counter\n";
  std::string sent = "# TYPE toxiproxy_proxy_sent_bytes_total counter\n";
  for (const LinkReport& link : state_.status().links) {
    for (const auto& [direction, bytes] :
         {std::pair{"upstream", link.bytes_up}, std::pair{"downstream", link.bytes_down}}) {
      const std::string labels = "{direction=\"" + std::string(direction) + "\",listener=" + quoted(link.address) +
                                 ",proxy=" + quoted(link.name) + ",upstream=" + quoted(link.upstream) + "} " +
                                 std::to_string(bytes) + "\n";
      response.body += "toxiproxy_proxy_received_bytes_total" + labels;
      sent += "toxiproxy_proxy_sent_bytes_total" + labels;
    }
  }
  response.body += sent;
  return response;
}

http::Handler toxiproxy_api(Toxics& toxics) {
  // A plain function of its arguments: the coroutine below captures nothing and awaits nothing.
  return [&toxics](const http::Request& request) {
    return [](http::Response ready) -> asio::awaitable<http::Response> { co_return ready; }(toxics.handle(request));
  };
}

}  // namespace tidegate::chaos
