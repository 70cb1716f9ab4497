#pragma once
// Waiting for what other threads do, with a hard deadline.

#include <chrono>
#include <thread>

#include "tests/support/catch.hpp"

namespace tidegate::platform::test {

/// Until the condition holds; fails the test after 20 s.
template <typename Condition>
void wait_until(const Condition& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) FAIL("waited too long");
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace tidegate::platform::test
