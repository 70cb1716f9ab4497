// Method: yaml-cpp's events build our tree, so that every node keeps its mark, and duplicate keys, depth and size are
// checked while reading, before anything large exists.

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <optional>
#include <sstream>

#include "base/file.hpp"
#include "base/yaml.hpp"
#include "base/yaml_text.hpp"

namespace tidegate::yaml {
namespace {

constexpr std::size_t kMostNodes = 100'000;
constexpr std::size_t kMostBytes = 8 * 1024 * 1024;
constexpr std::size_t kDeepest = 64;
constexpr std::size_t kLongestKey = 250;  // yaml-cpp itself stops at 1024, with a message that nobody understands

/// Ends the reading after a diagnostic that says why; never leaves `parse`.
struct Stop {};

/// A subtree's share of the bounds.
struct Extent {
  std::size_t nodes = 1;
  std::size_t bytes = 0;
  std::size_t depth = 0;
};

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(std::shared_ptr<const std::string> file, Diagnostics& diagnostics)
      : file_(std::move(file)), diagnostics_(diagnostics) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::list({}, at(mark)), tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::map({}, at(mark)), tag, anchor);
  }
  void OnMapEnd() override { close(); }

  Mark at(const YAML::Mark& mark) const {
    if (mark.is_null()) return {file_, 0, 0};
    return {file_, mark.line + 1, mark.column + 1};
  }

  /// Where the innermost collection that is still open began.
  Mark innermost() const { return open_.empty() ? Mark{file_, 0, 0} : open_.back().node.mark(); }

  /// The root; containers that are still open are closed as they are.
  Node take() {
    while (!open_.empty()) close();
    return std::move(root_);
  }

 private:
  struct Open {
    Node node;
    std::optional<Node> key;  ///< of a map: the key whose value comes next
    YAML::anchor_t anchor = 0;
    Extent extent;
    std::map<std::string, Mark> seen;
  };
  struct Anchored {
    Node node;
    Extent extent;
  };

  void open(Node node, const std::string& tag, YAML::anchor_t anchor);
  void close();
  void place(Node node, Extent extent, YAML::anchor_t anchor);
  void place_key(Open& map, Node key);
  void count(const Extent& extent, const Mark& mark);
  void refuse_tag(const std::string& tag, const Mark& mark);

  std::shared_ptr<const std::string> file_;
  Diagnostics& diagnostics_;
  Node root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  Extent used_{0, 0, 0};
};

void TreeBuilder::count(const Extent& extent, const Mark& mark) {
  used_.nodes += extent.nodes;
  used_.bytes += extent.bytes;
  if (used_.nodes > kMostNodes || used_.bytes > kMostBytes) {
    diagnostics_.add(mark, "too large: more than " + std::to_string(kMostNodes) + " nodes or " +
                               std::to_string(kMostBytes / 1024 / 1024) + " MiB, aliases expanded");
    throw Stop{};
  }
  if (open_.size() + extent.depth > kDeepest) {
    diagnostics_.add(mark, "nested deeper than " + std::to_string(kDeepest) + " levels");
    throw Stop{};
  }
}

void TreeBuilder::refuse_tag(const std::string& tag, const Mark& mark) {
  // yaml-cpp's own: "?" for what was written plain, "!" for what was quoted, none for collections.
  if (tag.empty() || tag == "?" || tag == "!" || tag.starts_with("tag:yaml.org,2002:")) return;
  diagnostics_.add(mark, "the tag '" + tag + "' means nothing here");
}

void TreeBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  Node node;
  node.set_mark(at(mark));
  count({}, node.mark());
  place(std::move(node), {}, anchor);
}

void TreeBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& value) {
  const Extent extent{1, value.size(), 0};
  refuse_tag(tag, at(mark));
  count(extent, at(mark));
  const bool quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
  place(Node::scalar(value, at(mark), quoted), extent, anchor);
}

void TreeBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  const auto found = anchors_.find(anchor);
  if (found == anchors_.end()) {
    diagnostics_.add(at(mark), "an alias inside the node it stands for");
    place(Node{}, {}, 0);
    return;
  }
  count(found->second.extent, at(mark));
  place(found->second.node, found->second.extent, 0);
}

void TreeBuilder::open(Node node, const std::string& tag, YAML::anchor_t anchor) {
  refuse_tag(tag, node.mark());
  const Extent own{1, 0, 1};
  count(own, node.mark());
  open_.push_back({std::move(node), std::nullopt, anchor, own, {}});
}

void TreeBuilder::close() {
  Open done = std::move(open_.back());
  open_.pop_back();
  place(std::move(done.node), done.extent, done.anchor);
}

