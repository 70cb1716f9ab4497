#include "loadgen/samples.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "base/file.hpp"
#include "loadgen/json_path.hpp"
#include "loadgen/metrics.hpp"

namespace tidegate::loadgen {
namespace {

constexpr const char* kHeader =
    "intended_s,started_s,block,flow,name,status,error,response_ms,connecting_ms,tls_ms,sending_ms,waiting_ms,"
    "receiving_ms,bytes_sent,bytes_received\n";

double milliseconds(Nanoseconds duration) {
  return to_seconds(duration) * 1e3;
}

/// RFC 4180: quotes where a cell needs them.
void append_cell(std::string& out, const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  out += '"';
}

void append_text(std::string& out, const std::string& text) {
  out += '"';
  append_json_escaped(out, text);
  out += '"';
}

struct Durations {
  explicit Durations(const Sample& sample)
      : connecting(sample.connected ? milliseconds(sample.connected_at - sample.started) : 0),
        tls(sample.connected ? milliseconds(sample.sending - sample.connected_at) : 0),
        sending(milliseconds(sample.sent_at - sample.sending)),
        waiting(milliseconds(sample.first_byte - sample.sent_at)),
        receiving(milliseconds(sample.ended - sample.first_byte)),
        response(milliseconds(sample.ended - sample.due)) {}
  double connecting, tls, sending, waiting, receiving, response;
};

}  // namespace

struct SampleWriter::State {
  FileDescriptor file;
  SampleFormat format = SampleFormat::ndjson;
  std::string path, lines;
  std::optional<Error> failure;

  void append(const Sample& sample, const std::string& block, const std::string& flow, const std::string& name);
  void flush();
};

void SampleWriter::State::append(const Sample& sample, const std::string& block, const std::string& flow,
                                 const std::string& name) {
  const Durations took(sample);
  const auto to = std::back_inserter(lines);
  const bool csv = format == SampleFormat::csv;
  const auto text = csv ? append_cell : append_text;
  if (csv) {
    fmt::format_to(to, "{:.6f},{:.6f},", to_seconds(sample.due), to_seconds(sample.started));
  } else {
    fmt::format_to(to, "{{\"intended_s\":{:.6f},\"started_s\":{:.6f},\"block\":", to_seconds(sample.due),
                   to_seconds(sample.started));
  }
  text(lines, block);
  lines += csv ? "," : ",\"flow\":";
  text(lines, flow);
  lines += csv ? "," : ",\"name\":";
  text(lines, name);
  if (csv) {
    fmt::format_to(to, ",{},{},{:.3f},{:.3f},{:.3f},{:.3f},{:.3f},{:.3f},{},{}\n", sample.status,
                   to_string(sample.error), took.response, took.connecting, took.tls, took.sending, took.waiting,
                   took.receiving, sample.bytes_sent, sample.bytes_received);
  } else {
    fmt::format_to(to,
                   ",\"status\":{},\"error\":\"{}\",\"response_ms\":{:.3f},\"connecting_ms\":{:.3f},\"tls_ms\":{:.3f},"
                   "\"sending_ms\":{:.3f},\"waiting_ms\":{:.3f},\"receiving_ms\":{:.3f},\"bytes_sent\":{},"
                   "\"bytes_received\":{}}}\n",
                   sample.status, to_string(sample.error), took.response, took.connecting, took.tls, took.sending,
                   took.waiting, took.receiving, sample.bytes_sent, sample.bytes_received);
  }
}

void SampleWriter::State::flush() {
  std::string_view rest = lines;
  while (!rest.empty() && !failure) {
    const ssize_t written = ::write(file.get(), rest.data(), rest.size());
    if (written > 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      failure = system_error("write " + path, errno);
    }
  }
  lines.clear();
}

SampleWriter::SampleWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
SampleWriter::~SampleWriter() = default;

Result<std::unique_ptr<SampleWriter>> SampleWriter::create(const std::string& path, SampleFormat format) {
  auto state = std::make_unique<State>();
  state->file.reset(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!state->file) return system_error("make " + path, errno);
  state->format = format;
  state->path = path;
  if (format == SampleFormat::csv) state->lines = kHeader;
  state->flush();
  if (state->failure) return *state->failure;
  return std::unique_ptr<SampleWriter>(new SampleWriter(std::move(state)));
}

void SampleWriter::write(const std::vector<Sample>& samples, const CompiledPlan& plan, const MetricLayout& layout) {
  if (state_->failure) return;
  for (const Sample& sample : samples) {
    const MetricLayout::StepPlace& place = layout.steps()[sample.step];
    const Flow& flow = plan.flows[place.flow];
    state_->append(sample, plan.blocks[place.block].name, flow.name, flow.steps[place.step].name);
  }
  state_->flush();
}

Result<void> SampleWriter::error() const {
  if (state_->failure) return *state_->failure;
  return {};
}

}  // namespace tidegate::loadgen
