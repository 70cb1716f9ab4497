#include "platform/service/metrics.hpp"

#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <map>
#include <mutex>

#include "base/assert.hpp"
#include "base/file.hpp"
#include "base/time.hpp"

namespace tidegate::platform {
namespace {

/// {a="1",b="2"} with the values escaped as the exposition format asks.
std::string label_text(const Labels& labels) {
  if (labels.empty()) return {};
  std::string out = "{";
  for (const auto& [name, value] : labels) {
    if (out.size() > 1) out += ',';
    out.append(name).append("=\"");
    for (const char c : value) {
      if (c == '\n') {
        out += "\\n";
        continue;
      }
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  return out + "}";
}

std::string number_text(double value) {
  if (std::floor(value) == value && std::abs(value) < 1e15) return std::to_string(static_cast<long long>(value));
  char text[40];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

double resident_bytes() {
  const auto content = read_file("/proc/self/statm");
  long long size = 0;
  long long resident = 0;
  if (!content || std::sscanf(content->c_str(), "%lld %lld", &size, &resident) != 2) return 0;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

struct Series {
  Counter counter;
  std::function<double()> read;  // empty: the counter
};

struct Family {
  std::string name, help, type;
  std::map<std::string, std::unique_ptr<Series>> series;  // by label text
};

}  // namespace

struct Metrics::State {
  mutable std::mutex mutex;
  std::vector<std::unique_ptr<Family>> families;

  Series& series(const std::string& name, const std::string& help, const std::string& type, const Labels& labels) {
    Family* family = nullptr;
    for (const auto& candidate : families) {
      if (candidate->name == name) family = candidate.get();
    }
    if (family == nullptr) {
      families.push_back(std::make_unique<Family>(Family{name, help, type, {}}));
      family = families.back().get();
    }
    TIDEGATE_ASSERT(family->type == type);
    auto& slot = family->series[label_text(labels)];
    if (!slot) slot = std::make_unique<Series>();
    return *slot;
  }
};

Metrics::Metrics() : state_(std::make_unique<State>()) {
  const double started = to_seconds(unix_now());
  counted("process_cpu_seconds_total", "CPU time used, user and system.", {},
          [] { return to_seconds(process_cpu_time()); });
  gauge("process_resident_memory_bytes", "Memory in RAM.", {}, resident_bytes);
  gauge("process_start_time_seconds", "Start of the process since the Unix epoch.", {}, [started] { return started; });
}

Metrics::~Metrics() = default;

Counter& Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
  const std::lock_guard lock(state_->mutex);
  return state_->series(name, help, "counter", labels).counter;
}

void Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels,
                    std::function<double()> read) {
  const std::lock_guard lock(state_->mutex);
  state_->series(name, help, "gauge", labels).read = std::move(read);
}

void Metrics::counted(const std::string& name, const std::string& help, const Labels& labels,
                      std::function<double()> read) {
  const std::lock_guard lock(state_->mutex);
  state_->series(name, help, "counter", labels).read = std::move(read);
}

std::string Metrics::text() const {
  const std::lock_guard lock(state_->mutex);
  std::string out;
  for (const auto& family : state_->families) {
    out.append("# HELP ").append(family->name).append(" ").append(family->help).append("\n");
    out.append("# TYPE ").append(family->name).append(" ").append(family->type).append("\n");
    for (const auto& [labels, series] : family->series) {
      const double value = series->read ? series->read() : static_cast<double>(series->counter.value());
      out.append(family->name).append(labels).append(" ").append(number_text(value)).append("\n");
    }
  }
  return out;
}

}  // namespace tidegate::platform
