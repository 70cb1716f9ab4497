#include "loadgen/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cerrno>

#include "base/assert.hpp"

namespace tidegate::loadgen {
namespace {

struct ContextDeleter {
  void operator()(SSL_CTX* context) const noexcept { ::SSL_CTX_free(context); }
};
struct SslDeleter {
  void operator()(SSL* ssl) const noexcept { ::SSL_free(ssl); }
};
struct SessionDeleter {
  void operator()(SSL_SESSION* session) const noexcept { ::SSL_SESSION_free(session); }
};

std::string last_reason() {
  const unsigned long code = ::ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ::ERR_reason_error_string(code);
  ::ERR_clear_error();
  return reason == nullptr ? "unknown reason" : reason;
}

Error refused(const std::string& what) {
  return usage_error(what + ": " + last_reason());
}

/// Of the operation that has just returned `result`.
ErrorClass class_of(SSL* ssl, int result) {
  const int error = ::SSL_get_error(ssl, result);
  const unsigned long reason = ::ERR_peek_last_error();
  const bool cut = error == SSL_ERROR_SSL && ERR_GET_REASON(reason) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
  const bool broken = error == SSL_ERROR_SYSCALL && errno != 0;
  ::ERR_clear_error();
  if (broken) return errno == EPIPE ? ErrorClass::closed : ErrorClass::reset;
  return cut || error == SSL_ERROR_SYSCALL ? ErrorClass::closed : ErrorClass::tls;
}

bool must_wait(SSL* ssl, int result) {
  const int error = ::SSL_get_error(ssl, result);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

}  // namespace

struct TlsContext::State {
  std::unique_ptr<SSL_CTX, ContextDeleter> context;
  std::unique_ptr<SSL_SESSION, SessionDeleter> session;  // of the last handshake, offered by the next one
  std::string server_name;

  /// OpenSSL hands the session over: true keeps its reference.
  static int keep_session(SSL* ssl, SSL_SESSION* session) {
    auto* state = static_cast<State*>(SSL_CTX_get_app_data(::SSL_get_SSL_CTX(ssl)));
    state->session.reset(session);
    return 1;
  }
  Result<void> load(const TlsOptions& options);
};

Result<void> TlsContext::State::load(const TlsOptions& options) {
  SSL_CTX* own = context.get();
  SSL_CTX_set_min_proto_version(own, TLS1_2_VERSION);
  SSL_CTX_set_mode(own, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  ::SSL_CTX_set_verify(own, options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  const bool trusted = options.ca_file.empty()
                           ? ::SSL_CTX_set_default_verify_paths(own) == 1
                           : ::SSL_CTX_load_verify_locations(own, options.ca_file.c_str(), nullptr) == 1;
  if (!trusted) return refused("tls.ca '" + options.ca_file + "' cannot be used");
  if (!options.certificate_file.empty()) {
    if (::SSL_CTX_use_certificate_chain_file(own, options.certificate_file.c_str()) != 1)
      return refused("tls.certificate '" + options.certificate_file + "' cannot be used");
    if (::SSL_CTX_use_PrivateKey_file(own, options.key_file.c_str(), SSL_FILETYPE_PEM) != 1)
      return refused("tls.key '" + options.key_file + "' cannot be used");
  }
  static constexpr unsigned char kAlpn[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  ::SSL_CTX_set_alpn_protos(own, kAlpn, sizeof kAlpn);
  SSL_CTX_set_app_data(own, this);
  ::SSL_CTX_set_session_cache_mode(own, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  ::SSL_CTX_sess_set_new_cb(own, keep_session);
  return {};
}

TlsContext::TlsContext(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsContext::~TlsContext() = default;

Result<std::unique_ptr<TlsContext>> TlsContext::create(const TlsOptions& options, const std::string& host) {
  auto state = std::make_unique<State>();
  state->context.reset(::SSL_CTX_new(::TLS_client_method()));
  if (!state->context) return internal_error("OpenSSL makes no context: " + last_reason());
  state->server_name = options.server_name.empty() ? host : options.server_name;
  if (auto loaded = state->load(options); !loaded) return loaded.error();
  return std::unique_ptr<TlsContext>(new TlsContext(std::move(state)));
}

struct TlsStream::State {
  std::unique_ptr<SSL, SslDeleter> ssl;
};

TlsStream::TlsStream(TlsContext& context, int descriptor) : state_(std::make_unique<State>()) {
  TlsContext::State& shared = *context.state_;
  state_->ssl.reset(::SSL_new(shared.context.get()));
  TIDEGATE_ASSERT(state_->ssl != nullptr);
  SSL* ssl = state_->ssl.get();
  ::SSL_set_fd(ssl, descriptor);
  // An IP address is held against the certificate's addresses, and is never sent as a name (RFC 6066).
  const bool address = ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(ssl), shared.server_name.c_str()) == 1;
  if (!address) {
    SSL_set_tlsext_host_name(ssl, shared.server_name.c_str());
    ::SSL_set1_host(ssl, shared.server_name.c_str());
  }
  ::ERR_clear_error();
  if (shared.session) ::SSL_set_session(ssl, shared.session.get());
  ::SSL_set_connect_state(ssl);
}

TlsStream::~TlsStream() = default;

Io TlsStream::handshake(ErrorClass& error) {
  SSL* ssl = state_->ssl.get();
  errno = 0;
  const int result = ::SSL_do_handshake(ssl);
  if (result == 1) return Io::done;
  if (must_wait(ssl, result)) return Io::would_block;
  error = class_of(ssl, result);
  return Io::failed;
}

Io TlsStream::write(std::string_view& bytes, ErrorClass& error) {
  SSL* ssl = state_->ssl.get();
  while (!bytes.empty()) {
    errno = 0;
    std::size_t sent = 0;
    const int result = ::SSL_write_ex(ssl, bytes.data(), bytes.size(), &sent);
    if (result == 1) {
      bytes.remove_prefix(sent);
      continue;
    }
    if (must_wait(ssl, result)) return Io::would_block;
    error = class_of(ssl, result);
    return Io::failed;
  }
  return Io::done;
}

long TlsStream::read(char* buffer, std::size_t size, ErrorClass& error) {
  SSL* ssl = state_->ssl.get();
  errno = 0;
  std::size_t received = 0;
  const int result = ::SSL_read_ex(ssl, buffer, size, &received);
  if (result == 1) return static_cast<long>(received);
  if (must_wait(ssl, result)) return -1;
  if (::SSL_get_error(ssl, result) == SSL_ERROR_ZERO_RETURN) return 0;
  error = class_of(ssl, result);
  return -1;
}

}  // namespace tidegate::loadgen
