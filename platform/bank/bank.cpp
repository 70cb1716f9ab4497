// The role `bank-simulator`.

#include "base/log.hpp"
#include "platform/bank/bank_api.hpp"
#include "platform/service/runtime.hpp"

namespace tidegate::platform {
namespace {

/// Charges do not depend on each other, and each is recorded before its answer.
constexpr std::size_t kPipelined = 16;

}  // namespace

int run_bank_simulator(const ServiceOptions& options) {
  auto store = open_sqlite_store(options.data_directory, "bank", bank_migrations());
  if (!store) {
    log::error("the bank's database does not open", {{"why", store.error().message}});
    return 1;
  }
  auto reader = (*store)->reader();
  if (!reader) {
    log::error("the bank's database cannot be read", {{"why", reader.error().message}});
    return 1;
  }
  ServiceRuntime runtime(options, {.pipelined = kPipelined});
  BankApi api(**store, std::move(*reader), runtime);
  runtime.metrics().gauge("store_write_queue_depth", "Units of work that wait for the writer.", {},
                          [&] { return static_cast<double>((*store)->queue_depth()); });
  runtime.on_close([&] { (*store)->stop(); });
  return runtime.run();
}

}  // namespace tidegate::platform
