#include <fmt/format.h>

#include <filesystem>

#include "base/file.hpp"
#include "base/random.hpp"
#include "base/schema.hpp"
#include "base/units.hpp"
#include "loadgen/compile.hpp"

namespace tidegate::loadgen {
namespace {

constexpr std::uintmax_t kLargestBody = 16U << 20;

/// The bytes of a file that a body sends; empty after a diagnostic.
std::string file_bytes(const yaml::Node& path, const CompileContext& context, Diagnostics& diagnostics) {
  const std::string found = data_path(path.text(), context.input.scenario_directory);
  std::error_code error;
  const auto size = std::filesystem::file_size(found, error);
  if (!error && size > kLargestBody) {
    diagnostics.add(path.mark(),
                    found + " holds " + format_bytes(size) + "; a body holds at most " + format_bytes(kLargestBody));
    return {};
  }
  auto bytes = read_file(found);
  if (bytes) return *std::move(bytes);
  diagnostics.add(path.mark(), "cannot read the file: " + bytes.error().message);
  return {};
}

Template compile_raw(const yaml::Node& body, Names& names, CompileContext& context) {
  if (body.is_scalar()) {
    return compile_template(body.text(), Escape::none, names, body.mark(), context.diagnostics);
  }
  const yaml::Node& file = *body.find("file");
  const std::string bytes = file_bytes(file, context, context.diagnostics);
  const yaml::Node* templated = body.find("template");
  if (templated == nullptr || !schema::as_boolean(*templated)) return Template(bytes);
  return compile_template(bytes, Escape::none, names, file.mark(), context.diagnostics);
}

Template compile_form(const yaml::Node& form, Names& names, CompileContext& context) {
  Template out;
  for (const auto& [name, value] : form.entries()) {
    if (!out.empty()) out.append_literal("&");
    out.append(compile_template(name.text(), Escape::form, names, name.mark(), context.diagnostics));
    out.append_literal("=");
    out.append(compile_template(value.text(), Escape::form, names, value.mark(), context.diagnostics));
  }
  return out;
}

/// RFC 7578: quotes and line breaks in a field's name are percent-encoded.
std::string field_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '"' || c == '\r' || c == '\n') {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out;
}

void append_file_part(Template& out, const std::string& disposition, const yaml::Node& part, CompileContext& context) {
  const yaml::Node& file = *part.find("file");
  const yaml::Node* name = part.find("filename");
  const yaml::Node* type = part.find("content_type");
  const std::string filename = name != nullptr ? name->text() : std::filesystem::path(file.text()).filename().string();
  out.append_literal(disposition + "; filename=\"" + field_name(filename) + "\"\r\nContent-Type: " +
                     (type != nullptr ? type->text() : "application/octet-stream") + "\r\n\r\n");
  out.append_literal(file_bytes(file, context, context.diagnostics));
}

/// RFC 7578. The boundary follows from the place of the body in the file, so that a run sends the same bytes each time.
Template compile_multipart(const yaml::Node& parts, Names& names, CompileContext& context, std::string& boundary) {
  boundary = fmt::format("tidegate-{:016x}{:016x}", stable_hash(parts.mark().text()), stable_hash("multipart"));
  Template out;
  for (const auto& [name, part] : parts.entries()) {
    const std::string disposition =
        "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + field_name(name.text()) + "\"";
    if (part.is_map()) {
      append_file_part(out, disposition, part, context);
    } else {
      out.append_literal(disposition + "\r\n\r\n");
      out.append(compile_template(part.text(), Escape::none, names, part.mark(), context.diagnostics));
    }
    out.append_literal("\r\n");
  }
  out.append_literal("--" + boundary + "--\r\n");
  return out;
}

}  // namespace

std::string data_path(const std::string& path, const std::string& directory) {
  const std::filesystem::path written(path);
  if (written.is_absolute() || directory.empty()) return path;
  return (std::filesystem::path(directory) / written).lexically_normal().string();
}

void compile_body(const yaml::Node& step, RequestSpec& request, Names& names, CompileContext& context) {
  const yaml::Node* found = nullptr;
  for (const char* key : {"json", "form", "multipart", "body"}) {
    const yaml::Node* body = step.find(key);
    if (body == nullptr) continue;
    if (found != nullptr) {
      context.diagnostics.add(body->mark(), "a request has one of 'json', 'form', 'multipart' and 'body', not two");
      return;
    }
    found = body;
    request.has_body = true;
    std::string type;
    if (std::string_view(key) == "json") {
      request.body = compile_json(*body, names, context.diagnostics);
      type = "application/json";
    } else if (std::string_view(key) == "form") {
      request.body = compile_form(*body, names, context);
      type = "application/x-www-form-urlencoded";
    } else if (std::string_view(key) == "multipart") {
      std::string boundary;
      request.body = compile_multipart(*body, names, context, boundary);
      type = "multipart/form-data; boundary=" + boundary;
    } else {
      request.body = compile_raw(*body, names, context);
    }
    if (request.content_type.empty() && !type.empty()) request.content_type = Template(type);
  }
}

}  // namespace tidegate::loadgen
