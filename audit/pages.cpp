#include "audit/pages.hpp"

#include <charconv>
#include <set>
#include <thread>

#include <simdjson.h>

#include "audit/identity.hpp"
#include "base/http/client.hpp"
#include "record/truth.hpp"

namespace tidegate::audit {
namespace {

namespace od = simdjson::ondemand;

constexpr int kTries = 3;
constexpr std::size_t kLargestPage = 64U << 20;

/// One connection, kept from page to page.
class PageClient {
 public:
  explicit PageClient(const PageOptions& options) : options_(options) {}

  Result<http::Response> get(const std::string& query) {
    if (!client_) {
      if (auto opened = open(); !opened) return opened.error();
    }
    http::ClientRequest request;
    request.target = target_ + query;
    if (!options_.token.empty()) request.headers.emplace_back("Authorization", "Bearer " + options_.token);
    Result<http::Response> result = internal_error("no answer");
    loop_.restart();
    asio::co_spawn(loop_, send(client_.get(), std::move(request), options_.request_timeout, &result), asio::detached);
    // The client keeps timers of its pool: the answer, not their end, is waited for.
    while (result_pending_ && loop_.run_one() > 0) {
    }
    result_pending_ = true;
    return result;
  }

 private:
  Result<void> open() {
    const auto url = http::parse_url(options_.url);
    if (!url || url->scheme != "http") return usage_error("'" + options_.url + "' is not an http URL");
    std::uint16_t port = 0;
    std::from_chars(url->port.data(), url->port.data() + url->port.size(), port);
    target_ = url->target;
    http::ClientOptions options;
    options.max_connections = 1;
    options.connect_timeout = options_.request_timeout;
    options.limits = {16 * 1024, 100, kLargestPage};
    client_ = std::make_unique<http::Client>(loop_.get_executor(), url->host, port, options);
    return {};
  }

  asio::awaitable<void> send(http::Client* client, http::ClientRequest request, Nanoseconds timeout,
                             Result<http::Response>* result) {
    *result = co_await client->send(std::move(request), timeout);
    result_pending_ = false;
  }

