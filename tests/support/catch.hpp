#pragma once
// Catch2 v2 or v3, whichever is installed. Tests include this header, never Catch2's own.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif
