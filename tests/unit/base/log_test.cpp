#include "base/log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <sstream>
#include <thread>

#include "base/file.hpp"
#include "base/json.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/base/scratch.hpp"

namespace tidegate::log {
namespace {

json::object parsed(const std::string& line) {
  const auto value = parse_json(line);
  REQUIRE(value.ok());
  return value->as_object();
}

/// What `write` calls put on standard error while this lives.
class StandardErrorInFile {
 public:
  explicit StandardErrorInFile(const std::string& path) : before_(::fcntl(2, F_DUPFD_CLOEXEC, 3)) {
    const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    ::dup2(file.get(), 2);
  }
  ~StandardErrorInFile() { ::dup2(before_.get(), 2); }

 private:
  FileDescriptor before_;
};

}  // namespace

TEST_CASE("a line is one JSON object in a fixed order") {
  CHECK(format_line(std::chrono::milliseconds(1732876205042), Level::warn, "api", "slow", {{"bank", "b1"}}) ==
        R"({"ts":"2024-11-29T10:30:05.042Z","level":"warn","component":"api","message":"slow","bank":"b1"})");
  CHECK(string_member(parsed(format_line({}, Level::debug, "", "", {})), "ts") == "1970-01-01T00:00:00.000Z");
  CHECK(string_member(parsed(format_line(Nanoseconds(-1), Level::error, "", "", {})), "ts") ==
        "1969-12-31T23:59:59.999Z");
}

TEST_CASE("whatever a text holds, the line stays one line of JSON") {
  std::string all;
  for (int byte = 0; byte < 128; ++byte) all += static_cast<char>(byte);
  all += "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80";
  const std::string line = format_line({}, Level::info, "c", all, {{all, all}});
  CHECK(line.find('\n') == std::string::npos);
  const json::object object = parsed(line);
  CHECK(string_member(object, "message") == all);
  CHECK(string_member(object, all) == all);
}

TEST_CASE("bytes that are no UTF-8 are replaced") {
  struct Row {
    const char *bytes, *want;
  };
  const auto row = GENERATE(Row{"a\xff"
                                "b",
                                "a\xef\xbf\xbd"
                                "b"},                                                      // never a start
                            Row{"\xc3", "\xef\xbf\xbd"},                                   // cut short
                            Row{"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},                   // overlong slash
                            Row{"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"});  // a surrogate
  CHECK(string_member(parsed(format_line({}, Level::info, "c", row.bytes, {})), "message") == row.want);
}

TEST_CASE("secrets are not written") {
  const char* name = GENERATE("authorization", "Authorization", "cookie", "Set-Cookie", "token", "operator_token",
                              "OPERATOR-TOKEN", "card", "test_card", "api_key", "X-Api-Key");
  CAPTURE(name);
  const std::string line = format_line({}, Level::info, "c", "m", {{name, "hunter2"}});
  CHECK(line.find("hunter2") == std::string::npos);
  CHECK(string_member(parsed(line), name) == "***");
}

TEST_CASE("what only resembles a secret is written") {
  const char* name = GENERATE("cards", "discard", "tokens_used", "broken", "api_keys", "cookies", "key");
  CAPTURE(name);
  CHECK(string_member(parsed(format_line({}, Level::info, "c", "m", {{name, "x"}})), name) == "x");
}

TEST_CASE("lines of many threads come whole, and only from the configured level up") {
  const test::ScratchDirectory scratch;
  const std::string path = scratch / "stderr";
  {
    const StandardErrorInFile redirected(path);
    configure("unit-test", Level::info);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([] {
        for (int i = 0; i < 50; ++i) info("hello", {{"i", std::to_string(i)}});
        debug("not this one");
      });
    }
    for (auto& thread : threads) thread.join();
    configure("other", Level::error);
    warn("nor this one");
    error("the last");
    configure("tidegate", Level::info);
  }
  std::istringstream lines(*read_file(path));
  int count = 0;
  std::string last;
  for (std::string line; std::getline(lines, line); ++count) last = line;
  CHECK(count == 201);
  CHECK(string_member(parsed(last), "component") == "other");
  CHECK(string_member(parsed(last), "message") == "the last");
}

}  // namespace tidegate::log
