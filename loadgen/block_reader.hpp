#pragma once
// What the executors have in common when a load block is compiled. Internal to loadgen/.

#include <optional>
#include <string>

#include "loadgen/compile.hpp"

namespace tidegate::loadgen {

/// A load block under construction: its node, and readings of its options that report what is wrong with them.
class BlockReader {
 public:
  BlockReader(const yaml::Node& name, const yaml::Node& node, CompileContext& context);

  const yaml::Node* find(const char* key) const { return node_.find(key); }
  /// Missing: a diagnostic.
  const yaml::Node* need(const char* key) const;
  Nanoseconds duration_or(const char* key, Nanoseconds otherwise) const { return duration_at(node_, key, otherwise); }
  std::uint32_t count_or(const char* key, std::uint32_t otherwise) const;
  /// Of `duration`; without one, until the last phase ends. Longer than 0, else a diagnostic.
  Nanoseconds duration() const;
  /// Per second, within what a block may ask for.
  double bounded_rate(const yaml::Node& node) const;
  /// Such a rate, above 0.
  double positive_rate(const yaml::Node& node) const;
  const record::Window* find_phase(const yaml::Node& name) const;
  void complain(const Mark& mark, const std::string& text) const { context_.diagnostics.add(mark, text); }
  std::size_t mistakes() const { return context_.diagnostics.size(); }
  const Mark& mark() const { return mark_; }
  CompileContext& context() const { return context_; }

  Block block;

 private:
  const yaml::Node& node_;
  Mark mark_;
  CompileContext& context_;
};

/// Reads the options of `block.executor` into the block: its curve or VUs, its start and its end.
void compile_executor(BlockReader& reader);
/// The option of an executor, or nullopt when no executor has that name.
std::optional<Executor> executor_named(std::string_view name) noexcept;
/// Options that only some executors take, which `block.executor` does not: a diagnostic each.
void refuse_foreign_options(const BlockReader& reader);

}  // namespace tidegate::loadgen
