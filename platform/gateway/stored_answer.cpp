#include "platform/gateway/stored_answer.hpp"

#include "base/units.hpp"
#include "platform/service/compiled_text.hpp"

namespace tidegate::platform {

std::string encode_answer(const StoredAnswer& answer) {
  const std::string* location = answer.response.header("location");
  return compiled_text(FMT_COMPILE("{} {} {} {}\n{}"), answer.fingerprint, answer.response.status,
                       answer.response.content_type,
                       location == nullptr ? std::string_view{} : std::string_view(*location), answer.response.body);
}

std::optional<StoredAnswer> decode_answer(std::string_view text) {
  const auto line_end = text.find('\n');
  if (line_end == std::string_view::npos) return std::nullopt;
  std::string_view line = text.substr(0, line_end);
  const auto word = [&line]() -> std::string_view {
    const auto space = line.find(' ');
    if (space == std::string_view::npos) return {};
    const std::string_view first = line.substr(0, space);
    line.remove_prefix(space + 1);
    return first;
  };
  const auto fingerprint = parse_integer(word());
  const auto status = parse_integer(word());
  const std::string_view content_type = word();
  if (!fingerprint || !status || *status < 200 || *status > 599 || content_type.empty()) return std::nullopt;
  StoredAnswer answer;
  answer.fingerprint = *fingerprint;
  answer.response.status = static_cast<int>(*status);
  answer.response.content_type = content_type;
  answer.response.body = text.substr(line_end + 1);
  if (!line.empty()) answer.response.headers.emplace_back("Location", line);
  return answer;
}

}  // namespace tidegate::platform
