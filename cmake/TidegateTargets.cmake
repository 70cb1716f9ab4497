# tidegate_library(NAME SOURCES a.cpp ... DEPENDS tidegate::x ... [PRIVATE_DEPENDS lib ...])
# makes the static library tidegate_NAME with the alias tidegate::NAME. Includes are written from the repository's
# root ("base/result.hpp"). Folder code links other folders only through their alias.
#
# tidegate_program(NAME SOURCES main.cpp DEPENDS ...) makes the program bin/NAME.

add_library(tidegate_flags INTERFACE)
target_compile_options(tidegate_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wno-psabi)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 raises these in coroutine frames and in inlined standard-library code where nothing is wrong.
  target_compile_options(tidegate_flags INTERFACE -fcoroutines -Wno-maybe-uninitialized -Wno-restrict
                         -Wno-stringop-overflow -Wno-array-bounds -Wno-dangling-pointer -Wno-mismatched-new-delete)
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

find_program(TIDEGATE_CCACHE ccache)
if(TIDEGATE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${TIDEGATE_CCACHE})
endif()

function(tidegate_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS;PRIVATE_DEPENDS")
  add_library(tidegate_${name} STATIC ${arg_SOURCES})
  add_library(tidegate::${name} ALIAS tidegate_${name})
  target_include_directories(tidegate_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(tidegate_${name} PUBLIC ${arg_DEPENDS} PRIVATE tidegate_flags ${arg_PRIVATE_DEPENDS})
endfunction()

function(tidegate_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS")
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE tidegate_flags ${arg_DEPENDS})
endfunction()