  const PageOptions& options_;
  asio::io_context loop_{1};
  std::unique_ptr<http::Client> client_;
  std::string target_;
  bool result_pending_ = true;
};

/// What one page says, beside its items.
struct Page {
  std::string next, as_of;
  std::uint64_t items = 0;
  Identity content;
};

// Cursors are numbers or texts; either way they go back as they came.
bool cursor_text(od::value value, std::string& out) {
  od::json_type type;
  if (value.type().get(type) != simdjson::SUCCESS) return false;
  if (type == od::json_type::null) return value.is_null();
  if (type == od::json_type::string) {
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS) return false;
    out = text;
    return true;
  }
  if (type != od::json_type::number) return false;
  std::string_view token = value.raw_json_token();
  while (!token.empty() && token.back() <= ' ') token.remove_suffix(1);
  out = token;
  return true;
}

std::optional<std::int64_t> as_number(const std::string& text) {
  std::int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

class PageReader {
 public:
  PageReader(const PageOptions& options, const VisitItem& visit) : options_(options), visit_(visit), client_(options) {}

  Result<PageTotals> read(std::string after) {
    std::set<Identity> seen;
    for (;;) {
      auto page = read_page(after);
      if (!page) return page.error();
      ++totals_.pages;
      totals_.items += page->items;
      if (auto sound = check(*page, after, seen); !sound) return sound.error();
      if (page->next.empty()) return end();
      if (page->items == 0) return broken("an empty page names a next one");
      after = page->next;
    }
  }

  Result<std::string> point() {
    auto page = read_page("");
    if (!page) return page.error();
    return page->as_of;
  }

 private:
  Error broken(const std::string& what) const { return protocol_error(options_.url + query_ + ": " + what); }

  Result<void> check(const Page& page, const std::string& after, std::set<Identity>& seen) {
    if (totals_.pages == 1) {
      totals_.as_of = page.as_of;
    } else if (page.as_of != totals_.as_of) {
      return broken("the page is as of " + page.as_of + ", the pages before it as of " + totals_.as_of);
    }
    if (page.items > 0 && !seen.insert(page.content).second) return broken("the page repeats an earlier one");
    if (page.next.empty()) return {};
    if (page.next == after) return broken("the cursor does not move");
    const auto from = as_number(after), to = as_number(page.next);
    if (from && to && *to <= *from) return broken("the cursor goes back");
    return {};
  }

  // Where items are numbered and the point is a number, the last item is the point.
  Result<PageTotals> end() const {
    const auto point = as_number(totals_.as_of);
    if (point && last_sequence_ > 0 && last_sequence_ < *point) {
      return broken("it ends at number " + std::to_string(last_sequence_) + ", before its own point " + totals_.as_of);
    }
    return totals_;
  }

  Result<Page> read_page(const std::string& after) {
    query_ = query(after);
    Error last = timeout_error(options_.url + ": the time for reading exports is over");
    for (int attempt = 1; attempt <= kTries && monotonic_now() < options_.deadline; ++attempt) {
      auto answer = client_.get(query_);
      if (answer && answer->status == 200) return parse(answer->body, after);
      last = answer ? broken("status " + std::to_string(answer->status)) : answer.error();
      std::this_thread::sleep_for(std::chrono::milliseconds(100 * attempt));
    }
    return last;
  }

  std::string query(const std::string& after) const {
    const PageShape& shape = options_.shape;
    std::string text;
    const auto add = [&](const std::string& name, const std::string& value) {
      if (name.empty() || value.empty()) return;
      const bool first = text.empty() && options_.url.find('?') == std::string::npos;
      text += (first ? "?" : "&") + name + "=" + http::percent_encode(value);
    };
    add(shape.limit_parameter, std::to_string(options_.page_size));
    add(shape.after_parameter, after);
    add(shape.as_of_parameter, totals_.as_of);
    return text;
  }

  Result<Page> parse(std::string& body, const std::string& after) {
    const std::size_t size = body.size();
    body.resize(size + record::kLinePadding, ' ');
    Page page;
    page.content = identity_of({body.data(), size});
    od::document document;
    if (parser_.iterate(body.data(), size, body.size()).get(document) != simdjson::SUCCESS) {
      return broken("the page is not JSON");
    }
    od::json_type type;
    if (document.type().get(type) != simdjson::SUCCESS) return broken("the page is not JSON");
    if (options_.shape.bare_list) {
      od::array items;
      if (document.get_array().get(items) != simdjson::SUCCESS) return broken("the page is not a list");
      if (auto taken = take_items(items, page, after); !taken) return taken.error();
      return page;
    }
    if (options_.shape.single) {
      ++page.items;
      auto visited = visit_({body.data(), size}, after);
      return visited ? Result<Page>(page) : Result<Page>(visited.error());
    }
    od::object object;
    if (type != od::json_type::object || document.get_object().get(object) != simdjson::SUCCESS) {
      return broken("the page is not an object with a list '" + options_.shape.items + "'");
    }
    if (auto taken = take_members(object, page, after); !taken) return taken.error();
    return page;
  }

  Result<void> take_members(od::object& object, Page& page, const std::string& after) {
    bool any_items = false;
    for (auto field : object) {
      std::string_view name;
      od::value value;
      if (field.unescaped_key().get(name) != simdjson::SUCCESS || field.value().get(value) != simdjson::SUCCESS) {
        return broken("the page is cut short or not JSON");
      }
      if (name == options_.shape.items) {
        od::array items;
        if (value.get_array().get(items) != simdjson::SUCCESS) break;
        any_items = true;
        if (auto taken = take_items(items, page, after); !taken) return taken;
      } else if (name == options_.shape.next && !cursor_text(value, page.next)) {
        return broken("'" + options_.shape.next + "' is no cursor");
      } else if (name == options_.shape.as_of && !cursor_text(value, page.as_of)) {
        return broken("'" + options_.shape.as_of + "' is no cursor");
      }
    }
    if (!any_items) return broken("the page is not an object with a list '" + options_.shape.items + "'");
    return {};
  }

  Result<void> take_items(od::array& items, Page& page, const std::string& after) {
    for (auto element : items) {
      od::value value;
      od::object item;
      if (element.get(value) != simdjson::SUCCESS) return broken("the page is cut short or not JSON");
      if (value.get_object().get(item) != simdjson::SUCCESS) return broken("an item is not an object");
      std::int64_t sequence = 0;
      if (options_.shape.numbered && item.find_field("sequence").get_int64().get(sequence) == simdjson::SUCCESS) {
        if (sequence <= last_sequence_) return broken("'sequence' does not ascend: items repeat or are out of order");
        last_sequence_ = sequence;
      }
      std::string_view raw;
      if (item.reset().error() != simdjson::SUCCESS || item.raw_json().get(raw) != simdjson::SUCCESS) {
        return broken("the page is cut short or not JSON");
      }
      while (!raw.empty() && raw.back() != '}') raw.remove_suffix(1);  // the white space up to the next token
      ++page.items;
      if (auto visited = visit_(raw, after); !visited) return visited;
    }
    return {};
  }

  const PageOptions& options_;
  const VisitItem& visit_;
  PageClient client_;
  od::parser parser_;
  PageTotals totals_;
  std::string query_;
  std::int64_t last_sequence_ = -1;
};

}  // namespace

Result<PageTotals> read_pages(const PageOptions& options, const std::string& after, const VisitItem& visit) {
  return PageReader(options, visit).read(after);
}

Result<std::string> read_point(PageOptions options) {
  options.page_size = 1;
  const VisitItem nobody = [](std::string_view, const std::string&) -> Result<void> { return {}; };
  return PageReader(options, nobody).point();
}

}  // namespace tidegate::audit
