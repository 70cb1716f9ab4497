#pragma once
// What a program still has when an allocation fails: some memory set aside, to end its work in order.

#include <cstddef>

namespace tidegate {

/// Sets `bytes` aside and installs a handler for failed allocations: the first one gives them back and goes on, and
/// memory_reserve_used() is true from then on. One that fails after that ends the program with exit code 97 and a
/// message on standard error. Call once, before there are threads.
void set_memory_aside(std::size_t bytes);
/// From any thread.
bool memory_reserve_used() noexcept;

}  // namespace tidegate
