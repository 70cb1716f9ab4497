// Steps that other transports than HTTP carry: websocket, grpc, publish.
#include "base/schema.hpp"
#include "base/units.hpp"
#include "loadgen/compile.hpp"
#include "loadgen/transports/grpc_method.hpp"

namespace tidegate::loadgen {
namespace {

void refuse(const yaml::Node& step, std::initializer_list<const char*> keys, const char* kind,
            Diagnostics& diagnostics) {
  for (const char* key : keys) {
    if (const yaml::Node* value = step.find(key)) {
      diagnostics.add(value->mark(), std::string("'") + key + "' does not go with '" + kind + "'");
    }
  }
}

/// A text, or {json: ...}.
Template compile_message(const yaml::Node& node, Names& names, Diagnostics& diagnostics) {
  if (node.is_scalar()) return compile_template(node.text(), Escape::none, names, node.mark(), diagnostics);
  return compile_json(*node.find("json"), names, diagnostics);
}

/// `kind`: websocket, or held, which goes on where an earlier step left off.
RequestSpec compile_websocket(const yaml::Node& step, const char* kind, const yaml::Node& path, Names& names,
                              CompileContext& context) {
  refuse(step, {"json", "form", "multipart", "body", "method", "message", "descriptors", "key", "redirects"}, kind,
         context.diagnostics);
  RequestSpec request = compile_request(step, "websocket", path, names, context);
  request.protocol = Protocol::websocket;
  if (const yaml::Node* send = step.find("send")) {
    if (send->is_list()) {
      for (const yaml::Node& message : send->items()) {
        request.messages.push_back(compile_message(message, names, context.diagnostics));
      }
    } else {
      request.messages.push_back(compile_message(*send, names, context.diagnostics));
    }
  }
  if (const yaml::Node* close = step.find("close")) request.closes = schema::as_boolean(*close);
  if (const yaml::Node* receive = step.find("receive")) {
    request.receive = static_cast<std::uint32_t>(schema::as_integer(*receive));
  } else if (request.closes && step.find("send") == nullptr && step.find("expect") == nullptr) {
    request.receive = 0;
  }
  return request;
}

RequestSpec compile_held(const yaml::Node& step, const yaml::Node& held, Names& names, CompileContext& context) {
  refuse(step, {"headers", "auth", "hold"}, "held", context.diagnostics);
  RequestSpec request =
      compile_websocket(step, "held", yaml::Node::scalar("/" + held.text(), held.mark()), names, context);
  request.method = "HELD";
  return request;
}

void find_method(const yaml::Node& step, const yaml::Node& name, RequestSpec& request, CompileContext& context) {
  const yaml::Node* file = step.find("descriptors");
  if (file == nullptr) {
    context.diagnostics.add(name.mark(), "a grpc step needs 'descriptors', a file made by protoc --descriptor_set_out");
    return;
  }
  const auto descriptors = GrpcDescriptors::read(data_path(file->text(), context.input.scenario_directory));
  if (!descriptors) {
    context.diagnostics.add(file->mark(), descriptors.error().message);
    return;
  }
  auto method = GrpcMethod::find(*descriptors, name.text());
  if (!method) {
    context.diagnostics.add(name.mark(), method.error().message,
                            nearest_spelling(name.text(), (*descriptors)->methods()));
    return;
  }
  request.grpc = *std::move(method);
  if (!request.body.constant()) return;
  const auto encoded = request.grpc->encode(request.body.literal());
  const yaml::Node* message = step.find("message");
  if (!encoded && message != nullptr) {
    context.diagnostics.add(message->mark(), "the message does not fit the method: " + encoded.error().message);
  }
}

RequestSpec compile_grpc(const yaml::Node& step, const yaml::Node& name, Names& names, CompileContext& context) {
  refuse(step, {"json", "form", "multipart", "body", "method", "send", "receive", "hold", "close", "key", "redirects"},
         "grpc", context.diagnostics);
  const yaml::Node path = yaml::Node::scalar("/" + name.text(), name.mark());
  RequestSpec request = compile_request(step, "grpc", path, names, context);
  request.protocol = Protocol::grpc;
  request.has_body = true;
  const yaml::Node* message = step.find("message");
  request.body = message != nullptr ? compile_json(*message, names, context.diagnostics) : Template("{}");
  find_method(step, name, request, context);
  return request;
}

RequestSpec compile_publish(const yaml::Node& step, const yaml::Node& topic, Names& names, CompileContext& context) {
  refuse(step,
         {"form", "multipart", "method", "send", "receive", "hold", "close", "message", "descriptors", "auth",
          "redirects"},
         "publish", context.diagnostics);
  const yaml::Node path = yaml::Node::scalar("/", topic.mark());
  RequestSpec request = compile_request(step, "publish", path, names, context);
  request.protocol = Protocol::kafka;
  request.target = compile_template(topic.text(), Escape::none, names, topic.mark(), context.diagnostics);
  if (topic.text().empty()) context.diagnostics.add(topic.mark(), "publish needs the name of a topic");
  request.content_type = {};
  if (const yaml::Node* key = step.find("key")) {
    request.key = compile_template(key->text(), Escape::none, names, key->mark(), context.diagnostics);
  }
  return request;
}

}  // namespace

RequestSpec compile_foreign_request(const yaml::Node& step, Names& names, CompileContext& context) {
  if (const yaml::Node* path = step.find("websocket")) {
    refuse(step, {"close"}, "websocket; a step that does not hold its connection closes it", context.diagnostics);
    return compile_websocket(step, "websocket", *path, names, context);
  }
  if (const yaml::Node* held = step.find("held")) return compile_held(step, *held, names, context);
  if (const yaml::Node* method = step.find("grpc")) return compile_grpc(step, *method, names, context);
  return compile_publish(step, *step.find("publish"), names, context);
}

bool is_foreign_request(const yaml::Node& step) {
  return step.find("websocket") != nullptr || step.find("held") != nullptr || step.find("grpc") != nullptr ||
         step.find("publish") != nullptr;
}

}  // namespace tidegate::loadgen
