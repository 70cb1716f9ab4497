#pragma once
// TLS on the engine's own connections (OpenSSL, RFC 8446 and 5246): non-blocking, over the connection's descriptor.

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "loadgen/error_class.hpp"
#include "loadgen/io.hpp"
#include "loadgen/transport_options.hpp"

namespace tidegate::loadgen {

/// What all connections of one loop share: authorities, the client's certificate, and the session that is offered for
/// resumption. One thread.
class TlsContext {
 public:
  /// `host` is the name that certificates are held against unless the options name another. ALPN offers http/1.1. The
  /// error names the file that OpenSSL refused.
  static Result<std::unique_ptr<TlsContext>> create(const TlsOptions& options, const std::string& host);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

 private:
  friend class TlsStream;
  struct State;
  explicit TlsContext(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// One connection's TLS. would_block always means that the socket has nothing to read, or takes nothing: with edge-
/// triggered events, the next one says when to try again.
class TlsStream {
 public:
  TlsStream(TlsContext& context, int descriptor);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  Io handshake(ErrorClass& error);
  /// Takes what was sent off the front of `bytes`.
  Io write(std::string_view& bytes, ErrorClass& error);
  /// Above 0: bytes. 0: the peer ended the stream. Below 0: nothing there, or failed when `error` is set.
  long read(char* buffer, std::size_t size, ErrorClass& error);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tidegate::loadgen
