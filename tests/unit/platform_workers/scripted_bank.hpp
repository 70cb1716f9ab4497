#pragma once
// A bank on a raw socket that follows a script: the only way to answer with silence, resets and garbage.

#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "tests/unit/platform_workers/support.hpp"

namespace tidegate::platform {

class ScriptedBank {
 public:
  enum class Act {
    answer,          ///< records the charge, answers it
    elsewhere,       ///< declines: another acquirer may approve
    record_silent,   ///< records the charge, answers nothing
    ignore,          ///< neither records nor answers
    record_reset,    ///< records the charge, resets the connection
    reset,           ///< resets the connection
    record_503,      ///< records the charge, answers 503
    refuse_503,      ///< answers 503
    garbage,         ///< answers bytes that are no HTTP
    record_nonsense  ///< records the charge, answers 200 with a body that is no answer
  };

  /// What happens to the next POSTs, one after the other; afterwards all are answered. Enquiries are always answered
  /// from the record unless `enquiries` says otherwise.
  explicit ScriptedBank(std::vector<Act> posts, std::vector<Act> enquiries = {});
  ~ScriptedBank();
  std::string address() const { return address_; }

  struct Seen {
    int posts = 0, enquiries = 0;
    std::map<std::string, int> charged;          ///< reference to how often it was newly recorded
    std::vector<std::string> posted_references;  ///< in order
    std::vector<std::string> bodies;
    bool traced = true;  ///< every call carried a traceparent
  };
  Seen seen() const;

 private:
  asio::awaitable<void> accept_all();
  asio::awaitable<void> serve(asio::ip::tcp::socket socket);
  /// What to write; nothing and false: leave the caller waiting; a reset is done here.
  std::string react(const std::string& head, const std::string& body, asio::ip::tcp::socket& socket);
  std::string perform(Act act, const std::string& reference, bool is_post, asio::ip::tcp::socket& socket);

  mutable std::mutex mutex_;
  std::deque<Act> posts_, enquiries_;
  Seen seen_;
  std::string address_;
  LoopThread loop_;
  asio::ip::tcp::acceptor acceptor_;
};

}  // namespace tidegate::platform
