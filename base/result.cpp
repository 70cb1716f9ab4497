#include "base/result.hpp"

#include <cstring>

namespace tidegate {

Error system_error(const std::string& what, int error_number) {
  char buffer[128] = {};
  // The GNU form: it may answer with a text of its own instead of filling the buffer.
  return machine_error(what + ": " + ::strerror_r(error_number, buffer, sizeof buffer));
}

}  // namespace tidegate
