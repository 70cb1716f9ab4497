#pragma once
// How the system under test is spoken to: the shape of `stack.http`, and its values.

#include <string>
#include <vector>

#include "base/diagnostics.hpp"
#include "base/schema.hpp"
#include "base/time.hpp"
#include "base/yaml.hpp"

namespace tidegate::loadgen {

/// For https:// addresses. Files are PEM.
struct TlsOptions {
  bool verify = true;                      ///< certificate chain and name
  std::string ca_file;                     ///< empty: the system's authorities
  std::string certificate_file, key_file;  ///< of the client (mTLS); both or neither
  std::string server_name;                 ///< for SNI and verification; empty: the host of the address
};

struct TransportOptions {
  TlsOptions tls;
  int http_version = 1;                       ///< 1: the engine's own HTTP/1.1; 2: HTTP/2 through libcurl
  std::string proxy;                          ///< http://host:port or socks5://host:port, through libcurl; empty: none
  std::string kafka_bootstrap;                ///< for `publish` steps
  std::vector<std::string> source_addresses;  ///< loadgen/source_addresses.hpp; empty: the kernel's choice
  Nanoseconds dns_refresh{0};                 ///< how often the host is looked up again; 0: once

  bool through_curl() const { return http_version == 2 || !proxy.empty(); }
};

schema::TypePointer transport_schema();
/// A node of that shape. Files are found from `directory`; one that cannot be read is a diagnostic.
TransportOptions parse_transport(const yaml::Node& node, const std::string& directory, Diagnostics& diagnostics);

}  // namespace tidegate::loadgen
