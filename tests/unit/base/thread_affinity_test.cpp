#include "base/thread_affinity.hpp"

#include <thread>

#include "tests/support/catch.hpp"

using namespace tidegate;

TEST_CASE("a thread is kept on one processor, and threads that it starts; the others are not") {
  const std::vector<int> before = usable_processors();
  REQUIRE_FALSE(before.empty());
  std::vector<int> own, of_its_child;
  Result<void> kept = internal_error("not run");
  std::thread([&] {
    kept = keep_on_processor(before.back());
    own = usable_processors();
    std::thread([&] { of_its_child = usable_processors(); }).join();
  }).join();
  REQUIRE(kept.ok());
  CHECK(own == std::vector<int>{before.back()});
  CHECK(of_its_child == own);
  CHECK(usable_processors() == before);
}

TEST_CASE("a processor that is not there is refused, and nothing changes") {
  const std::vector<int> before = usable_processors();
  for (const int wrong : {-1, 1024, 1 << 20}) {
    const auto kept = keep_on_processor(wrong);
    INFO(wrong);
    REQUIRE_FALSE(kept.ok());
    CHECK(kept.error().message.find("processor " + std::to_string(wrong) + ": Invalid argument") != std::string::npos);
  }
  CHECK(usable_processors() == before);
}
