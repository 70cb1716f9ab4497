#pragma once
// Another system's export as the model's: where its items are in a page, and which of their members is what. From the
// scenario's `audit: {payments: {get: …, id: $.…}}`.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace tidegate::audit {

/// A path `$.a.b` into a JSON object, or a text that stands for itself.
class Pick {
 public:
  Pick() = default;
  /// An error for a path that is not `$.name.name`, or `$`.
  static Result<Pick> parse(std::string_view text);

  bool is_constant() const { return constant_; }
  /// Null when the path leads nowhere.
  const json::value* find(const json::value& root) const;
  const std::string& text() const { return text_; }

 private:
  bool constant_ = true;
  std::string text_;                ///< as written
  std::vector<std::string> names_;  ///< of the path
};

/// How pages look. The default is the documented one.
struct PageShape {
  std::string items = "items", next = "next", as_of = "as_of";
  /// Query parameters; an empty name: not sent.
  std::string after_parameter = "after", as_of_parameter = "as_of", limit_parameter = "limit";
  bool numbered = true;    ///< a member `sequence` counts up over the whole export, to its point
  bool single = false;     ///< the answer is itself the one item
  bool bare_list = false;  ///< the answer is the list of items itself: one page
};

struct Mapping {
  PageShape page;
  std::map<std::string, Pick> members;        ///< the model's member to where it is
  std::map<std::string, std::string> states;  ///< the system's word to the model's, for `status`
  double amount_factor = 1;                   ///< a system that writes 12.34: 100
};

/// Members that each export needs and may have; for checking a scenario. Nothing for an export that is not mapped.
struct MappedMembers {
  std::vector<std::string_view> required, optional;
};
const MappedMembers* mapped_members(std::string_view export_name);
std::vector<std::string> mappable_exports();

/// The item in the documented shape, as one line. `scope` is hashed as the history's is. An error names the member that
/// is missing, or the state that has no translation.
Result<std::string> apply_mapping(const Mapping& mapping, std::string_view item);

}  // namespace tidegate::audit
