#include "base/units.hpp"
#include "runner/outputs/outputs.hpp"

namespace tidegate::runner {
namespace {

using schema::optional;
using schema::required;

/// `127.0.0.1:9464`; the address is an IP address.
void parse_listen(const yaml::Node& node, OutputOptions& options, Diagnostics& diagnostics) {
  const auto url = http::parse_url("http://" + node.text());
  const std::size_t colon = node.text().rfind(':');
  const auto port = colon == std::string::npos ? Result<std::int64_t>(usage_error(""))
                                               : parse_integer(std::string_view(node.text()).substr(colon + 1));
  if (!port || *port < 0 || *port > 65535 || (*port != 0 && !url)) {
    diagnostics.add(node.mark(), "'" + node.text() + "' is no address to listen on; write 127.0.0.1:9464");
    return;
  }
  options.prometheus_address = url ? url->host : node.text().substr(0, colon);
  options.prometheus_port = static_cast<std::uint16_t>(*port);
}

void parse_otlp(const yaml::Node& node, OutputOptions& options, Diagnostics& diagnostics) {
  const yaml::Node& endpoint = *node.find("endpoint");
  const auto url = http::parse_url(endpoint.text());
  if (!url || url->scheme != "http") {
    diagnostics.add(endpoint.mark(),
                    "'" + endpoint.text() + "' is no OTLP/HTTP endpoint; write http://127.0.0.1:4318/v1/metrics");
    return;
  }
  options.otlp_url = endpoint.text();
  if (url->target == "/") options.otlp_url += options.otlp_url.ends_with('/') ? "v1/metrics" : "/v1/metrics";
  if (const yaml::Node* every = node.find("every")) options.otlp_every = schema::as_duration(*every);
  if (options.otlp_every < std::chrono::seconds(1)) {
    diagnostics.add(node.find("every")->mark(), "'every' is at least 1s, as metrics are gathered once a second");
  }
  if (const yaml::Node* headers = node.find("headers")) {
    for (const auto& [name, value] : headers->entries()) options.otlp_headers.emplace_back(name.text(), value.text());
  }
}

}  // namespace

schema::TypePointer outputs_schema() {
  return schema::object(
      {optional("samples", schema::object({required("format", schema::choice({"csv", "ndjson"}), "Of the file.")}),
                "Every request as a line of samples.csv or samples.ndjson in the run directory."),
       optional("prometheus",
                schema::object({required("listen", schema::text(), "Address and port: 127.0.0.1:9464; port 0: any.")}),
                "Serves the run's metrics at /metrics while it lasts."),
       optional("otlp",
                schema::object({required("endpoint", schema::text(), "http://host:port, or with a path."),
                                optional("every", schema::duration(), "Time between pushes; 5s by default."),
                                optional("headers", schema::map_of(schema::text()), "Sent with each push.")}),
                "Pushes the run's metrics over OTLP/HTTP (JSON).")},
      "Where measurements go during the run, beside the run directory.");
}

OutputOptions parse_outputs(const yaml::Node& node, Diagnostics& diagnostics) {
  OutputOptions options;
  if (const yaml::Node* samples = node.find("samples")) {
    options.samples =
        samples->find("format")->text() == "csv" ? loadgen::SampleFormat::csv : loadgen::SampleFormat::ndjson;
  }
  if (const yaml::Node* prometheus = node.find("prometheus")) {
    parse_listen(*prometheus->find("listen"), options, diagnostics);
  }
  if (const yaml::Node* otlp = node.find("otlp")) parse_otlp(*otlp, options, diagnostics);
  return options;
}

}  // namespace tidegate::runner
