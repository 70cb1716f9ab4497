#include "base/schema.hpp"

#include "tests/support/catch.hpp"

namespace tidegate::schema {
namespace {

std::string mistakes(const TypePointer& type, std::string_view text, const std::string& what = "thing") {
  Diagnostics diagnostics;
  const yaml::Node node = yaml::parse(text, "f.yaml", diagnostics);
  REQUIRE(diagnostics.text() == "");
  const bool conforms = check(node, *type, what, diagnostics);
  CHECK(conforms == diagnostics.empty());
  return diagnostics.text();
}

TypePointer load_block() {
  return object({required("executor", choice({"constant-vus", "ramping-arrival-rate"})),
                 required("flows", map_of(integer(0, 100))), optional("phases", text()), optional("rate", rate()),
                 optional("stages", list_of(object({optional("over", duration()), required("to", rate())})))});
}

}  // namespace

TEST_CASE("scalars") {
  struct Row {
    TypePointer type;
    const char *text, *want;
  };
  const Row rows[] = {
      {text(), "x", ""},
      {text(), "5", ""},
      {text(), "[x]", "f.yaml:1:1: expected a text for thing, found a list"},
      {text(), "~", "f.yaml:1:1: expected a text for thing, found nothing"},
      {boolean(), "true", ""},
      {boolean(), "yes", "f.yaml:1:1: expected true or false for thing, found 'yes'"},
      {integer(1, 65535), "65535", ""},
      {integer(1, 65535), "'7'", ""},  // quoted, as a variable leaves it
      {integer(1, 65535), "65536", "f.yaml:1:1: expected a whole number between 1 and 65535 for thing, found '65536'"},
      {integer(1), "0", "f.yaml:1:1: expected a whole number of at least 1 for thing, found '0'"},
      {integer(), "1.5", "f.yaml:1:1: expected a whole number for thing, found '1.5'"},
      {number(0, 1), "0.3", ""},
      {number(0, 1), "1.01", "f.yaml:1:1: expected a number between 0 and 1 for thing, found '1.01'"},
      {number(), "nan", "f.yaml:1:1: expected a number for thing, found 'nan'"},
      {duration(), "300ms", ""},
      {duration(), "300", "f.yaml:1:1: expected a duration with its unit, such as 300ms or 15s for thing, found '300'"},
      {rate(), "400", "f.yaml:1:1: expected a rate with its unit, such as 400/s, 30/m or 10/h for thing, found '400'"},
      {share(), "99.95%", ""},
      {share(), "0.9995", "f.yaml:1:1: expected a share in percent, such as 99.95% for thing, found '0.9995'"},
      {bytes(), "64K", "f.yaml:1:1: expected a size with its unit, such as 512B, 64KiB or 10MB for thing, found '64K'"},
      {choice({"poisson", "even"}), "poison",
       "f.yaml:1:1: expected one of poisson, even for thing, found 'poison'; did you mean 'poisson'?"},
      {any(), "{a: [1, ~, \"${x}\"]}", ""},
      {list_of(text()), "a", "f.yaml:1:1: expected a list for thing, found 'a'"},
      {object({}), "a", "f.yaml:1:1: expected a map for thing, found 'a'"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(mistakes(row.type, row.text) == row.want);
  }
}

TEST_CASE("every departure is reported at once, with place and spelling") {
  CHECK(mistakes(load_block(),
                 "executor: ramping-arival-rate\n"
                 "phasse: warmup\n"
                 "flows: {pay: 101, refund: x}\n"
                 "stages:\n"
                 "- {over: 15, to: 400/s}\n"
                 "- {ovre: 15s}\n"
                 "zebra_crossing: 1\n",
                 "load block 'shoppers'") ==
        "f.yaml:1:11: expected one of constant-vus, ramping-arrival-rate for 'executor' of load block 'shoppers', "
        "found 'ramping-arival-rate'; did you mean 'ramping-arrival-rate'?\n"
        "f.yaml:2:1: unknown key 'phasse' in load block 'shoppers'; did you mean 'phases'?\n"
        "f.yaml:3:14: expected a whole number between 0 and 100 for 'flows.pay' of load block 'shoppers', "
        "found '101'\n"
        "f.yaml:3:27: expected a whole number between 0 and 100 for 'flows.refund' of load block 'shoppers', "
        "found 'x'\n"
        "f.yaml:5:10: expected a duration with its unit, such as 300ms or 15s for 'stages[0].over' of load block "
        "'shoppers', found '15'\n"
        "f.yaml:6:3: missing key 'to' in 'stages[1]' of load block 'shoppers'\n"
        "f.yaml:6:4: unknown key 'ovre' in 'stages[1]' of load block 'shoppers'; did you mean 'over'?\n"
        "f.yaml:7:1: unknown key 'zebra_crossing' in load block 'shoppers'");
}

TEST_CASE("a missing key is reported at the object") {
  CHECK(mistakes(load_block(), "{}", "load block 'shoppers'") ==
        "f.yaml:1:1: missing key 'executor' in load block 'shoppers'\n"
        "f.yaml:1:1: missing key 'flows' in load block 'shoppers'");
  CHECK(mistakes(map_of(load_block()), "a: {executor: constant-vus}", "load") ==
        "f.yaml:1:4: missing key 'flows' in 'a' of load");
}

TEST_CASE("variables are left only where they are rendered later") {
  CHECK(mistakes(templated(), "\"/v1/${id}\"") == "");
  CHECK(mistakes(any(), "{a: \"${x}\"}") == "");
  CHECK(mistakes(text(), "a ${peak_rate} b") == "f.yaml:1:1: variable 'peak_rate' is not known in thing");
  CHECK(mistakes(duration(), "\"${warmup}\"") == "f.yaml:1:1: variable 'warmup' is not known in thing");
  CHECK(mistakes(duration(), "\"${warmup\"") == "f.yaml:1:1: variable '${warmup' is not known in thing");
  Type delay = *duration();
  delay.templated = true;
  const TypePointer templated_duration = std::make_shared<const Type>(delay);
  CHECK(mistakes(templated_duration, "\"${merchants.delay}\"") == "");
  CHECK(mistakes(templated_duration, "5") != "");
}

TEST_CASE("one_of goes by the kind of node") {
  const auto type = one_of({text(), list_of(integer()), object({required("file", text())})});
  CHECK(mistakes(type, "x") == "");
  CHECK(mistakes(type, "[1, 2]") == "");
  CHECK(mistakes(type, "{file: a.csv}") == "");
  CHECK(mistakes(type, "[1, x]") == "f.yaml:1:5: expected a whole number for '[1]' of thing, found 'x'");
  CHECK(mistakes(type, "{fiel: a.csv}") ==
        "f.yaml:1:1: missing key 'file' in thing\nf.yaml:1:2: unknown key 'fiel' in thing; did you mean 'file'?");
  CHECK(mistakes(type, "~") == "f.yaml:1:1: expected a text, or a list, or a map with file for thing, found nothing");
}

TEST_CASE("one_of among the same kind goes by what passes") {
  const auto scalar = one_of({duration(), choice({"none", "all"})});
  CHECK(mistakes(scalar, "15s") == "");
  CHECK(mistakes(scalar, "all") == "");
  CHECK(mistakes(scalar, "15") ==
        "f.yaml:1:1: expected a duration with its unit, such as 300ms or 15s, or one of none, all for thing, "
        "found '15'");
  CHECK(mistakes(scalar, "\"${x}\"") == "f.yaml:1:1: variable 'x' is not known in thing");
  // Two shapes of map: the one that is nearly met explains what is wrong.
  const auto maps = one_of(
      {object({required("latency", duration()), required("jitter", duration())}), object({required("kill", text())})});
  CHECK(mistakes(maps, "{kill: api}") == "");
  CHECK(mistakes(maps, "{latency: 5ms, jitter: 5}") ==
        "f.yaml:1:24: expected a duration with its unit, such as 300ms or 15s for 'jitter' of thing, found '5'");
}

TEST_CASE("typed reading of accepted nodes") {
  using namespace std::chrono_literals;
  const auto node = [](const char* text) { return yaml::Node::scalar(text); };
  CHECK(as_duration(node("300ms")) == 300ms);
  CHECK(as_rate(node("30/m")) == 0.5);
  CHECK(as_share(node("99.95%")) == 0.9995);
  CHECK(as_integer(node("-7")) == -7);
  CHECK(as_number(node("0.3")) == 0.3);
  CHECK(as_bytes(node("64KiB")) == 65536);
  CHECK(as_boolean(node("true")));
  CHECK_FALSE(as_boolean(node("false")));
}

}  // namespace tidegate::schema
