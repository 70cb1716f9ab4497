# tidegate_library(NAME SOURCES a.cpp ... [APART b.cpp ...] DEPENDS tidegate::x ... [PRIVATE_DEPENDS lib ...]
#                  [PRECOMPILED target])
# makes the static library tidegate_NAME with the alias tidegate::NAME. Includes are written from the repository's
# root ("base/result.hpp"). Folder code links other folders only through their alias. Sources that say the same names
# in their anonymous namespaces on purpose (one per kind of gate, say) are listed APART.
#
# tidegate_program(NAME SOURCES main.cpp DEPENDS ...) makes the program bin/NAME.

add_library(tidegate_flags INTERFACE)
target_compile_options(tidegate_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wno-psabi)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 raises these in coroutine frames and in inlined standard-library code where nothing is wrong.
  target_compile_options(tidegate_flags INTERFACE -fcoroutines -fpch-preprocess -Wno-maybe-uninitialized -Wno-restrict
                         -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds -Wno-dangling-pointer -Wno-mismatched-new-delete)
endif()
if(TIDEGATE_WERROR)
  target_compile_options(tidegate_flags INTERFACE -Werror)
endif()
if(TIDEGATE_SANITIZE)
  target_compile_options(tidegate_flags INTERFACE -fsanitize=${TIDEGATE_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(tidegate_flags INTERFACE -fsanitize=${TIDEGATE_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND TIDEGATE_SANITIZE MATCHES "undefined")
    # Clang 14 cannot assemble coroutines with it ("Cannot represent a difference across sections").
    target_compile_options(tidegate_flags INTERFACE -fno-sanitize=function)
  endif()
endif()

find_program(TIDEGATE_MOLD mold)
if(TIDEGATE_MOLD)
  # GCC 12 knows mold by name.
  target_link_options(tidegate_flags INTERFACE -fuse-ld=mold)
endif()

# ccache shares objects between checkouts: paths count from the root of the sources, and a precompiled header, which
# differs in each checkout, goes by the .sum file beside it.
find_program(TIDEGATE_CCACHE ccache)
if(TIDEGATE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime CCACHE_PCH_EXTSUM=1
      ${TIDEGATE_CCACHE})
endif()

# Standard headers and fmt, parsed once: a typical unit compiles in two thirds of the time. Sources still include what
# they use. Angle brackets keep the generated header, and so what ccache sees, equal in every checkout.
option(TIDEGATE_PRECOMPILE "Precompile the standard headers" ON)
set(TIDEGATE_COMMON_HEADERS
  <algorithm> <array> <chrono> <cmath> <cstdint> <functional> <map> <memory> <mutex> <optional> <set> <span>
  <string> <string_view> <thread> <unordered_map> <variant> <vector> <fmt/format.h>)

# Makes the target NAME, which carries the common headers and those given, for tidegate_reuse.
function(tidegate_precompile name)
  if(TIDEGATE_PRECOMPILE)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "HEADERS;DEPENDS;OPTIONS")
    add_library(${name} OBJECT ${CMAKE_SOURCE_DIR}/cmake/precompiled.cpp)
    target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
    target_link_libraries(${name} PRIVATE tidegate_flags fmt::fmt ${arg_DEPENDS})
    target_compile_options(${name} PRIVATE ${arg_OPTIONS})
    target_precompile_headers(${name} PRIVATE ${TIDEGATE_COMMON_HEADERS} ${arg_HEADERS})
    string(TOUPPER "${CMAKE_BUILD_TYPE}" build_type)
    get_target_property(options tidegate_flags INTERFACE_COMPILE_OPTIONS)
    file(WRITE ${CMAKE_BINARY_DIR}/CMakeFiles/${name}.dir/cmake_pch.hxx.gch.sum
         "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${build_type}} "
         "${options} ${arg_OPTIONS} ${fmt_VERSION} ${Catch2_VERSION} ${CLI11_VERSION} ${TIDEGATE_COMMON_HEADERS} ${arg_HEADERS}\n")
  endif()
endfunction()

function(tidegate_reuse target precompiled)
  if(TIDEGATE_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM ${precompiled})
    target_link_libraries(${target} PRIVATE fmt::fmt)
  endif()
endfunction()

tidegate_precompile(tidegate_precompiled)

# A clean build compiles the sources of a library in batches: most of a unit's time goes into headers and templates that
# its neighbours need too. A build that changes a file at a time is quicker without (preset dev).
option(TIDEGATE_BATCH "Compile the sources of a library in batches" OFF)
set(TIDEGATE_BATCH_SIZE 8)
if(TIDEGATE_BATCH AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # It spares the file that is compiled and takes the others for headers.
  target_compile_options(tidegate_flags INTERFACE -Wno-subobject-linkage)
endif()

# tidegate_batches(OUT NAME SOURCES ...): sets OUT to files that include the sources, TIDEGATE_BATCH_SIZE each. CMake's own
# unity builds name the sources by absolute path, which keeps ccache from sharing them between checkouts.
function(tidegate_batches out name)
  cmake_path(RELATIVE_PATH CMAKE_CURRENT_SOURCE_DIR BASE_DIRECTORY ${CMAKE_SOURCE_DIR} OUTPUT_VARIABLE folder)
  set(written ${ARGN})
  list(FILTER written EXCLUDE REGEX "^/")
  set(generated ${ARGN})
  list(FILTER generated INCLUDE REGEX "^/")
  set_source_files_properties(${written} PROPERTIES HEADER_FILE_ONLY TRUE)
  set(batches "")
  set(batch "")
  set(count 0)
  list(LENGTH written left)
  foreach(source IN LISTS written)
    string(APPEND batch "#include \"${folder}/${source}\"\n")
    math(EXPR count "${count} + 1")
    math(EXPR left "${left} - 1")
    math(EXPR full "${count} % ${TIDEGATE_BATCH_SIZE}")
    if(full EQUAL 0 OR left EQUAL 0)
      set(file ${CMAKE_CURRENT_BINARY_DIR}/batches/${name}_${count}.cpp)
      file(CONFIGURE OUTPUT ${file} CONTENT "${batch}" @ONLY)
      list(APPEND batches ${file})
      set(batch "")
    endif()
  endforeach()
  set(${out} ${written} ${generated} ${batches} PARENT_SCOPE)
endfunction()

function(tidegate_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "PRECOMPILED" "SOURCES;APART;DEPENDS;PRIVATE_DEPENDS")
  if(TIDEGATE_BATCH)
    tidegate_batches(arg_SOURCES ${name} ${arg_SOURCES})
  endif()
  add_library(tidegate_${name} STATIC ${arg_SOURCES} ${arg_APART})
  add_library(tidegate::${name} ALIAS tidegate_${name})
  target_include_directories(tidegate_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(tidegate_${name} PUBLIC ${arg_DEPENDS} PRIVATE tidegate_flags ${arg_PRIVATE_DEPENDS})
  if(NOT arg_PRECOMPILED)
    set(arg_PRECOMPILED tidegate_precompiled)
  endif()
  tidegate_reuse(tidegate_${name} ${arg_PRECOMPILED})
endfunction()

function(tidegate_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS")
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE tidegate_flags ${arg_DEPENDS})
  tidegate_reuse(${name} tidegate_precompiled)
endfunction()
