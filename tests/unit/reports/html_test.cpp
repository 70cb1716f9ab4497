#include "reports/html.hpp"

#include <filesystem>
#include <fstream>

#include "record/rollup.hpp"
#include "record/series.hpp"
#include "reports/page_data.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/record/scratch_directory.hpp"
#include "tests/unit/reports/synthetic_run.hpp"

using namespace tidegate;
using namespace tidegate::reports;
using test::content_of;
using test::put_content;
using test::ScratchDirectory;
using test::SyntheticRun;

namespace {

std::string written_page(const record::RunDirectory& directory) {
  const auto written = write_html(directory);
  INFO((written ? std::string() : written.error().message));
  REQUIRE(written.ok());
  return content_of(directory.report());
}

constexpr std::string_view kDataStart = "id=\"tidegate-data\">";

/// The text of the data element, as a browser cuts it: up to the first "</script".
std::string data_text(const std::string& page) {
  const std::size_t start = page.find(kDataStart);
  REQUIRE(start != std::string::npos);
  const std::size_t from = start + kDataStart.size();
  return page.substr(from, page.find("</script", from) - from);
}

json::object data_of(const record::RunDirectory& directory) {
  auto data = parse_json(data_text(written_page(directory)));
  INFO((data ? std::string() : data.error().message));
  REQUIRE(data.ok());
  return data->as_object();
}

std::string notices_of(const json::object& data) {
  return json::serialize(data.at("notices"));
}

}  // namespace

