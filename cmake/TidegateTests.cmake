# tidegate_tests(NAME SOURCES a_test.cpp ... DEPENDS tidegate::x ... [LABELS unit] [TIMEOUT seconds])
# makes the Catch2 program bin/tests/NAME and registers each of its test cases with ctest.
find_package(Catch2 2.13 REQUIRED)
include(Catch)

# Test code itself is not worth optimising: without, it compiles in two thirds of the time.
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  set(TIDEGATE_TEST_OPTIONS -O0)
endif()

add_library(tests_main OBJECT ${CMAKE_SOURCE_DIR}/tests/support/main.cpp)
target_include_directories(tests_main PUBLIC ${CMAKE_SOURCE_DIR})
target_link_libraries(tests_main PUBLIC Catch2::Catch2 PRIVATE tidegate_flags)
target_compile_options(tests_main PRIVATE ${TIDEGATE_TEST_OPTIONS})

tidegate_precompile(tests_precompiled HEADERS <tests/support/catch.hpp> DEPENDS Catch2::Catch2 OPTIONS ${TIDEGATE_TEST_OPTIONS})

function(tidegate_tests name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "SOURCES;DEPENDS;LABELS")
  add_executable(${name} ${arg_SOURCES} $<TARGET_OBJECTS:tests_main>)
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE tidegate_flags Catch2::Catch2 ${arg_DEPENDS})
  target_compile_options(${name} PRIVATE ${TIDEGATE_TEST_OPTIONS})
  tidegate_reuse(${name} tests_precompiled)
  target_compile_definitions(${name} PRIVATE TIDEGATE_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
                                             TIDEGATE_BINARY_DIR="${CMAKE_BINARY_DIR}")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin/tests)
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  catch_discover_tests(${name} TEST_PREFIX "${name}: " PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}")
endfunction()
