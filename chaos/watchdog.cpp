#include "chaos/watchdog.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/log.hpp"
#include "base/pidfd.hpp"

namespace tidegate::chaos {
namespace {

constexpr std::size_t kLongestMessage = 64 * 1024;
constexpr int kLook = 250;  // milliseconds

/// One message and the descriptor that came with it.
struct Received {
  json::object message;
  FileDescriptor descriptor;
};

// Nothing: the other end is closed.
std::optional<Received> receive(int socket) {
  static thread_local char buffer[kLongestMessage];
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  iovec part{buffer, sizeof buffer};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  ssize_t size = 0;
  do {
    size = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
  } while (size < 0 && errno == EINTR);
  if (size <= 0) return std::nullopt;
  Received received;
  for (cmsghdr* each = CMSG_FIRSTHDR(&header); each != nullptr; each = CMSG_NXTHDR(&header, each)) {
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS) continue;
    int descriptor = -1;
    std::memcpy(&descriptor, CMSG_DATA(each), sizeof descriptor);
    received.descriptor.reset(descriptor);
  }
  auto parsed = parse_json(std::string_view(buffer, static_cast<std::size_t>(size)));
  if (parsed && parsed->is_object()) received.message = std::move(parsed->get_object());
  return received;
}

/// What the watchdog knows so far.
class Notes {
 public:
  Succession take() { return std::move(succession_); }
  bool goodbye() const { return goodbye_; }

  void read(Received received) {
    const json::object& message = received.message;
    const std::string what = string_member(message, "what").value_or("");
    Inheritance& all = succession_.inheritance;
    if (what == "goodbye") {
      goodbye_ = true;
    } else if (what == "listening") {
      succession_.control = string_member(message, "control").value_or("");
      succession_.toxiproxy = string_member(message, "toxiproxy").value_or("");
    } else if (what == "link") {
      if (auto report = link_from_json(message.at("link"))) {
        const std::string name = report->name;
        all.links[name] = {std::move(*report), std::move(received.descriptor)};
      }
    } else if (what == "link_closed") {
      all.links.erase(string_member(message, "name").value_or(""));
    } else if (what == "undo" && received.descriptor) {
      const int pid = static_cast<int>(integer_member(message, "pid").value_or(0));
      all.undo.insert_or_assign(string_member(message, "fault").value_or(""),
                                Inheritance::UndoFor{undo_from_json(message.at("undo").as_object()),
                                                     ProcessTarget(std::move(received.descriptor), pid)});
    } else if (what == "fault") {
      auto report = report_from_json(message.at("fault"));
      if (!report) return;
      if (!report->active) all.undo.erase(report->id);
      all.faults[report->id] = std::move(*report);
    }
  }

 private:
  Succession succession_;
  bool goodbye_ = false;
};

void undo_all(Inheritance& inheritance) {
  for (const auto& [fault, each] : inheritance.undo) {
    if (auto undone = each.undo.apply(each.target); !undone) {
      log::error("a fault of the killed agent could not be undone",
                 {{"fault", fault}, {"why", undone.error().message}});
    }
  }
  inheritance.undo.clear();
}

}  // namespace

void WatchdogLine::send(const json::object& message, int descriptor, bool may_be_dropped) {
  const std::string text = json::serialize(message);
  iovec part{const_cast<char*>(text.data()), text.size()};  // NOLINT: sendmsg reads only
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  if (descriptor >= 0) {
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(rights), &descriptor, sizeof descriptor);
  }
  const int flags = MSG_NOSIGNAL | (may_be_dropped ? MSG_DONTWAIT : 0);
  if (::sendmsg(socket_.get(), &header, flags) >= 0 || (may_be_dropped && errno == EAGAIN)) return;
  if (!std::exchange(lost_, true)) log::warn("the watchdog is gone or hangs", {{"why", std::strerror(errno)}});
}

void WatchdogLine::link(const LinkReport& link, int listener) {
  send({{"what", "link"}, {"link", to_json(link)}}, listener);
}
void WatchdogLine::link_closed(const std::string& name) {
  send({{"what", "link_closed"}, {"name", name}});
}
void WatchdogLine::undo(const std::string& fault, const Undo& undo, const ProcessTarget& target) {
  send({{"what", "undo"}, {"fault", fault}, {"undo", to_json(undo)}, {"pid", target.pid()}}, target.pidfd());
}
void WatchdogLine::fault(const FaultReport& report) {
  send({{"what", "fault"}, {"fault", to_json(report)}}, -1, report.active);
}
void WatchdogLine::listening(const std::string& control, const std::string& toxiproxy) {
  send({{"what", "listening"}, {"control", control}, {"toxiproxy", toxiproxy}});
}
void WatchdogLine::alive() {
  send({{"what", "alive"}}, -1, true);
}
void WatchdogLine::goodbye() {
  send({{"what", "goodbye"}});
}

Result<Fork> fork_watchdog() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return system_error("make a pair of sockets for the watchdog", errno);
  }
  FileDescriptor ours(ends[0]), theirs(ends[1]);
  const timeval patience{1, 0};  // a watchdog that hangs must not hang the agent
  ::setsockopt(ours.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  Fork fork;
  fork.agent_pid = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return system_error("start the watchdog", errno);
  fork.is_watchdog = child == 0;
  if (fork.is_watchdog) {
    fork.socket = std::move(theirs);
  } else {
    fork.line = std::make_unique<WatchdogLine>(std::move(ours));
  }
  return fork;
}

std::optional<Succession> wait_for_agent(Fork fork) {
  ::prctl(PR_SET_NAME, "chaos-watchdog");
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) std::signal(number, SIG_IGN);  // it ends with the agent
  const FileDescriptor agent(::pidfd_open(fork.agent_pid, 0));
  Notes notes;
  Nanoseconds last = monotonic_now();
  for (;;) {
    pollfd news{fork.socket.get(), POLLIN, 0};
    const int ready = ::poll(&news, 1, kLook);
    if (ready > 0) {
      auto received = receive(fork.socket.get());
      if (!received) break;
      notes.read(std::move(*received));
      last = monotonic_now();
    } else if (monotonic_now() - last > WatchdogLine::kHungAfter && agent) {
      ::pidfd_send_signal(agent.get(), SIGKILL, nullptr, 0);
    }
  }
  if (notes.goodbye()) return std::nullopt;
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, SIG_DFL);
  ::prctl(PR_SET_NAME, "chaos-agent");
  Succession succession = notes.take();
  succession.inheritance.predecessor = fork.agent_pid;
  log::warn("the chaos agent was killed: its watchdog goes on in its place",
            {{"agent", std::to_string(fork.agent_pid)}});
  undo_all(succession.inheritance);
  return succession;
}

}  // namespace tidegate::chaos
