#include "loadgen/transport_options.hpp"

#include <filesystem>
#include <fstream>

#include "loadgen/source_addresses.hpp"

namespace tidegate::loadgen {
namespace {

using schema::optional;

std::string readable_file(const yaml::Node& parent, const char* key, const std::string& directory,
                          Diagnostics& diagnostics) {
  const yaml::Node* node = parent.find(key);
  if (node == nullptr) return {};
  namespace fs = std::filesystem;
  const fs::path written(node->text());
  const std::string path = written.is_absolute() || directory.empty()
                               ? written.string()
                               : (fs::path(directory) / written).lexically_normal().string();
  if (!std::ifstream(path)) diagnostics.add(node->mark(), "cannot read " + path);
  return path;
}

TlsOptions parse_tls(const yaml::Node& node, const std::string& directory, Diagnostics& diagnostics) {
  TlsOptions tls;
  if (const yaml::Node* verify = node.find("verify")) tls.verify = schema::as_boolean(*verify);
  tls.ca_file = readable_file(node, "ca", directory, diagnostics);
  tls.certificate_file = readable_file(node, "certificate", directory, diagnostics);
  tls.key_file = readable_file(node, "key", directory, diagnostics);
  if (const yaml::Node* name = node.find("server_name")) tls.server_name = name->text();
  if (tls.certificate_file.empty() != tls.key_file.empty()) {
    diagnostics.add(node.mark(), "a client certificate needs both 'certificate' and 'key'");
  }
  return tls;
}

void parse_sources(const yaml::Node& node, TransportOptions& options, Diagnostics& diagnostics) {
  if (node.is_scalar()) options.source_addresses.push_back(node.text());
  if (node.is_list()) {
    for (const yaml::Node& each : node.items()) options.source_addresses.push_back(each.text());
  }
  if (const auto parsed = parse_source_addresses(options.source_addresses); !parsed) {
    diagnostics.add(node.mark(), parsed.error().message);
  }
}

}  // namespace

schema::TypePointer transport_schema() {
  const auto tls = schema::object(
      {optional("verify", schema::boolean(), "false: any certificate will do. true by default."),
       optional("ca", schema::text(), "PEM file of the authorities to trust; the system's by default."),
       optional("certificate", schema::text(), "PEM file of the client's certificate chain (mTLS)."),
       optional("key", schema::text(), "PEM file of the client's private key."),
       optional("server_name", schema::text(), "Name for SNI and verification; the address's host by default.")},
      "TLS, for https:// addresses.");
  return schema::object({optional("version", schema::choice({"1.1", "2"}), "HTTP version; 1.1 by default."),
                         optional("proxy", schema::text(), "http://host:port or socks5://host:port."),
                         optional("tls", tls, "TLS, for https:// addresses."),
                         optional("source_addresses", schema::one_of({schema::text(), schema::list_of(schema::text())}),
                                  "Local addresses that connections start from, in turn: 127.0.0.2-127.0.0.9."),
                         optional("dns_refresh", schema::duration(),
                                  "Looks the host up again this often, at least 1s; once per run by default.")},
                        "How the HTTP API is spoken to.");
}

TransportOptions parse_transport(const yaml::Node& node, const std::string& directory, Diagnostics& diagnostics) {
  TransportOptions options;
  if (const yaml::Node* version = node.find("version")) options.http_version = version->text() == "2" ? 2 : 1;
  if (const yaml::Node* tls = node.find("tls")) options.tls = parse_tls(*tls, directory, diagnostics);
  if (const yaml::Node* proxy = node.find("proxy")) {
    options.proxy = proxy->text();
    const bool known = options.proxy.starts_with("http://") || options.proxy.starts_with("socks5://");
    if (!known) diagnostics.add(proxy->mark(), "a proxy is http://host:port or socks5://host:port");
  }
  if (const yaml::Node* sources = node.find("source_addresses")) parse_sources(*sources, options, diagnostics);
  if (const yaml::Node* refresh = node.find("dns_refresh")) {
    options.dns_refresh = schema::as_duration(*refresh);
    if (options.dns_refresh < std::chrono::seconds(1)) diagnostics.add(refresh->mark(), "dns_refresh is 1s or more");
  }
  return options;
}

}  // namespace tidegate::loadgen
