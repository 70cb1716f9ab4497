#include "loadgen/transports/grpc_method.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/json_util.h>

#include <array>
#include <fstream>

namespace tidegate::loadgen {
namespace {

namespace pb = google::protobuf;

constexpr std::size_t kFrameHeader = 5;

/// Keeps protobuf's messages off the terminal.
class SilentErrors final : public pb::DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string& file, const std::string& element, const pb::Message*, ErrorLocation,
                const std::string& message) override {
    if (first.empty()) first = file + ": " + element + ": " + message;
  }
  std::string first;
};

}  // namespace

struct GrpcDescriptors::State {
  pb::FileDescriptorSet files;
  pb::DescriptorPool pool;
};

GrpcDescriptors::GrpcDescriptors(std::unique_ptr<State> state) : state_(std::move(state)) {}
GrpcDescriptors::~GrpcDescriptors() = default;

Result<std::shared_ptr<const GrpcDescriptors>> GrpcDescriptors::read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return machine_error("cannot read " + path);
  auto state = std::make_unique<State>();
  if (!state->files.ParseFromIstream(&file) || state->files.file_size() == 0) {
    return usage_error(path + " is not a descriptor set; make one with protoc --descriptor_set_out --include_imports");
  }
  SilentErrors errors;
  for (const pb::FileDescriptorProto& each : state->files.file()) {
    if (state->pool.BuildFileCollectingErrors(each, &errors) == nullptr) {
      return usage_error(path + ": " + errors.first + "; was it made with --include_imports?");
    }
  }
  return std::shared_ptr<const GrpcDescriptors>(new GrpcDescriptors(std::move(state)));
}

std::vector<std::string> GrpcDescriptors::methods() const {
  std::vector<std::string> names;
  for (const pb::FileDescriptorProto& file : state_->files.file()) {
    const std::string prefix = file.package().empty() ? "" : file.package() + ".";
    for (const pb::ServiceDescriptorProto& service : file.service()) {
      for (const pb::MethodDescriptorProto& method : service.method()) {
        names.push_back(prefix + service.name() + "/" + method.name());
      }
    }
  }
  return names;
}

struct GrpcMethod::State {
  std::shared_ptr<const GrpcDescriptors> descriptors;
  const pb::MethodDescriptor* method = nullptr;
  mutable pb::DynamicMessageFactory factory;  // thread-safe
};

GrpcMethod::GrpcMethod(std::unique_ptr<State> state) : state_(std::move(state)) {}
GrpcMethod::~GrpcMethod() = default;

Result<std::shared_ptr<const GrpcMethod>> GrpcMethod::find(std::shared_ptr<const GrpcDescriptors> descriptors,
                                                           const std::string& name) {
  std::string dotted = name;
  if (const auto slash = dotted.find('/'); slash != std::string::npos) dotted[slash] = '.';
  auto state = std::make_unique<State>();
  state->method = descriptors->state_->pool.FindMethodByName(dotted);
  if (state->method == nullptr) return usage_error("the descriptors have no method '" + name + "'");
  if (state->method->client_streaming() || state->method->server_streaming()) {
    return usage_error("'" + name + "' streams; only unary methods are played");
  }
  state->descriptors = std::move(descriptors);
  return std::shared_ptr<const GrpcMethod>(new GrpcMethod(std::move(state)));
}

Result<std::string> GrpcMethod::encode(std::string_view json) const {
  const std::unique_ptr<pb::Message> message(state_->factory.GetPrototype(state_->method->input_type())->New());
  const auto parsed = pb::util::JsonStringToMessage(std::string(json), message.get());
  if (!parsed.ok()) return usage_error(std::string(parsed.message()));
  const std::string bytes = message->SerializeAsString();
  std::string frame(1, '\0');  // not compressed
  for (int shift = 24; shift >= 0; shift -= 8) frame += static_cast<char>((bytes.size() >> shift) & 0xFF);
  return frame + bytes;
}

Result<std::string> GrpcMethod::decode(std::string_view frames) const {
  if (frames.size() < kFrameHeader) return protocol_error("no message");
  if (frames[0] != 0) return protocol_error("a compressed message, which was not asked for");
  std::size_t length = 0;
  for (std::size_t i = 1; i < kFrameHeader; ++i) length = (length << 8) | static_cast<unsigned char>(frames[i]);
  if (frames.size() - kFrameHeader < length) return protocol_error("a message that is cut short");
  const std::unique_ptr<pb::Message> message(state_->factory.GetPrototype(state_->method->output_type())->New());
  if (!message->ParseFromArray(frames.data() + kFrameHeader, static_cast<int>(length))) {
    return protocol_error("a message of another type");
  }
  pb::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string json;
  if (!pb::util::MessageToJsonString(*message, &json, options).ok()) return protocol_error("a message without JSON");
  return json;
}

int http_status_of(int grpc_status) noexcept {
  // OK, CANCELLED, UNKNOWN, INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED,
  // RESOURCE_EXHAUSTED, FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS,
  // UNAUTHENTICATED
  static constexpr std::array<int, 17> kStatuses = {200, 499, 500, 400, 504, 404, 409, 403, 429,
                                                    400, 409, 400, 501, 500, 503, 500, 401};
  return grpc_status >= 0 && grpc_status < 17 ? kStatuses[static_cast<std::size_t>(grpc_status)] : 500;
}

}  // namespace tidegate::loadgen
