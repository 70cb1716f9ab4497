#include "base/yaml.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace tidegate::yaml {

Node Node::scalar(std::string text, Mark mark, bool quoted) {
  Node out;
  out.kind_ = Kind::scalar;
  out.text_ = std::move(text);
  out.mark_ = std::move(mark);
  out.quoted_ = quoted;
  return out;
}

Node Node::list(std::vector<Node> items, Mark mark) {
  Node out;
  out.kind_ = Kind::list;
  out.items_ = std::move(items);
  out.mark_ = std::move(mark);
  return out;
}

Node Node::map(std::vector<std::pair<Node, Node>> entries, Mark mark) {
  Node out;
  out.kind_ = Kind::map;
  out.entries_ = std::move(entries);
  out.mark_ = std::move(mark);
  return out;
}

const Node* Node::find(std::string_view key) const {
  for (const auto& [name, value] : entries_) {
    if (name.text() == key) return &value;
  }
  return nullptr;
}

Node* Node::find(std::string_view key) {
  return const_cast<Node*>(std::as_const(*this).find(key));
}

void Node::set(std::string_view key, Node value) {
  TIDEGATE_ASSERT(kind_ == Kind::map || kind_ == Kind::null);
  kind_ = Kind::map;
  if (Node* present = find(key)) {
    *present = std::move(value);
  } else {
    Mark mark = value.mark();
    entries_.emplace_back(Node::scalar(std::string(key), std::move(mark)), std::move(value));
  }
}

void Node::erase(std::string_view key) {
  std::erase_if(entries_, [&](const auto& entry) { return entry.first.text() == key; });
}

}  // namespace tidegate::yaml
