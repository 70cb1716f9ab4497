#include "chaos/http/http_filter.hpp"

#include <algorithm>

namespace tidegate::chaos {
namespace {

constexpr std::size_t kLargestCopy = 256 * 1024;  // a larger request is sent once

}  // namespace

// With no fault on the link and none pending on this connection, messages are only followed, and bytes pass as they
// lie.
bool HttpFilter::untouched() const {
  if (protocol_.has_faults() || silent_ || dropping_request_ || !held_up_.empty() || !held_down_.empty()) return false;
  return copies_ == 0 && hot_copies_ == 0 &&
         std::none_of(exchanges_.begin(), exchanges_.end(),
                      [](const Exchange& each) { return each.fate.touched || each.copy; });
}

void HttpFilter::take(Direction direction, std::string_view bytes, Nanoseconds, FilterOutput& output) {
  MessageSplitter& splitter = direction == Direction::upstream ? up_ : down_;
  if (splitter.opaque() && !silent_ && !dropping_request_) return output.pass(direction, bytes, {});
  if (untouched()) {
    track(direction, bytes, output);
    return output.pass(direction, bytes, {});
  }
  direction == Direction::upstream ? take_requests(bytes, output) : take_responses(bytes, output);
}

void HttpFilter::ended(Direction direction, FilterOutput& output) {
  std::string& held = direction == Direction::upstream ? held_up_ : held_down_;
  if (!held.empty() && !(silent_ && direction == Direction::downstream)) output.pass(direction, held, {});
  held.clear();
}

HttpFilter::Exchange HttpFilter::exchange_of_request() const {
  Exchange exchange;
  exchange.head_method = up_.head().method() == "HEAD";
  exchange.becomes_opaque = up_.head().method() == "CONNECT";
  return exchange;
}

void HttpFilter::tell(FilterOutput& output) const {
  if (!output.wants_messages()) return;
  if (const auto identity = told_identity(up_.head())) output.message(*identity);
}

// A switch of protocols, or a tunnel: from here on these are no messages.
void HttpFilter::all_opaque() {
  up_.become_opaque();
  down_.become_opaque();
}

void HttpFilter::head_of_response_seen() {
  if (exchanges_.empty()) return;
  const Exchange& exchange = exchanges_.front();
  const int status = down_.head().status();
  if (status == 101 || (exchange.becomes_opaque && status >= 200 && status < 300)) return all_opaque();
  if (exchange.head_method) down_.no_body();
}

void HttpFilter::track(Direction direction, std::string_view bytes, FilterOutput& output) {
  const bool requests = direction == Direction::upstream;
  MessageSplitter& splitter = requests ? up_ : down_;
  bool& passing = requests ? passing_up_ : passing_down_;
  while (!bytes.empty()) {
    const auto step = splitter.take(bytes);
    bytes.remove_prefix(step.bytes.size());
    passing = step.event == MessageSplitter::Event::part_of_head;
    if (step.event == MessageSplitter::Event::opaque) return all_opaque();
    if (step.event == MessageSplitter::Event::head) {
      if (requests) {
        exchanges_.push_back(exchange_of_request());
        tell(output);
        ++requests_;
      } else {
        head_of_response_seen();
      }
    }
    if (requests || step.event == MessageSplitter::Event::part_of_head) continue;
    const bool no_body = step.event == MessageSplitter::Event::head && splitter.at_message_start();
    if ((step.message_ended || no_body) && !splitter.interim()) response_ended();
  }
}

void HttpFilter::response_ended() {
  response_body_bytes_ = 0;
  if (!exchanges_.empty()) exchanges_.pop_front();
}

void HttpFilter::take_requests(std::string_view bytes, FilterOutput& output) {
  while (!bytes.empty()) {
    const auto step = up_.take(bytes);
    bytes.remove_prefix(step.bytes.size());
    switch (step.event) {
      case MessageSplitter::Event::part_of_head:
        if (passing_up_) {
          output.pass(Direction::upstream, step.bytes, {});
        } else {
          held_up_ += step.bytes;
        }
        break;
      case MessageSplitter::Event::head:
        if (std::exchange(passing_up_, false)) {  // begun before the fault: it keeps its luck
          output.pass(Direction::upstream, step.bytes, {});
          exchanges_.push_back(exchange_of_request());
          ++requests_;
        } else {
          request_head(std::exchange(held_up_, {}) + std::string(step.bytes), step.message_ended, output);
        }
        break;
      case MessageSplitter::Event::body:
        if (!dropping_request_) output.pass(Direction::upstream, step.bytes, {});
        if (copies_ > 0 || hot_copies_ > 0) copied_ += step.bytes;
        if (copied_.size() > kLargestCopy) copies_ = hot_copies_ = 0;
        if (step.message_ended) {
          dropping_request_ = false;
          send_copies(output);
        }
        break;
      case MessageSplitter::Event::opaque:
        passing_up_ = false;
        if (dropping_request_) break;  // of a request that was answered here
        output.pass(Direction::upstream, std::exchange(held_up_, {}) + std::string(step.bytes), {});
        break;
    }
  }
}

void HttpFilter::request_head(std::string head, bool ended, FilterOutput& output) {
  tell(output);
  Exchange exchange = exchange_of_request();
  exchange.fate = protocol_.decide(up_.head(), {connection_, requests_++});
  const ExchangeFate& fate = exchange.fate;
  exchanges_.push_back(exchange);
  if (fate.effect.instead) {
    dropping_request_ = !ended;
    answer_what_is_due(output);
    return;
  }
  if (!fate.effect.request.empty()) head = edited_head(head, fate.effect.request, Malformation::none);
  MessageHolds holds;
  for (const MessageHold& hold : fate.holds) {
    if (hold.request.count() > 0) holds.emplace_back(hold.fault, hold.request);
  }
  output.pass(Direction::upstream, head, holds);
  copies_ = exchanges_.back().fate.effect.copies;
  hot_copies_ = exchanges_.back().fate.effect.hot_copies;
  copied_ = copies_ > 0 || hot_copies_ > 0 ? head : std::string();
  if (ended) send_copies(output);
}

void HttpFilter::send_copies(FilterOutput& output) {
  for (; copies_ > 0; --copies_) {
    Exchange exchange = exchange_of_request();
    exchange.copy = true;
    exchanges_.push_back(std::move(exchange));
    output.pass(Direction::upstream, copied_, {});
  }
  if (hot_copies_ > 0) send_hot_copies(output);
  copied_.clear();
}

void HttpFilter::send_hot_copies(FilterOutput& output) {
  HttpProtocol::HotRequest& hot = protocol_.hot();
  if (hot.bytes.empty()) hot = {copied_, exchange_of_request().head_method};
  for (; hot_copies_ > 0; --hot_copies_) {
    Exchange exchange;
    exchange.head_method = hot.head_method;
    exchange.copy = true;
    exchanges_.push_back(std::move(exchange));
    output.pass(Direction::upstream, hot.bytes, {});
  }
}

// Answers made here leave when the responses before them have.
void HttpFilter::answer_what_is_due(FilterOutput& output) {
  while (!exchanges_.empty() && exchanges_.front().fate.effect.instead && !silent_) {
    const Exchange& exchange = exchanges_.front();
    MessageHolds holds;
    for (const MessageHold& hold : exchange.fate.holds) holds.emplace_back(hold.fault, hold.request + hold.response);
    output.pass(Direction::downstream, answer_bytes(*exchange.fate.effect.instead, exchange.head_method), holds);
    exchanges_.pop_front();
  }
}

void HttpFilter::take_responses(std::string_view bytes, FilterOutput& output) {
  while (!bytes.empty()) {
    const auto step = down_.take(bytes);
    bytes.remove_prefix(step.bytes.size());
    switch (step.event) {
      case MessageSplitter::Event::part_of_head:
        if (passing_down_) {
          output.pass(Direction::downstream, step.bytes, {});
        } else if (!silent_) {
          held_down_ += step.bytes;
        }
        break;
      case MessageSplitter::Event::head: {
        head_of_response_seen();
        const bool ended = step.message_ended || down_.at_message_start();
        if (std::exchange(passing_down_, false)) {
          output.pass(Direction::downstream, step.bytes, {});
          if (ended && !down_.interim()) response_ended();
          answer_what_is_due(output);
        } else {
          response_head(std::exchange(held_down_, {}) + std::string(step.bytes), ended, output);
        }
        break;
      }
      case MessageSplitter::Event::body:
        response_body(step.bytes, step.message_ended, output);
        break;
      case MessageSplitter::Event::opaque:
        passing_down_ = false;
        if (!silent_) output.pass(Direction::downstream, std::exchange(held_down_, {}) + std::string(step.bytes), {});
        break;
    }
  }
}

void HttpFilter::response_head(std::string head, bool ended, FilterOutput& output) {
  if (silent_) return;
  if (exchanges_.empty() || down_.interim()) return output.pass(Direction::downstream, head, {});
  if (exchanges_.front().copy) {
    if (!ended) return;
    response_ended();
    return answer_what_is_due(output);
  }
  const ExchangeFate& fate = exchanges_.front().fate;
  const HttpEffect& effect = fate.effect;
  MessageHolds holds;
  for (const MessageHold& hold : fate.holds) {
    if (hold.response.count() > 0) holds.emplace_back(hold.fault, hold.response);
  }
  if (effect.lost_reply != LostReply::no) {
    silent_ = true;
    if (effect.lost_reply == LostReply::reset) output.end(Ending::How::reset);
    if (effect.lost_reply == LostReply::close) output.end(Ending::How::close);
    return;
  }
  if (!effect.response.empty() || effect.malformed != Malformation::none) {
    head = edited_head(head, effect.response, effect.malformed);
  }
  output.pass(Direction::downstream, head, holds);
  if (ended) {
    response_ended();
    answer_what_is_due(output);
  } else if (effect.truncate_at == 0U) {
    response_body({}, false, output);
  }
}

void HttpFilter::response_body(std::string_view bytes, bool ended, FilterOutput& output) {
  if (silent_) return;
  const auto limit = exchanges_.empty() ? std::nullopt : exchanges_.front().fate.effect.truncate_at;
  if (limit && response_body_bytes_ + bytes.size() >= *limit) {
    output.pass(Direction::downstream, bytes.substr(0, *limit - std::min(*limit, response_body_bytes_)), {});
    silent_ = true;
    return output.end(Ending::How::close);
  }
  response_body_bytes_ += bytes.size();
  if (exchanges_.empty() || !exchanges_.front().copy) output.pass(Direction::downstream, bytes, {});
  if (!ended) return;
  response_ended();
  answer_what_is_due(output);
}

std::string edited_head(std::string_view head, const HeaderEdits& edits, Malformation malformed) {
  const auto gone = [&](std::string_view name) {
    return std::any_of(edits.remove.begin(), edits.remove.end(),
                       [&](const auto& each) { return http::same_name(each, name); }) ||
           std::any_of(edits.set.begin(), edits.set.end(),
                       [&](const auto& each) { return http::same_name(each.first, name); });
  };
  std::string out;
  bool first = true;
  while (!head.empty()) {
    const auto end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end == std::string_view::npos ? head.size() : end + 2);
    if (line.empty()) break;
    const std::string_view name = line.substr(0, line.find(':'));
    if (first && malformed == Malformation::status_line) {
      out += "HTTP/one.1 two hundred\r\n";
    } else if (!first && malformed == Malformation::length && http::same_name(name, "Content-Length")) {
      out += "Content-Length: 12x\r\n";
    } else if (first || !gone(name)) {
      out.append(line).append("\r\n");
    }
    first = false;
  }
  for (const auto& [name, value] : edits.set) out += name + ": " + value + "\r\n";
  if (malformed == Malformation::header) out += "a line without what makes it a header\r\n";
  return out + "\r\n";
}

std::string answer_bytes(const HttpAnswer& answer, bool to_head_request) {
  std::string out =
      "HTTP/1.1 " + std::to_string(answer.status) + " " + std::string(http::reason_phrase(answer.status)) + "\r\n";
  for (const auto& [name, value] : answer.headers) out += name + ": " + value + "\r\n";
  const bool no_body = answer.status == 204 || answer.status == 304;
  if (!no_body) out += "Content-Length: " + std::to_string(answer.body.size()) + "\r\n";
  out += "\r\n";
  if (!to_head_request && !no_body) out += answer.body;
  return out;
}

}  // namespace tidegate::chaos
