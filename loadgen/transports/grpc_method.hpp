#pragma once
// A unary gRPC method, from a descriptor set (`protoc --descriptor_set_out --include_imports`): JSON to its request's
// bytes, its answer's bytes to JSON.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace tidegate::loadgen {

/// The descriptors of a file. Immutable; any thread may use it.
class GrpcDescriptors {
 public:
  static Result<std::shared_ptr<const GrpcDescriptors>> read(const std::string& path);
  ~GrpcDescriptors();
  GrpcDescriptors(const GrpcDescriptors&) = delete;
  GrpcDescriptors& operator=(const GrpcDescriptors&) = delete;

  /// `package.Service/Method` of every method.
  std::vector<std::string> methods() const;

 private:
  friend class GrpcMethod;
  struct State;
  explicit GrpcDescriptors(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

class GrpcMethod {
 public:
  /// An error when there is no such method, or it streams.
  static Result<std::shared_ptr<const GrpcMethod>> find(std::shared_ptr<const GrpcDescriptors> descriptors,
                                                        const std::string& name);
  ~GrpcMethod();
  GrpcMethod(const GrpcMethod&) = delete;
  GrpcMethod& operator=(const GrpcMethod&) = delete;

  /// The frame that carries the message; an error says what in the JSON the message does not have.
  Result<std::string> encode(std::string_view json) const;
  /// The message of the first frame, as JSON with the fields' names as the .proto file has them.
  Result<std::string> decode(std::string_view frames) const;

 private:
  struct State;
  explicit GrpcMethod(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// The HTTP status that says the same as a gRPC status (google.rpc.Code), so that one set of metrics holds for both.
int http_status_of(int grpc_status) noexcept;

}  // namespace tidegate::loadgen
