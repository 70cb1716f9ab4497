#include "record/run.hpp"

#include <sys/stat.h>

#include "tests/support/catch.hpp"
#include "tests/unit/record/scratch_directory.hpp"

using namespace tidegate;
using namespace tidegate::record;
using test::content_of;
using test::put_content;
using test::ScratchDirectory;

namespace {

RunInfo full_info() {
  RunInfo info;
  info.name = "black-friday";
  info.title = "Black <Friday>";
  info.variant = "smoke";
  info.command = "tidegate run scenario.yaml --variant smoke";
  info.seed = 20241129;
  info.version = "0.1.0";
  info.started_at = "2024-11-29T10:00:00Z";
  info.unix_origin_s = 1732874400.25;
  info.scenario_path = "scenarios/black-friday/scenario.yaml";
  info.scenario = "tidegate: 1\nname: black-friday\n";
  info.overrides = {"peak_rate=600/s"};
  info.phases = {{"warmup", 0, 3, false}, {"peak", 3, 18, true}};
  PlannedLoad load;
  load.block = "shoppers";
  load.executor = "ramping-arrival-rate";
  load.planned_iterations = 12345;
  load.flows = {{"pay", 1.0}};
  load.steps = {{"pay", {"create_payment", "payment_settled"}}};
  load.rate = {{0, 48}, {3, 600.5}};
  info.load = {load};
  info.tick_s = 0.001;
  info.scale = {{"peak", 0.12, 0.025}};
  info.machine = {"A CPU", "Linux 6", "Debian 12", 2, 25'000'000'000ULL};
  info.profile = "modern";
  info.groups = {"ledger", "acquiring"};
  info.finished = true;
  info.ended_s = 33.5;
  info.extra = {{"note", "x"}};
  return info;
}

RunDirectory created(const std::string& path) {
  auto directory = RunDirectory::create(path);
  INFO((directory ? std::string() : directory.error().message));
  REQUIRE(directory.ok());
  return *directory;
}

}  // namespace

TEST_CASE("run.json survives a round trip") {
  const ScratchDirectory scratch;
  const RunDirectory directory = created(scratch.file("runs/deep/one"));
  REQUIRE(directory.write_info(full_info()).ok());
  const auto reopened = RunDirectory::open(directory.path());
  REQUIRE(reopened.ok());
  const auto info = reopened->read_info();
  REQUIRE(info.ok());
  CHECK(to_json(*info) == to_json(full_info()));
  CHECK(info->load.at(0).rate == full_info().load.at(0).rate);
  CHECK(info->ended_s == 33.5);

  RunInfo unfinished = full_info();
  unfinished.finished = false;
  unfinished.ended_s.reset();
  REQUIRE(directory.write_info(unfinished).ok());  // written again, as at the end of a run
  CHECK_FALSE(directory.read_info()->ended_s.has_value());
}

TEST_CASE("a run directory has its folders and paths") {
  const ScratchDirectory scratch;
  const RunDirectory directory = created(scratch.file("run"));
  struct stat status {};
  CHECK(::stat((directory.path() + "/logs").c_str(), &status) == 0);
  CHECK(::stat((directory.path() + "/truth").c_str(), &status) == 0);
  CHECK(directory.series() == directory.path() + "/series.tgs");
  CHECK(directory.operations() == directory.path() + "/operations.tgo");
  CHECK(directory.events() == directory.path() + "/events.ndjson");
  CHECK(directory.log("gateway") == directory.path() + "/logs/gateway.log");
  CHECK(directory.truth("payments.ndjson.zst") == directory.path() + "/truth/payments.ndjson.zst");
}

TEST_CASE("a directory that holds a run already is not made again") {
  const ScratchDirectory scratch;
  const RunDirectory directory = created(scratch.file("run"));
  CHECK(RunDirectory::create(directory.path()).ok());  // empty so far: a run that failed before it began
  REQUIRE(directory.write_info(full_info()).ok());
  const auto again = RunDirectory::create(directory.path());
  REQUIRE_FALSE(again.ok());
  CHECK_THAT(again.error().message, Catch::Contains("--out"));
  CHECK(again.error().kind == Error::Kind::usage);
}

TEST_CASE("places where no run directory can be") {
  const ScratchDirectory scratch;
  put_content(scratch.file("file"), "x");
  CHECK_FALSE(RunDirectory::create(scratch.file("file")).ok());
  CHECK_FALSE(RunDirectory::create(scratch.file("file/below")).ok());
  CHECK_FALSE(RunDirectory::create("/proc/tidegate").ok());
}

TEST_CASE("what is no run directory, is damaged or newer cannot be opened") {
  const ScratchDirectory scratch;
  const auto refusal = [&scratch](const std::string& content) {
    put_content(scratch.file("run.json"), content);
    const auto opened = RunDirectory::open(scratch.path());
    return opened ? std::string("opened") : opened.error().message;
  };
  CHECK_THAT(RunDirectory::open(scratch.file("absent")).error().message, Catch::Contains("no such directory"));
  CHECK_THAT(RunDirectory::open(scratch.path()).error().message, Catch::Contains("no run.json"));
  CHECK_THAT(refusal("{\"schema\":\"tidegate.run/2\"}"),
             Catch::Contains("newer tidegate") && Catch::Contains(scratch.path()));
  CHECK_THAT(refusal("{\"schema\":\"tidegate.ru"), Catch::Contains("run.json"));
  CHECK_THAT(refusal(""), Catch::Contains("run.json"));
  CHECK_THAT(refusal("[]"), Catch::Contains("object"));
  CHECK_THAT(refusal("{}"), Catch::Contains("schema"));
  const std::string start = "{\"schema\":\"tidegate.run/1\",";
  CHECK_THAT(refusal(start + "\"phases\":[{\"name\":7}]}"), Catch::Contains("phases") && Catch::Contains("'name'"));
  CHECK_THAT(refusal(start + "\"phases\":[{\"start\":99999999999}]}"), Catch::Contains("'start'"));
  CHECK_THAT(refusal(start + "\"load\":[{\"rate\":[[1]]}]}"), Catch::Contains("'rate'"));
  CHECK_THAT(refusal(start + "\"load\":[{\"rate\":[[99999999999,1]]}]}"), Catch::Contains("'rate'"));
  CHECK_THAT(refusal(start + "\"scale\":{\"peak\":3}}"), Catch::Contains("peak"));
  CHECK(refusal(start + "\"later\":1}") == "opened");
}

TEST_CASE("findings are read when an audit ran, and only then") {
  const ScratchDirectory scratch;
  const RunDirectory directory = created(scratch.file("run"));
  auto none = directory.read_findings();
  REQUIRE(none.ok());
  CHECK_FALSE(none->has_value());

  REQUIRE(directory.write_findings({}).ok());
  auto empty = directory.read_findings();
  REQUIRE(empty.ok());
  REQUIRE(empty->has_value());
  CHECK((*empty)->empty());

  const std::string torn_key = "caf\xc3";  // cut inside a character
  REQUIRE(
      directory.write_findings({{"no_lost_acks", "false", 3, torn_key, {json::object{{torn_key, torn_key}}}}}).ok());
  auto found = directory.read_findings();
  INFO((found ? std::string() : found.error().message));
  REQUIRE(found.ok());
  REQUIRE((*found)->size() == 1);
  CHECK((*found)->at(0).outcome == "false");
  CHECK((*found)->at(0).reason == "caf\xef\xbf\xbd");

  put_content(directory.findings(), "{\"schema\":\"tidegate.findings/9\",\"findings\":[]}");
  CHECK_THAT(directory.read_findings().error().message, Catch::Contains("newer tidegate"));
  put_content(directory.findings(), "{\"schema\":\"tidegate.findings/1\",\"findings\":[{\"outcome\":\"maybe\"}]}");
  CHECK_FALSE(directory.read_findings().ok());
}

TEST_CASE("a verdict is written beside its run") {
  const ScratchDirectory scratch;
  const RunDirectory directory = created(scratch.file("run"));
  CHECK_FALSE(directory.read_verdict().ok());
  Verdict verdict;
  verdict.outcome = Outcome::warn;
  verdict.exit_code = 0;
  REQUIRE(directory.write_verdict(verdict).ok());
  CHECK(directory.read_verdict()->outcome == Outcome::warn);
  CHECK(content_of(directory.verdict()).find("\"tidegate.verdict/1\"") != std::string::npos);
}

TEST_CASE("this machine is described") {
  const MachineInfo machine = this_machine();
  CHECK(machine.cores >= 1);
  CHECK(machine.memory_bytes > 1'000'000);
  CHECK_THAT(machine.kernel, Catch::StartsWith("Linux "));
}
