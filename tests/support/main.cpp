// The one unit that holds Catch2's own code; every test program links its object.
#define CATCH_CONFIG_MAIN
#include "tests/support/catch.hpp"
