#include "loadgen/transports/curl_client.hpp"

#include <curl/curl.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/assert.hpp"
#include "base/http/characters.hpp"
#include "loadgen/loop.hpp"
#include "loadgen/source_addresses.hpp"

namespace tidegate::loadgen {
namespace {

constexpr std::size_t kLongestBody = 16U << 20;
constexpr std::size_t kLongestHead = 64U << 10;
constexpr std::size_t kKeptHandles = 4096;

struct EasyDeleter {
  void operator()(CURL* easy) const noexcept { ::curl_easy_cleanup(easy); }
};
struct MultiDeleter {
  void operator()(CURLM* multi) const noexcept { ::curl_multi_cleanup(multi); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const noexcept { ::curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, EasyDeleter>;
using List = std::unique_ptr<curl_slist, ListDeleter>;

void append(List& list, const std::string& text) {
  curl_slist* longer = ::curl_slist_append(list.get(), text.c_str());
  TIDEGATE_ASSERT(longer != nullptr);
  [[maybe_unused]] auto* same = list.release();
  list.reset(longer);
}

/// A request in progress, and its answer as it comes.
struct Transfer {
  Vu* user = nullptr;
  Easy easy;
  List headers, connect_to;
  RenderedRequest request;
  std::unique_ptr<Reply> reply = std::make_unique<Reply>();
  std::size_t head_bytes = 0;
  bool done = false, too_large = false;
  CURLcode result = CURLE_OK;

  static std::size_t on_body(char* data, std::size_t one, std::size_t size, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    const std::size_t bytes = one * size;
    if (transfer.reply->body.size() + bytes > kLongestBody) {
      transfer.too_large = true;
      return 0;
    }
    transfer.reply->body.append(data, bytes);
    return bytes;
  }

  static std::size_t on_header(char* data, std::size_t one, std::size_t size, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    const std::string_view line(data, one * size);
    transfer.head_bytes += line.size();
    if (transfer.head_bytes > kLongestHead) {
      transfer.too_large = true;
      return 0;
    }
    if (line.starts_with("HTTP/")) {
      transfer.reply->headers.clear();  // what stood before was interim, or the proxy's
      return line.size();
    }
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos) {
      transfer.reply->headers.emplace_back(
          std::string(http::trimmed(line.substr(0, colon))),
          std::string(http::trimmed(line.substr(colon + 1, line.find('\r') - colon - 1))));
    }
    return line.size();
  }
};

ErrorClass connect_class(CURL* easy) {
  long error_number = 0;
  ::curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &error_number);
  if (error_number == 0) return ErrorClass::refused;
  return error_number == EADDRINUSE ? ErrorClass::ports : class_of_connect(static_cast<int>(error_number));
}

ErrorClass class_of(const Transfer& transfer) {
  if (transfer.too_large) return ErrorClass::protocol;
  switch (transfer.result) {
    case CURLE_OK:
      return ErrorClass::none;
    case CURLE_COULDNT_CONNECT:
    case CURLE_INTERFACE_FAILED:
      return connect_class(transfer.easy.get());
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
      return ErrorClass::unreachable;
    case CURLE_OPERATION_TIMEDOUT:
      return ErrorClass::timeout;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
      return ErrorClass::reset;
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
      return ErrorClass::closed;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
      return ErrorClass::tls;
    default:
      return ErrorClass::protocol;
  }
}

template <typename Value>
Value info_of(CURL* easy, CURLINFO info) {
  Value value{};
  ::curl_easy_getinfo(easy, info, &value);
  return value;
}

void fill_times(const Transfer& transfer, Attempt& attempt) {
  CURL* easy = transfer.easy.get();
  const auto at = [&](CURLINFO info) {
    const auto microseconds = std::chrono::microseconds(info_of<curl_off_t>(easy, info));
    return std::min(attempt.started + microseconds, attempt.ended);
  };
  attempt.sending = attempt.sent_at = at(CURLINFO_PRETRANSFER_TIME_T);
  attempt.first_byte = std::max(at(CURLINFO_STARTTRANSFER_TIME_T), attempt.sent_at);
  attempt.connected = info_of<long>(easy, CURLINFO_NUM_CONNECTS) > 0;
  attempt.connecting = attempt.started;
  attempt.connected_at = at(CURLINFO_CONNECT_TIME_T);
  const bool tls = info_of<curl_off_t>(easy, CURLINFO_APPCONNECT_TIME_T) > 0;
  if (!tls && attempt.connected) attempt.connected_at = attempt.sending;
  attempt.bytes_sent = static_cast<std::size_t>(info_of<long>(easy, CURLINFO_REQUEST_SIZE)) +
                       static_cast<std::size_t>(info_of<curl_off_t>(easy, CURLINFO_SIZE_UPLOAD_T));
  attempt.sent = attempt.bytes_sent > 0;
  attempt.bytes_received = static_cast<std::size_t>(info_of<long>(easy, CURLINFO_HEADER_SIZE)) +
                           static_cast<std::size_t>(info_of<curl_off_t>(easy, CURLINFO_SIZE_DOWNLOAD_T));
}

}  // namespace

struct CurlClient::State {
  /// One descriptor of libcurl's. Used again, and never freed while the loop may still tell it something.
  struct Socket final : Watcher {
    explicit Socket(State& its_state) : state(its_state) {}
    void on_events(std::uint32_t events) override {
      if (descriptor < 0) return;
      int mask = 0;
      if ((events & (EPOLLIN | EPOLLHUP | EPOLLRDHUP)) != 0) mask |= CURL_CSELECT_IN;
      if ((events & EPOLLOUT) != 0) mask |= CURL_CSELECT_OUT;
      if ((events & EPOLLERR) != 0) mask |= CURL_CSELECT_ERR;
      state.act(descriptor, mask);
    }
    State& state;
    int descriptor = -1;
  };

