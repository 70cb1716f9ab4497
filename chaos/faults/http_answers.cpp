// The HTTP faults of what the client is told: http_answer, http_lost_reply, http_truncate, http_malformed.
#include "chaos/faults/parse.hpp"
#include "chaos/faults/registry.hpp"

namespace tidegate::chaos {

FaultKind http_answer_fault() {
  FaultKind kind;
  kind.name = "http_answer";
  kind.summary = "The proxy answers instead of the upstream, which never sees the request.";
  kind.hit = "a request that was answered so";
  kind.recovery = "requests reach the upstream";
  kind.parameters =
      schema::object({schema::optional("status", schema::integer(200, 599), "default 503"),
                      schema::optional("body", schema::text(), "default empty"),
                      schema::optional("headers", schema::map_of(schema::text()), "names to values; default none")},
                     kind.summary);
  set_http_fault(kind, [](const yaml::Node& parameters, Diagnostics& diagnostics, const FaultIdentity&) {
    HttpAnswer answer;
    if (const auto* status = parameters.find("status")) answer.status = static_cast<int>(schema::as_integer(*status));
    if (const auto* body = parameters.find("body")) answer.body = body->text();
    answer.headers = headers_or_none(parameters, "headers");
    check_headers(parameters, "headers", diagnostics);
    for (const auto& [name, value] : answer.headers) {
      if (!http::same_name(name, "Content-Length") && !http::same_name(name, "Transfer-Encoding")) continue;
      diagnostics.add(parameters.find("headers")->mark(), "the length is the body's own; " + name + " cannot be set");
    }
    HttpEffect effect;
    effect.instead = std::move(answer);
    return std::make_shared<FixedHttpFault>(std::move(effect));
  });
  return kind;
}

FaultKind http_lost_reply_fault() {
  FaultKind kind;
  kind.name = "http_lost_reply";
  kind.summary = "The upstream acts and replies, and the client never learns: applied, reply lost.";
  kind.hit = "a request whose reply was lost";
  kind.recovery = "replies arrive; a connection kept silent stays so until its client ends it";
  kind.parameters =
      schema::object({schema::optional("how", schema::choice({"reset", "close", "silence"}),
                                       "what the client sees of the connection: reset (default), close or silence")},
                     kind.summary);
  set_http_fault(kind, [](const yaml::Node& parameters, Diagnostics&, const FaultIdentity&) {
    HttpEffect effect;
    effect.lost_reply = LostReply::reset;
    if (const auto* how = parameters.find("how")) {
      if (how->text() == "close") effect.lost_reply = LostReply::close;
      if (how->text() == "silence") effect.lost_reply = LostReply::silence;
    }
    return std::make_shared<FixedHttpFault>(std::move(effect));
  });
  return kind;
}

FaultKind http_truncate_fault() {
  FaultKind kind;
  kind.name = "http_truncate";
  kind.summary = "The body of a response ends early, with the connection.";
  kind.hit = "a request chosen to have its response cut";
  kind.recovery = "bodies arrive whole";
  kind.parameters = schema::object(
      {schema::optional("bytes", schema::bytes(), "of the body that still arrive; a shorter body passes; default 0B")},
      kind.summary);
  set_http_fault(kind, [](const yaml::Node& parameters, Diagnostics&, const FaultIdentity&) {
    HttpEffect effect;
    effect.truncate_at = bytes_or(parameters, "bytes", 0);
    return std::make_shared<FixedHttpFault>(std::move(effect));
  });
  return kind;
}

FaultKind http_malformed_fault() {
  FaultKind kind;
  kind.name = "http_malformed";
  kind.summary = "The response is no valid HTTP.";
  kind.hit = "a request chosen to have its response broken";
  kind.recovery = "responses arrive as they were sent";
  kind.parameters =
      schema::object({schema::optional("what", schema::choice({"status_line", "header", "length"}),
                                       "the part that is broken: status_line (default), header or length")},
                     kind.summary);
  set_http_fault(kind, [](const yaml::Node& parameters, Diagnostics&, const FaultIdentity&) {
    HttpEffect effect;
    effect.malformed = Malformation::status_line;
    if (const auto* what = parameters.find("what")) {
      if (what->text() == "header") effect.malformed = Malformation::header;
      if (what->text() == "length") effect.malformed = Malformation::length;
    }
    return std::make_shared<FixedHttpFault>(std::move(effect));
  });
  return kind;
}

}  // namespace tidegate::chaos
