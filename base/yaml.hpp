#pragma once
// YAML with positions, as an immutable tree of our own (yaml-cpp reads it; its types stay in yaml.cpp).
// Duplicate keys are errors with both places. Anchors and aliases work, within a bound of 100,000 nodes and 64 levels.
// Scalars stay text: nothing is a YAML 1.1 boolean here (`on`, `yes`, `no` are texts).

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/diagnostics.hpp"

namespace tidegate::yaml {

/// A value type; copies are cheap enough for configuration.
class Node {
 public:
  enum class Kind { null, scalar, list, map };

  Node() = default;
  static Node scalar(std::string text, Mark mark = {}, bool quoted = false);
  static Node list(std::vector<Node> items, Mark mark = {});
  static Node map(std::vector<std::pair<Node, Node>> entries, Mark mark = {});

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::null; }
  bool is_scalar() const { return kind_ == Kind::scalar; }
  bool is_list() const { return kind_ == Kind::list; }
  bool is_map() const { return kind_ == Kind::map; }
  const Mark& mark() const { return mark_; }

  /// The scalar's text; empty for other kinds.
  const std::string& text() const { return text_; }
  /// Whether the scalar was written in quotes, so that "5" stays a text where any type fits.
  bool quoted() const { return quoted_; }

  const std::vector<Node>& items() const { return items_; }
  /// In the order of the file; keys are scalars.
  const std::vector<std::pair<Node, Node>>& entries() const { return entries_; }
  /// Mutable access for whoever rewrites a tree (variables, variants, extends).
  std::vector<Node>& items() { return items_; }
  std::vector<std::pair<Node, Node>>& entries() { return entries_; }
  void set_text(std::string text) { text_ = std::move(text); }
  void set_mark(Mark mark) { mark_ = std::move(mark); }
  /// The value under a key, or nullptr.
  const Node* find(std::string_view key) const;
  Node* find(std::string_view key);
  /// Replaces or appends.
  void set(std::string_view key, Node value);
  void erase(std::string_view key);

 private:
  Kind kind_ = Kind::null;
  Mark mark_;
  std::string text_;
  bool quoted_ = false;
  std::vector<Node> items_;
  std::vector<std::pair<Node, Node>> entries_;
};

/// Reads one document. Syntax errors, duplicate keys and bound violations go to `diagnostics`; the node is then partial
/// and only good for further checks.
Node parse(std::string_view text, const std::string& file_name, Diagnostics& diagnostics);
/// The same from a file; "cannot read" is a diagnostic too.
Node load(const std::string& path, Diagnostics& diagnostics);
/// Writes a tree as YAML text that `parse` reads back to an equal tree.
std::string emit(const Node& node);

}  // namespace tidegate::yaml