  State(Loop& its_loop, CurlSettings its_settings);

  void act(curl_socket_t socket, int mask) {
    int running = 0;
    ::curl_multi_socket_action(multi.get(), socket, mask, &running);
    tell_done();
  }
  /// Wakes who waits for transfers that have ended; they may start others.
  void tell_done();
  void prepare(Transfer& transfer) const;
  static int on_socket(CURL* easy, curl_socket_t descriptor, int what, void* self, void* socket);
  static int on_timer(CURLM* multi, long milliseconds, void* self);

  Loop& loop;
  CurlSettings settings;
  std::vector<std::unique_ptr<Socket>> sockets;
  std::vector<Socket*> free_sockets;
  std::vector<Easy> free_handles;
  Nanoseconds due = Nanoseconds::max();
  std::unique_ptr<CURLM, MultiDeleter> multi;  // goes first: its cleanup calls back
};

CurlClient::State::State(Loop& its_loop, CurlSettings its_settings)
    : loop(its_loop), settings(std::move(its_settings)), multi(::curl_multi_init()) {
  TIDEGATE_ASSERT(multi != nullptr);
  ::curl_multi_setopt(multi.get(), CURLMOPT_SOCKETFUNCTION, on_socket);
  ::curl_multi_setopt(multi.get(), CURLMOPT_SOCKETDATA, this);
  ::curl_multi_setopt(multi.get(), CURLMOPT_TIMERFUNCTION, on_timer);
  ::curl_multi_setopt(multi.get(), CURLMOPT_TIMERDATA, this);
  ::curl_multi_setopt(multi.get(), CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  ::curl_multi_setopt(multi.get(), CURLMOPT_MAXCONNECTS, 20'000L);
}

int CurlClient::State::on_socket(CURL* /*easy*/, curl_socket_t descriptor, int what, void* self, void* known) {
  auto& state = *static_cast<State*>(self);
  auto* socket = static_cast<Socket*>(known);
  if (what == CURL_POLL_REMOVE) {
    if (socket == nullptr) return 0;
    state.loop.reactor().unwatch(descriptor);
    socket->descriptor = -1;
    state.free_sockets.push_back(socket);
    ::curl_multi_assign(state.multi.get(), descriptor, nullptr);
    return 0;
  }
  if (socket == nullptr) {
    if (state.free_sockets.empty()) {
      state.sockets.push_back(std::make_unique<Socket>(state));
      state.free_sockets.push_back(state.sockets.back().get());
    }
    socket = state.free_sockets.back();
    state.free_sockets.pop_back();
    socket->descriptor = descriptor;
    ::curl_multi_assign(state.multi.get(), descriptor, socket);
  }
  state.loop.reactor().watch(descriptor, (what & CURL_POLL_IN) != 0, (what & CURL_POLL_OUT) != 0, *socket);
  return 0;
}

int CurlClient::State::on_timer(CURLM* /*multi*/, long milliseconds, void* self) {
  auto& state = *static_cast<State*>(self);
  state.due = milliseconds < 0 ? Nanoseconds::max() : state.loop.now() + std::chrono::milliseconds(milliseconds);
  return 0;
}

void CurlClient::State::tell_done() {
  int left = 0;
  while (const CURLMsg* message = ::curl_multi_info_read(multi.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* easy = message->easy_handle;
    const CURLcode result = message->data.result;
    Transfer* transfer = nullptr;
    ::curl_easy_getinfo(easy, CURLINFO_PRIVATE, reinterpret_cast<char**>(&transfer));
    ::curl_multi_remove_handle(multi.get(), easy);
    transfer->done = true;
    transfer->result = result;
    transfer->user->on_io();
  }
}

void CurlClient::State::prepare(Transfer& transfer) const {
  const Runtime& runtime = loop.runtime();
  const Origin& origin = runtime.origin;
  const TlsOptions& tls = runtime.transport.tls;
  CURL* easy = transfer.easy.get();
  const auto set = [easy](CURLoption option, auto value) { ::curl_easy_setopt(easy, option, value); };
  std::string authority = origin.host_header;
  if (origin.is_tls() && !tls.server_name.empty()) {
    authority = tls.server_name + ":" + origin.port;
    append(transfer.connect_to, authority + ":" + origin.host_header);
    set(CURLOPT_CONNECT_TO, transfer.connect_to.get());
  }
  set(CURLOPT_URL, (origin.scheme + "://" + authority + transfer.request.target).c_str());
  if (!origin.unix_path.empty()) set(CURLOPT_UNIX_SOCKET_PATH, origin.unix_path.c_str());
  if (!runtime.sources.empty() && origin.unix_path.empty()) {
    const Address& source = runtime.sources[transfer.user->number % runtime.sources.size()];
    set(CURLOPT_INTERFACE, ("host!" + address_text(source)).c_str());
  }
  // Once per run, or as often as the options say.
  const auto refresh = std::chrono::duration_cast<std::chrono::seconds>(runtime.transport.dns_refresh).count();
  set(CURLOPT_DNS_CACHE_TIMEOUT, refresh > 0 ? static_cast<long>(refresh) : -1L);
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROXY, settings.proxy.c_str());
  set(CURLOPT_PRIVATE, &transfer);
  set(CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  set(CURLOPT_WRITEDATA, &transfer);
  set(CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  set(CURLOPT_HEADERDATA, &transfer);
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (settings.http_version == 2) {
    set(CURLOPT_HTTP_VERSION,
        static_cast<long>(origin.is_tls() ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE));
    // libcurl 7.88 (Debian 12) fails with CURLE_HTTP2 when it uses a connection of prior knowledge again.
    set(CURLOPT_FRESH_CONNECT, origin.is_tls() ? 0L : 1L);
    set(CURLOPT_FORBID_REUSE, origin.is_tls() ? 0L : 1L);
    set(CURLOPT_PIPEWAIT, origin.is_tls() ? 1L : 0L);
  } else {
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  }
  if (!tls.verify) {
    set(CURLOPT_SSL_VERIFYPEER, 0L);
    set(CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (!tls.ca_file.empty()) set(CURLOPT_CAINFO, tls.ca_file.c_str());
  if (!tls.certificate_file.empty()) {
    set(CURLOPT_SSLCERT, tls.certificate_file.c_str());
    set(CURLOPT_SSLKEY, tls.key_file.c_str());
  }
  const RenderedRequest& request = transfer.request;
  if (request.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else {
    if (!request.body.empty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH") {
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      set(CURLOPT_POSTFIELDS, request.body.data());
    }
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  append(transfer.headers, "Content-Type:" + (request.content_type.empty() ? "" : " " + request.content_type));
  append(transfer.headers, "Expect:");
  for (const auto& [name, value] : request.headers)
    append(transfer.headers, name + (value.empty() ? ";" : ": " + value));
  set(CURLOPT_HTTPHEADER, transfer.headers.get());
}

CurlClient::CurlClient(Loop& loop, CurlSettings settings) {
  static const CURLcode kReady = ::curl_global_init(CURL_GLOBAL_DEFAULT);
  TIDEGATE_ASSERT(kReady == CURLE_OK);
  state_ = std::make_unique<State>(loop, std::move(settings));
}

CurlClient::~CurlClient() = default;

Nanoseconds CurlClient::next_due() const noexcept {
  return state_->due;
}

void CurlClient::run_due() {
  state_->due = Nanoseconds::max();
  state_->act(CURL_SOCKET_TIMEOUT, 0);
}

Task<Attempt> CurlClient::perform(Vu* vu, RenderedRequest request, Nanoseconds started, Nanoseconds deadline) {
  /// Leaves the multi handle on every path, also when the coroutine is destroyed.
  struct Running {
    explicit Running(State& its_state) : state(its_state) {}
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() {
      if (!transfer.done) ::curl_multi_remove_handle(state.multi.get(), transfer.easy.get());
      ::curl_easy_reset(transfer.easy.get());
      if (state.free_handles.size() < kKeptHandles) state.free_handles.push_back(std::move(transfer.easy));
    }
    State& state;
    Transfer transfer;
  };
  Running running(*state_);
  Transfer& transfer = running.transfer;
  transfer.user = vu;
  transfer.request = std::move(request);
  if (state_->free_handles.empty()) {
    transfer.easy.reset(::curl_easy_init());
    TIDEGATE_ASSERT(transfer.easy != nullptr);
  } else {
    transfer.easy = std::move(state_->free_handles.back());
    state_->free_handles.pop_back();
  }
  state_->prepare(transfer);
  Attempt attempt;
  attempt.started = started;
  ::curl_multi_add_handle(state_->multi.get(), transfer.easy.get());
  while (!transfer.done && attempt.error == ErrorClass::none) {
    const Wake wake = co_await WaitIo{*vu, deadline};
    if (wake == Wake::timeout) attempt.error = ErrorClass::timeout;
    if (wake == Wake::interrupted) attempt.error = ErrorClass::interrupted;
  }
  attempt.ended = vu->loop.now();
  if (transfer.done) attempt.error = class_of(transfer);
  fill_times(transfer, attempt);
  if (attempt.error == ErrorClass::none) {
    transfer.reply->status = static_cast<int>(info_of<long>(transfer.easy.get(), CURLINFO_RESPONSE_CODE));
    attempt.reply = std::move(transfer.reply);
  }
  co_return attempt;
}

}  // namespace tidegate::loadgen
