# Every third-party library the project links, as imported targets named once here.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(fmt REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(rdkafka REQUIRED IMPORTED_TARGET rdkafka)
pkg_check_modules(libpq REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
find_package(simdjson REQUIRED)
pkg_check_modules(jemalloc REQUIRED IMPORTED_TARGET jemalloc)
pkg_check_modules(re2 REQUIRED IMPORTED_TARGET re2)
# Its -pthread changes nothing here, but a unit that has it cannot use headers precompiled without it.
set_target_properties(PkgConfig::re2 PROPERTIES INTERFACE_COMPILE_OPTIONS "")
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(CURL REQUIRED)
find_package(Protobuf REQUIRED)

# Asio compiled once (base/asio_compiled.cpp) instead of in every unit that includes it.
add_library(tidegate_asio INTERFACE)
target_compile_definitions(tidegate_asio INTERFACE BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
                                                   BOOST_ASIO_DISABLE_VISIBILITY)
target_link_libraries(tidegate_asio INTERFACE Boost::headers Threads::Threads)
