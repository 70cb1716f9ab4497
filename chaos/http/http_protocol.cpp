#include "chaos/http/http_protocol.hpp"

#include <algorithm>

#include "base/random.hpp"
#include "chaos/http/http_filter.hpp"

namespace tidegate::chaos {
namespace {

constexpr std::size_t kRememberedKeys = 100'000;

std::optional<std::string_view> header(const http::HeadParser& head, std::string_view name) {
  for (const auto& field : head.fields()) {
    const auto view = head.view(field);
    if (http::same_name(view.name, name)) return view.value;
  }
  return std::nullopt;
}

std::string_view path_of(std::string_view target) {
  return target.substr(0, target.find('?'));
}

void merge(HttpEffect& into, HttpEffect&& from) {
  if (!into.instead) into.instead = std::move(from.instead);
  if (into.lost_reply == LostReply::no) into.lost_reply = from.lost_reply;
  if (into.malformed == Malformation::none) into.malformed = from.malformed;
  into.copies += from.copies;
  into.hot_copies += from.hot_copies;
  if (from.truncate_at) into.truncate_at = std::min(into.truncate_at.value_or(*from.truncate_at), *from.truncate_at);
  const auto append = [](HeaderEdits& edits, HeaderEdits&& more) {
    edits.set.insert(edits.set.end(), more.set.begin(), more.set.end());
    edits.remove.insert(edits.remove.end(), more.remove.begin(), more.remove.end());
  };
  append(into.request, std::move(from.request));
  append(into.response, std::move(from.response));
}

}  // namespace

bool matches_pattern(std::string_view pattern, std::string_view text) noexcept {
  std::size_t p = 0, t = 0, star = std::string_view::npos, retry = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      retry = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::optional<std::uint64_t> told_identity(const http::HeadParser& head) {
  // traceparent is VERSION-TRACE-PARENT-FLAGS; a retry keeps the trace and has another parent.
  if (const auto trace = header(head, "traceparent"); trace && trace->size() >= 35) {
    return message_hash(trace->substr(3, 32));
  }
  for (const char* name : {"Idempotency-Key", "X-Request-Id"}) {
    if (const auto value = header(head, name); value && !value->empty()) return message_hash(*value);
  }
  return std::nullopt;
}

std::uint64_t message_key(const http::HeadParser& head, const MessagePlace& place) {
  if (const auto told = told_identity(head)) return *told;
  return stable_hash(std::to_string(place.connection) + "/" + std::to_string(place.number));
}

MessagePicker::MessagePicker(Match match, const FaultIdentity& identity)
    : match_(std::move(match)), seed_(identity.seed), stream_(stable_hash(identity.fault + "\n" + identity.target)) {}

bool MessagePicker::selects(const http::HeadParser& head) const {
  if (!match_.method.empty() && head.method() != match_.method) return false;
  if (!match_.path.empty() && !matches_pattern(match_.path, path_of(head.target()))) return false;
  return std::all_of(match_.headers.begin(), match_.headers.end(), [&](const auto& wanted) {
    const auto value = header(head, wanted.first);
    return value && matches_pattern(wanted.second, *value);
  });
}

std::uint32_t MessagePicker::attempt_of(std::uint64_t key) {
  const auto [entry, is_new] = attempts_.try_emplace(key, 0);
  if (!is_new) return ++entry->second;
  order_.push_back(key);
  if (order_.size() > kRememberedKeys) {
    attempts_.erase(order_.front());
    order_.pop_front();
  }
  return 0;
}

std::optional<MessageKey> MessagePicker::pick(const http::HeadParser& head, const MessagePlace& place) {
  if (!selects(head)) return std::nullopt;
  if (selected_++ % match_.every != 0) return std::nullopt;
  const auto told = told_identity(head);
  MessageKey key{told ? *told : message_key(head, place), 0, told.has_value()};
  key.attempt = attempt_of(key.hash);
  if (match_.probability < 1 && Draws(seed_, stream_ ^ key.hash, key.attempt).uniform() >= match_.probability) {
    return std::nullopt;
  }
  if (match_.first && taken_ >= *match_.first) return std::nullopt;
  ++taken_;
  return key;
}

std::unique_ptr<ProtocolFilter> HttpProtocol::filter(std::uint64_t connection) {
  return std::make_unique<HttpFilter>(*this, connection);
}

void HttpProtocol::add_fault(std::shared_ptr<ActiveFault> fault) {
  MessagePicker picker(fault->picker.match(), fault->picker.identity());
  entries_.push_back({std::move(fault), std::move(picker)});
}

void HttpProtocol::remove_fault(const ActiveFault* fault) {
  hot_ = {};  // where another hot key is on, the next request that it picks becomes hot
  std::erase_if(entries_, [&](const Entry& entry) { return entry.fault.get() == fault; });
}

ExchangeFate HttpProtocol::decide(const http::HeadParser& head, const MessagePlace& place) {
  ExchangeFate fate;
  for (Entry& entry : entries_) {
    const auto key = entry.picker.pick(head, place);
    if (!key) continue;
    ++entry.fault->hits;
    if (key->told) entry.fault->touched.add({key->hash, monotonic_now()});
    fate.touched = true;
    HttpEffect effect = entry.fault->message->effect(*key);
    if (effect.hold_request.count() > 0 || effect.hold_response.count() > 0) {
      fate.holds.push_back({entry.fault, effect.hold_request, effect.hold_response});
    }
    merge(fate.effect, std::move(effect));
  }
  return fate;
}

}  // namespace tidegate::chaos
