// http_headers: headers of a request or a response are set or removed on the way.
#include "chaos/faults/parse.hpp"
#include "chaos/faults/registry.hpp"

namespace tidegate::chaos {

FaultKind http_headers_fault() {
  FaultKind kind;
  kind.name = "http_headers";
  kind.summary = "Headers of a request or a response are set or removed on the way.";
  kind.hit = "a request chosen to have its headers, or its response's, rewritten";
  kind.recovery = "headers arrive as they were sent";
  kind.parameters = schema::object({schema::optional("of", schema::choice({"request", "response"}), "default response"),
                                    schema::optional("set", schema::map_of(schema::text()),
                                                     "names to values; replaces what has the name; default none"),
                                    schema::optional("remove", schema::list_of(schema::text()), "names; default none")},
                                   kind.summary);
  set_http_fault(kind, [](const yaml::Node& parameters, Diagnostics& diagnostics, const FaultIdentity&) {
    HeaderEdits edits;
    edits.set = headers_or_none(parameters, "set");
    check_headers(parameters, "set", diagnostics);
    if (const auto* remove = parameters.find("remove")) {
      for (const yaml::Node& name : remove->items()) edits.remove.push_back(name.text());
    }
    if (edits.empty()) diagnostics.add(parameters.mark(), "http_headers needs set: or remove:");
    const auto* of = parameters.find("of");
    HttpEffect effect;
    (of != nullptr && of->text() == "request" ? effect.request : effect.response) = std::move(edits);
    return std::make_shared<FixedHttpFault>(std::move(effect));
  });
  return kind;
}

}  // namespace tidegate::chaos
