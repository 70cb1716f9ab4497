#include "chaos/agent_api.hpp"

#include "base/json.hpp"
#include "base/units.hpp"

namespace tidegate::chaos {
namespace {

constexpr std::string_view kPrefix = "/v1/";

http::Response answer(int status, const json::value& body) {
  http::Response response;
  response.status = status;
  response.body = json::serialize(body);
  return response;
}

http::Response refusal(const Error& error) {
  return http::problem(error.kind == Error::Kind::usage ? 400 : 503, error.message);
}

template <typename T>
http::Response answer_or_refuse(int status, const Result<T>& result) {
  return result ? answer(status, json::value(to_json(*result))) : refusal(result.error());
}

/// Compares without telling by its duration how much of the token was right.
bool same_secret(std::string_view given, std::string_view wanted) {
  unsigned difference = given.size() == wanted.size() ? 0 : 1;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const char other = i < given.size() ? given[i] : '\0';
    difference |= static_cast<unsigned char>(other) ^ static_cast<unsigned char>(wanted[i]);
  }
  return difference == 0;
}

/// "a/b/c" as at most three decoded parts; a link's name may hold anything once it is encoded.
struct Route {
  std::string collection, name, member;
};
Route route_of(std::string_view path) {
  Route route;
  path.remove_prefix(kPrefix.size());
  for (std::string* part : {&route.collection, &route.name, &route.member}) {
    const auto slash = path.find('/');
    *part = http::percent_decode(path.substr(0, slash));
    path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
  }
  return route;
}

/// One request to the agent.
class Exchange {
 public:
  Exchange(AgentState& state, const http::Request& request) : state_(state), request_(request) {}

  http::Response run() {
    if (!request_.path.starts_with(kPrefix)) return unknown_path();
    const Route route = route_of(request_.path);
    if (route.collection == "links") return links(route);
    if (route.collection == "faults") return faults(route);
    if (route.collection == "status" && is("GET")) return answer(200, to_json(state_.status()));
    if (route.collection == "heartbeat" && is("POST")) {
      state_.heartbeat();
      return answer(200, to_json(state_.status()));
    }
    return unknown_path();
  }

 private:
  bool is(std::string_view method) const { return request_.method == method; }

  http::Response unknown_path() const {
    return http::problem(404, "there is no " + std::string(request_.method) + " " + std::string(request_.path));
  }

  /// A member of the body, which is to be a JSON object.
  Result<std::string> text_member(std::string_view key) const {
    auto body = parse_json(request_.body);
    if (!body) return usage_error(body.error().message);
    auto text = body->is_object() ? string_member(body->get_object(), key) : std::nullopt;
    if (!text) return usage_error("the body needs a text '" + std::string(key) + "'");
    return *std::move(text);
  }

  http::Response links(const Route& route) {
    if (route.name.empty() && is("POST")) {
      auto body = parse_json(request_.body);
      if (!body) return http::problem(400, body.error().message);
      const auto link = link_request_from_json(*body);
      return link ? answer_or_refuse(201, state_.open_link(*link)) : refusal(link.error());
    }
    const bool closes = route.member.empty() && is("DELETE");
    if (!closes && (route.member != "upstream" || !is("PUT"))) return unknown_path();
    if (!state_.has_link(route.name)) return http::problem(404, "there is no link '" + route.name + "'");
    if (closes) {
      state_.close_link(route.name);
      return answer(200, to_json(state_.status()));
    }
    const auto address = text_member("address");
    return address ? answer_or_refuse(200, state_.set_upstream(route.name, *address)) : refusal(address.error());
  }

  http::Response faults(const Route& route) {
    if (route.name.empty()) {
      if (is("POST")) return inject();
      if (!is("DELETE")) return unknown_path();
      state_.heal_all("asked");
      return answer(200, to_json(state_.status()));
    }
    const bool touched = route.member == "touched" && is("GET");
    if (!touched && (!route.member.empty() || !(is("GET") || is("DELETE")))) return unknown_path();
    if (!state_.has_fault(route.name)) return http::problem(404, "there is no fault '" + route.name + "'");
    if (touched) return touches(route.name);
    return answer(200, to_json(is("GET") ? state_.report(route.name) : state_.heal(route.name, "asked")));
  }

  http::Response touches(const std::string& fault) {
    const auto from = parse_integer(request_.query_parameter("from").value_or("0"));
    if (!from || *from < 0) return http::problem(400, "'from' is a whole number, as 'next' of the page before");
    return answer(200, to_json(state_.touched(fault, static_cast<std::uint64_t>(*from))));
  }

  http::Response inject() {
    auto body = parse_json(request_.body);
    if (!body) return http::problem(400, body.error().message);
    auto lease = lease_from_json(*body);
    return lease ? answer_or_refuse(201, state_.inject(*std::move(lease))) : refusal(lease.error());
  }

  AgentState& state_;
  const http::Request& request_;
};

}  // namespace

http::Handler agent_api(AgentState& state, std::string token) {
  // A plain function of its arguments: the coroutine below captures nothing and awaits nothing.
  return [&state, wanted = "Bearer " + std::move(token)](const http::Request& request) {
    const auto given = request.header("Authorization");
    http::Response response = given && same_secret(*given, wanted)
                                  ? Exchange(state, request).run()
                                  : http::problem(401, "the agent needs its token: Authorization: Bearer TOKEN");
    return [](http::Response ready) -> asio::awaitable<http::Response> { co_return ready; }(std::move(response));
  };
}

}  // namespace tidegate::chaos
