// The HTTP side of the outbox: how a consumer closes a gap, and how it learns of a lost tail.

#include "platform/outbox/serve.hpp"

#include <fmt/format.h>

#include "platform/outbox/table.hpp"
#include "platform/service/problem.hpp"

namespace tidegate::platform::outbox {
namespace {

constexpr std::int64_t kDefaultLimit = 500;
constexpr std::int64_t kLargestLimit = 1000;

/// The last number of every stream of the topic, by partition: what a consumer asks for when nothing arrives.
http::Response serve_heads(const Source& source, Connection& reader) {
  http::Response response;
  response.body = "{\"heads\":[";
  for (int partition = 0; partition < kPartitions; ++partition) {
    const auto last = head(reader, source.topic_number, partition);
    if (!last) return problem(503, "the store cannot be read");
    response.body += fmt::format("{}{}", partition == 0 ? "" : ",", *last);
  }
  response.body += "]}";
  return response;
}

}  // namespace

http::Response serve(const Source& source, std::string_view rest, const http::Request& request, Connection& reader) {
  if (rest == source.producer + "/" + source.topic) return serve_heads(source, reader);
  const auto stream = StreamId::parse(rest);
  if (!stream) return problem(404, "the path is /internal/outbox/PRODUCER/TOPIC/PARTITION");
  if (stream->producer != source.producer || stream->topic != source.topic) {
    return problem(
        404, fmt::format("this outbox has the streams {}/{}/0 to {}", source.producer, source.topic, kPartitions - 1));
  }
  // Without `from`: the head alone.
  const auto from = integer_parameter(request, "from", 0, 1, kLastSequence);
  if (!from) return problem(400, "from is a sequence number from 1");
  const auto limit = integer_parameter(request, "limit", kDefaultLimit, 0, kLargestLimit);
  if (!limit) return problem(400, fmt::format("limit is a number from 0 to {}", kLargestLimit));

  const auto last = head(reader, source.topic_number, stream->partition);
  if (!last) return problem(503, "the store cannot be read");
  http::Response response;
  response.body = fmt::format("{{\"head\":{},\"events\":[", *last);
  if (*from > 0 && *limit > 0) {
    const auto append = [&](std::int64_t, std::string_view body) { response.body.append(body).append(1, ','); };
    const auto done = read(reader, source.topic_number, stream->partition, *from, *limit, append);
    if (!done) return problem(503, "the store cannot be read");
    if (response.body.back() == ',') response.body.pop_back();
  }
  response.body += "]}";
  return response;
}

}  // namespace tidegate::platform::outbox
