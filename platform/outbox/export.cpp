// A point is the heads of all streams, "12.0.7. ...", outbox by outbox; a cursor is "OUTBOX.PARTITION.SEQUENCE" of the
// last event of a page.

#include "platform/outbox/export.hpp"

#include <optional>

#include "base/units.hpp"
#include "platform/outbox/table.hpp"
#include "platform/service/problem.hpp"

namespace tidegate::platform {
namespace {

constexpr std::int64_t kDefaultLimit = 1000;
constexpr std::int64_t kLargestLimit = 10'000;

std::optional<std::vector<std::int64_t>> read_numbers(std::string_view text, std::size_t count) {
  std::vector<std::int64_t> numbers;
  while (!text.empty()) {
    const auto dot = text.find('.');
    const auto number = parse_integer(text.substr(0, dot));
    if (!number || *number < 0 || *number > outbox::kLastSequence) return std::nullopt;
    numbers.push_back(*number);
    text = dot == std::string_view::npos ? std::string_view{} : text.substr(dot + 1);
  }
  if (numbers.size() != count) return std::nullopt;
  return numbers;
}

std::string write_numbers(const std::vector<std::int64_t>& numbers) {
  std::string text;
  for (const std::int64_t number : numbers) text.append(text.empty() ? "" : ".").append(std::to_string(number));
  return text;
}

Result<std::vector<std::int64_t>> heads_of(const std::vector<ExportedOutbox>& outboxes) {
  std::vector<std::int64_t> heads;
  for (const ExportedOutbox& exported : outboxes) {
    for (int partition = 0; partition < kPartitions; ++partition) {
      const auto head = outbox::head(*exported.reader, exported.outbox->topic_number(), partition);
      if (!head) return head.error();
      heads.push_back(*head);
    }
  }
  return heads;
}

class Page {
 public:
  Page(const std::vector<ExportedOutbox>& outboxes, std::vector<std::int64_t> heads, std::int64_t limit)
      : outboxes_(outboxes), heads_(std::move(heads)), left_(limit) {}

  /// From the stream after which, and from the number after which, to go on.
  Result<void> fill(std::size_t stream, std::int64_t after) {
    for (; stream < heads_.size() && left_ > 0; ++stream, after = 0) {
      if (auto read = fill_from(stream, after); !read) return read;
    }
    return {};
  }

  http::Response answer() const {
    http::Response response;
    response.body = "{\"items\":[" + items_ + "],\"next\":" + (left_ > 0 ? "null" : "\"" + next_ + "\"") +
                    ",\"as_of\":\"" + write_numbers(heads_) + "\"}";
    return response;
  }

 private:
  Result<void> fill_from(std::size_t stream, std::int64_t after) {
    const ExportedOutbox& exported = outboxes_[stream / static_cast<std::size_t>(kPartitions)];
    const int partition = static_cast<int>(stream % static_cast<std::size_t>(kPartitions));
    const std::int64_t count = std::min(left_, heads_[stream] - after);
    if (count <= 0) return {};
    return outbox::read(*exported.reader, exported.outbox->topic_number(), partition, after + 1, count,
                        [&](std::int64_t sequence, std::string_view body) {
                          if (sequence > heads_[stream]) return;  // pruned below, so that more fitted
                          items_.append(items_.empty() ? "" : ",").append(body);
                          next_ = write_numbers({static_cast<std::int64_t>(stream), sequence});
                          --left_;
                        });
  }

  const std::vector<ExportedOutbox>& outboxes_;
  const std::vector<std::int64_t> heads_;
  std::int64_t left_;
  std::string items_, next_;
};

}  // namespace

http::Response export_events(const std::vector<ExportedOutbox>& outboxes, const http::Request& request) {
  const auto limit = integer_parameter(request, "limit", kDefaultLimit, 1, kLargestLimit);
  if (!limit) return problem(400, "'limit' must be a whole number from 1 to 10000");
  const auto after = read_numbers(request.query_parameter("after").value_or("0.0"), 2);
  if (!after) return problem(400, "'after' must be a cursor that an earlier page gave");
  auto heads = heads_of(outboxes);
  if (!heads) return problem(503, "the store cannot be read");
  if (const auto point = request.query_parameter("as_of"); point) {
    const auto given = read_numbers(*point, heads->size());
    if (!given) return problem(400, "'as_of' must be the point that the first page gave");
    for (std::size_t i = 0; i < heads->size(); ++i) {
      if ((*given)[i] > (*heads)[i])
        return problem(400, "'as_of' lies in the future: use the one that a page has named");
    }
    *heads = *given;
  }
  Page page(outboxes, std::move(*heads), *limit);
  if (auto filled = page.fill(static_cast<std::size_t>((*after)[0]), (*after)[1]); !filled) {
    return problem(503, "the store cannot be read");
  }
  return page.answer();
}

}  // namespace tidegate::platform