void TreeBuilder::place(Node node, Extent extent, YAML::anchor_t anchor) {
  if (anchor != 0) anchors_[anchor] = {node, extent};
  if (open_.empty()) {
    root_ = std::move(node);
    return;
  }
  Open& parent = open_.back();
  parent.extent.nodes += extent.nodes;
  parent.extent.bytes += extent.bytes;
  parent.extent.depth = std::max(parent.extent.depth, extent.depth + 1);
  if (parent.node.is_list()) {
    parent.node.items().push_back(std::move(node));
  } else if (!parent.key) {
    place_key(parent, std::move(node));
  } else {
    // A key that was refused takes its value with it.
    if (parent.key->is_scalar()) parent.node.entries().emplace_back(*std::move(parent.key), std::move(node));
    parent.key.reset();
  }
}

void TreeBuilder::place_key(Open& map, Node key) {
  map.key.emplace();
  if (!key.is_scalar()) {
    diagnostics_.add(key.mark(), key.is_null() ? "an empty key; quote it if the text null is meant"
                                               : "a key must be a text, not a list or a map");
  } else if (key.text() == "<<" && !key.quoted()) {
    diagnostics_.add(key.mark(), "merge keys (<<) are not read; write the keys out");
  } else if (key.text().size() > kLongestKey) {
    diagnostics_.add(key.mark(), "a key of more than " + std::to_string(kLongestKey) + " bytes");
  } else if (const auto [first, fresh] = map.seen.emplace(key.text(), key.mark()); !fresh) {
    diagnostics_.add(key.mark(), "duplicate key '" + key.text() + "'; the first is at " + first->second.text());
  } else {
    map.key = std::move(key);
  }
}

void report(const YAML::ParserException& failure, std::string_view text, const TreeBuilder& builder,
            Diagnostics& diagnostics) {
  const Mark mark = builder.at(failure.mark);
  if (dynamic_cast<const YAML::DeepRecursion*>(&failure) != nullptr) {
    diagnostics.add(mark, "nested deeper than " + std::to_string(kDeepest) + " levels");
  } else if (const auto variable = detail::unquoted_variable_at(text, mark); !variable.empty()) {
    diagnostics.add(mark, "an unquoted " + variable + " inside {...} or [...]; quote it: \"" + variable + "\"");
  } else if (failure.msg == YAML::ErrorMsg::END_OF_MAP_FLOW && mark.line == 1 && mark.column == 1) {
    diagnostics.add(builder.innermost(), "not valid YAML: this { has no }");  // yaml-cpp reports the end of text so
  } else if (failure.msg == YAML::ErrorMsg::END_OF_SEQ_FLOW && mark.line == 1 && mark.column == 1) {
    diagnostics.add(builder.innermost(), "not valid YAML: this [ has no ]");
  } else {
    const bool tab = detail::is_indented_with_tab(text, mark.line);
    diagnostics.add(mark, "not valid YAML: " + failure.msg + (tab ? "; the line is indented with a tab" : ""));
  }
}

void read_documents(std::string_view text, TreeBuilder& builder, Diagnostics& diagnostics) {
  std::istringstream stream{std::string(text)};
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) return;
    TreeBuilder surplus(builder.at(YAML::Mark::null_mark()).file, diagnostics);
    if (parser.HandleNextDocument(surplus)) {
      diagnostics.add(surplus.take().mark(), "a second document; one file holds one document");
    }
  } catch (const Stop&) {  // its diagnostic is there already
  } catch (const YAML::ParserException& failure) {
    report(failure, text, builder, diagnostics);
  } catch (const YAML::Exception& failure) {
    diagnostics.add(builder.at(failure.mark), "not valid YAML: " + failure.msg);
  }
}

}  // namespace

Node parse(std::string_view text, const std::string& file_name, Diagnostics& diagnostics) {
  const auto file = std::make_shared<const std::string>(file_name);
  if (text.size() > kMostBytes) {
    diagnostics.add({file, 0, 0}, "too large: more than " + std::to_string(kMostBytes / 1024 / 1024) + " MiB");
    return {};
  }
  if (const auto bad = detail::first_bad_character(text)) {
    diagnostics.add({file, bad->line, bad->column}, bad->what);
    return {};
  }
  TreeBuilder builder(file, diagnostics);
  read_documents(text, builder, diagnostics);
  return builder.take();
}

Node load(const std::string& path, Diagnostics& diagnostics) {
  const auto content = read_file(path);
  if (!content) {
    diagnostics.add({std::make_shared<const std::string>(path), 0, 0}, "cannot read: " + content.error().message);
    return {};
  }
  return parse(*content, path, diagnostics);
}

}  // namespace tidegate::yaml
