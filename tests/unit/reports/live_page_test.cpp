#include "reports/live_page.hpp"

#include <thread>

#include "base/http/client.hpp"
#include "record/events.hpp"
#include "record/metrics.hpp"
#include "record/series.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/record/scratch_directory.hpp"
#include "tests/unit/reports/synthetic_run.hpp"

using namespace tidegate;
using namespace tidegate::reports;
using test::ScratchDirectory;

namespace {

constexpr auto kLimit = std::chrono::seconds(20);

http::Response got(const std::string& url, http::Headers headers = {}) {
  http::ClientRequest request;
  request.headers = std::move(headers);
  auto answer = http::fetch(url, request, kLimit);
  INFO((answer ? std::string() : answer.error().message));
  REQUIRE(answer.ok());
  return *answer;
}

/// The data of the one event in an answer.
json::object event_data(const std::string& body, const std::string& kind) {
  REQUIRE_THAT(body, Catch::Contains("\nevent: " + kind + "\ndata: "));
  REQUIRE_THAT(body, Catch::EndsWith("\n\n"));
  const std::size_t from = body.find("\ndata: ") + 7;
  auto parsed = parse_json(body.substr(from, body.size() - 2 - from));
  REQUIRE(parsed.ok());
  return parsed->as_object();
}

}  // namespace

TEST_CASE("the live page follows a run to its end") {
  const ScratchDirectory scratch;
  test::SyntheticRun run;
  run.finished = false;
  const auto directory = test::write_synthetic_run(scratch.file("run"), run);
  auto page = LivePage::start(directory);
  REQUIRE(page.ok());
  const http::Response first = got((*page)->url());
  CHECK(first.status == 200);
  CHECK_THAT(first.body, Catch::Contains("connect-src 'self'") && Catch::Contains("\"live\":true"));

  const http::Response running = got((*page)->url() + "events?page=a");
  CHECK(running.content_type == "text/event-stream");
  const json::object data = event_data(running.body, "data");
  CHECK(data.at("live") == true);
  CHECK(data.at("verdict").is_null());
  CHECK(data.at("axis").at("measured_end") == 16);

  REQUIRE(directory.write_verdict(test::synthetic_verdict({})).ok());
  std::thread ending([&page] { (*page)->finish(kLimit); });  // returns once page a has the end
  std::string body = running.body;
  for (int id = 1; body.find("\nevent: done\n") == std::string::npos; ++id) {
    REQUIRE(id < 100);
    body = got((*page)->url() + "events?page=a", {{"Last-Event-ID", std::to_string(id)}}).body;
  }
  const json::object last = event_data(body, "done");
  ending.join();
  CHECK(last.at("live") == false);
  CHECK(last.at("verdict").at("verdict") == "FAIL");
}

TEST_CASE("nobody else's pages, methods or paths") {
  const ScratchDirectory scratch;
  const auto directory = test::write_synthetic_run(scratch.file("run"), {});
  auto page = LivePage::start(directory);
  REQUIRE(page.ok());
  CHECK(got((*page)->url() + "etc/passwd").status == 404);
  const std::string port = (*page)->url().substr(17, (*page)->url().size() - 18);
  // A foreign site that has its name point here comes with that name.
  CHECK(got((*page)->url(), {{"Host", "evil.example:" + port}}).status == 403);
  CHECK(got((*page)->url(), {{"Host", "localhost:" + port}}).status == 200);
  (*page)->finish(kLimit);  // no page is open: at once
  const auto second = LivePage::start(directory, static_cast<std::uint16_t>(std::stoi(port)));
  CHECK_FALSE(second.ok());
}
