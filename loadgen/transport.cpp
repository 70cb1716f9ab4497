#include "loadgen/transport.hpp"

namespace tidegate::loadgen {

Result<std::unique_ptr<Transport>> make_transport(Protocol protocol, Loop& /*loop*/) {
  switch (protocol) {
    case Protocol::http:
      return std::unique_ptr<Transport>();
  }
  return std::unique_ptr<Transport>();
}

}  // namespace tidegate::loadgen
