#pragma once
// The role `edge`, in front of the gateways: canary and shadow split, strangler routing, transforms, synthetic probes,
// automatic rollback, and a hold over restarts.
//
//   GET, PUT /admin/edge   settings (settings.hpp) and how the candidate does; operator only
//   everything else        passed on

#include <memory>

#include "base/result.hpp"
#include "platform/service/runtime.hpp"

namespace tidegate::platform {

class Edge {
 public:
  /// Reads the settings that were put last from the data directory, adds routes and hooks to the runtime. Make it after
  /// the runtime, so that it goes before it.
  static Result<std::unique_ptr<Edge>> open(ServiceRuntime& runtime);
  ~Edge();

 private:
  struct State;
  explicit Edge(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tidegate::platform