TEST_CASE("the report of a smoke run is one small file with all data inside") {
  const ScratchDirectory scratch;
  const auto directory = test::write_synthetic_run(scratch.file("run"), {});
  const std::string page = written_page(directory);
  CHECK(page.size() <= 400'000);
  const json::object data = data_of(directory);
  CHECK(data.at("cut_short").is_null());
  CHECK(data.at("notices").as_array().empty());
  CHECK(data.at("verdict").at("verdict") == "FAIL");
  CHECK(data.at("run").at("seed") == "20241129");
  CHECK(data.at("time").as_array().size() == 33);
  CHECK(data.at("charts").as_array().size() == 5);
  for (const json::value& chart : data.at("charts").as_array()) {
    for (const json::value& line : chart.at("lines").as_array()) CHECK(line.at("values").as_array().size() == 33);
  }
  REQUIRE(data.at("faults").as_array().size() == 2);
  CHECK(data.at("faults").at(0).at("hits") == 718);
  REQUIRE(data.at("marks").as_array().size() == 1);  // the death that nobody asked for; the asked one is no mark
  CHECK(data.at("marks").at(0).at("text") == "fraud died: exit 3");
}

TEST_CASE("the page loads nothing from anywhere") {
  const ScratchDirectory scratch;
  const std::string page = written_page(test::write_synthetic_run(scratch.file("run"), {}));
  for (const char* loading :
       {"http://", "https://", "src=", "url(", "@import", "<link", "<iframe", "fetch(", "XMLHttpRequest", "import("}) {
    INFO(loading);
    CHECK(page.find(loading) == std::string::npos);
  }
  CHECK_THAT(page, Catch::Contains("default-src 'none'"));
  for (std::size_t at = page.find("href="); at != std::string::npos; at = page.find("href=", at + 1)) {
    CHECK(page.compare(at, 7, "href=\"#") == 0);  // within the page
  }
}

TEST_CASE("an hour, and a week, stay within what a screen shows") {
  const ScratchDirectory scratch;
  SyntheticRun hour;
  hour.seconds = 3600;
  const auto directory = test::write_synthetic_run(scratch.file("run"), hour);
  const json::object data = data_of(directory);
  CHECK(data.at("time").as_array().size() <= 1000);
  CHECK(std::filesystem::file_size(directory.report()) <= 400'000);
  const json::array& lag = data.at("charts").as_array().back().at("lines").as_array();
  double worst = 0;
  for (const json::value& value : lag.at(1).at("values").as_array()) {
    if (!value.is_null()) worst = std::max(worst, value.to_number<double>());
  }
  CHECK(worst == Approx(145));  // the last of the seconds in which the ledger was down, as synthesised
}

TEST_CASE("a run of hours is drawn from its tens of seconds, and says so") {
  const ScratchDirectory scratch;
  SyntheticRun run;
  run.seconds = 10'500;
  const auto directory = test::write_synthetic_run(scratch.file("run"), run);
  record::RunInfo info = test::synthetic_info(run);
  info.ended_s = run.seconds;
  REQUIRE(directory.write_info(info).ok());
  const json::object exact = data_of(directory);
  REQUIRE(record::write_rollup(*record::read_series(directory.series()), directory.rollup()).ok());
  const json::object rolled = data_of(directory);
  const auto mean = [](const json::object& data, int chart, int line) {
    double sum = 0, count = 0;
    for (const json::value& value : data.at("charts").at(chart).at("lines").at(line).at("values").as_array()) {
      if (value.is_null()) continue;
      sum += value.to_number<double>();
      ++count;
    }
    return sum / count;
  };
  CHECK(mean(rolled, 0, 2) == Approx(mean(exact, 0, 2)).epsilon(0.02));  // iterations a second, not in ten
  CHECK(rolled.at("time") == exact.at("time"));
  CHECK(rolled.at("reviews") == exact.at("reviews"));  // the windows of a fault need single seconds
  CHECK(rolled.at("steps").at(0).at("response").at("count").to_number<double>() ==
        Approx(exact.at("steps").at(0).at("response").at("count").to_number<double>()).epsilon(0.01));
  const auto note = [](const json::object& data) { return json::serialize(data.at("charts").at(1).at("note")); };
  CHECK_THAT(note(exact), Catch::Contains("each second"));
  CHECK_THAT(note(rolled), Catch::Contains("each ten seconds"));
  // Without it, or while the run goes on, the seconds are drawn.
  info.finished = false;
  REQUIRE(directory.write_info(info).ok());
  CHECK_THAT(note(data_of(directory)), Catch::Contains("each second"));
}

TEST_CASE("hostile names stay text: nothing ends the data element, nothing becomes markup") {
  const ScratchDirectory scratch;
  SyntheticRun run;
  run.step = "</script><script>alert(1)</script><!--<img src=x onerror=alert(2)>";
  const auto directory = test::write_synthetic_run(scratch.file("run"), run);
  record::Verdict verdict = test::synthetic_verdict(run);
  const std::string worse = "</SCRIPT >\"'&\xe2\x80\xae\x01\xff\xed\xa0\x80<svg onload=alert(3)>";
  verdict.title = worse;
  verdict.reasons = {worse};
  verdict.gates.at(0).name = worse;
  verdict.audit.at(1).counterexamples = {json::object{{worse, json::array{worse, nullptr, 1e300}}}, worse, 7};
  REQUIRE(directory.write_verdict(verdict).ok());
  const std::string page = written_page(directory);
  const std::string data = data_text(page);
  CHECK(data.find('<') == std::string::npos);
  const auto parsed = parse_json(data);
  REQUIRE(parsed.ok());
  const json::object& object = parsed->as_object();
  CHECK(string_member(object.at("charts").at(1).as_object(), "title") == "Response time: " + run.step);
  CHECK_THAT(std::string(object.at("verdict").at("reasons").at(0).as_string()), Catch::Contains("</SCRIPT >"));
  CHECK(page.find("onerror=alert(2)>") != std::string::npos);  // there, but only behind an escaped bracket
  CHECK(page.find("<img") == std::string::npos);
  CHECK(page.find("<svg") == std::string::npos);
}

TEST_CASE("a data mark inside the data is data") {
  const std::string page = page_with_data("@@CONNECT@@ a @@TIDEGATE_DATA@@ b", json::value("@@TIDEGATE_DATA@@"));
  CHECK(page == "'none' a \"@@TIDEGATE_DATA@@\" b");
}

TEST_CASE("a run that was killed says that it was cut short, and where") {
  const ScratchDirectory scratch;
  SyntheticRun run;
  run.finished = false;
  const auto directory = test::write_synthetic_run(scratch.file("run"), run);
  const std::string series = content_of(directory.series());
  put_content(directory.series(), series.substr(0, series.size() - 7));  // torn in its last block
  const json::object data = data_of(directory);
  const std::string cut(data.at("cut_short").as_string());
  CHECK_THAT(cut, Catch::StartsWith("Cut short at ") && Catch::Contains("killed") && Catch::Contains("series.tgs"));
  CHECK(data.at("verdict").is_null());
  CHECK_THAT(notices_of(data), Catch::Contains("no verdict") && Catch::Contains("tidegate report"));
  CHECK_THAT(content_of(directory.report()), Catch::Contains("cut_short"));
}

TEST_CASE("the moment of the cut is the end of what was measured") {
  const ScratchDirectory scratch;
  SyntheticRun run;
  run.finished = false;  // half of 33 seconds
  const json::object data = data_of(test::write_synthetic_run(scratch.file("run"), run));
  CHECK_THAT(std::string(data.at("cut_short").as_string()), Catch::StartsWith("Cut short at 16 s"));
  CHECK(data.at("axis").at("measured_end") == 16);
  const json::array& offered = data.at("charts").at(0).at("lines").at(1).at("values").as_array();
  CHECK_FALSE(offered.at(15).is_null());
  CHECK(offered.at(16).is_null());  // unknown, not zero
}

TEST_CASE("files that are missing, foreign or newer are said on the page") {
  const ScratchDirectory scratch;
  const auto directory = test::write_synthetic_run(scratch.file("run"), {});
  std::filesystem::remove(directory.events());
  put_content(directory.series(), std::string("TGSERIES\x02\0\0\0\0\0\0\0", 16));
  put_content(directory.verdict(), "{\"schema\":\"tidegate.verdict/7\"}");
  const std::string notices = notices_of(data_of(directory));
  CHECK_THAT(notices, Catch::Contains("events.ndjson") && Catch::Contains("series.tgs") &&
                          Catch::Contains("newer tidegate") && Catch::Contains("verdict"));
  std::filesystem::remove(directory.series());
  CHECK_THAT(notices_of(data_of(directory)), Catch::Contains("series.tgs"));
}

TEST_CASE("without a readable run.json, or a place to write, there is an error and no page") {
  const ScratchDirectory scratch;
  const auto directory = test::write_synthetic_run(scratch.file("run"), {});
  put_content(directory.run_json(), "{\"schema\":\"tidegate.run/2\"}");
  const auto newer = write_html(directory);
  REQUIRE_FALSE(newer.ok());
  CHECK_THAT(newer.error().message, Catch::Contains("newer tidegate"));
  CHECK_FALSE(std::filesystem::exists(directory.report()));

  const auto other = test::write_synthetic_run(scratch.file("other"), {});
  std::filesystem::create_directory(other.report());  // in the way
  const auto blocked = write_html(other);
  REQUIRE_FALSE(blocked.ok());
  CHECK_THAT(blocked.error().message, Catch::Contains(other.report()));
}

TEST_CASE("a page of many counterexamples shows the first and counts all") {
  const ScratchDirectory scratch;
  const auto directory = test::write_synthetic_run(scratch.file("run"), {});
  record::Verdict verdict = test::synthetic_verdict({});
  json::array many;
  for (int i = 0; i < 5000; ++i) many.push_back(json::object{{"key", std::to_string(i)}});
  verdict.audit.at(1).counterexamples = many;
  REQUIRE(directory.write_verdict(verdict).ok());
  const json::object data = data_of(directory);
  CHECK(data.at("verdict").at("audit").at(1).at("counterexamples").as_array().size() == 50);
  CHECK(data.at("verdict").at("audit").at(1).at("violations") == 5000);
  CHECK(std::filesystem::file_size(directory.report()) <= 400'000);
}
