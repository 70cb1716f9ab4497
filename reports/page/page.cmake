# Sets TIDEGATE_BUILT_PAGE to the page that npm and esbuild make. Everything happens in the build tree: the sources and
# the lock file are copied there, and the packages are installed there.
find_program(TIDEGATE_NODE NAMES node nodejs)
find_program(TIDEGATE_NPM npm)
if(NOT TIDEGATE_NODE OR NOT TIDEGATE_NPM)
  message(FATAL_ERROR "The report page needs node (18 or newer) and npm. Install the packages nodejs and npm, or "
                      "configure with -DTIDEGATE_PAGE=OFF for a plain report without charts.")
endif()

set(page_source ${CMAKE_CURRENT_SOURCE_DIR}/page)
set(page_build ${CMAKE_CURRENT_BINARY_DIR}/page)
set(page_files
    build.mjs page.html tsconfig.json
    src/audit.ts src/capacity.ts src/chart.ts src/compare.ts src/data.ts src/distribution.ts src/dom.ts
    src/environment.ts src/events.ts src/faults.ts src/figure.ts src/format.ts src/gates.ts src/header.ts src/heat.ts
    src/history.ts src/lanes.ts src/later.ts src/life.ts src/live.ts src/main.ts src/navigation.ts src/requests.ts src/review.ts src/shading.ts
    src/style.css src/table.ts src/theme.ts src/timeline.ts)
list(TRANSFORM page_files PREPEND ${page_source}/ OUTPUT_VARIABLE page_file_paths)

# Scripts of packages are not run: esbuild finds its binary without them.
add_custom_command(
  OUTPUT ${page_build}/packages.stamp
  COMMAND ${CMAKE_COMMAND} -E make_directory ${page_build}
  COMMAND ${CMAKE_COMMAND} -E copy ${page_source}/package.json ${page_source}/package-lock.json ${page_source}/.npmrc
          ${page_build}
  COMMAND ${CMAKE_COMMAND} -E chdir ${page_build} ${TIDEGATE_NPM} ci --omit=dev --ignore-scripts --no-audit --no-fund --no-update-notifier
          --loglevel=error
  COMMAND ${CMAKE_COMMAND} -E touch ${page_build}/packages.stamp
  DEPENDS ${page_source}/package.json ${page_source}/package-lock.json ${page_source}/.npmrc
  COMMENT "Installing what builds the report page"
  VERBATIM)

set(TIDEGATE_BUILT_PAGE ${page_build}/dist/page.html)
add_custom_command(
  OUTPUT ${TIDEGATE_BUILT_PAGE}
  COMMAND ${CMAKE_COMMAND} -E copy ${page_source}/build.mjs ${page_source}/page.html ${page_source}/tsconfig.json
          ${page_build}
  COMMAND ${CMAKE_COMMAND} -E copy_directory ${page_source}/src ${page_build}/src
  COMMAND ${CMAKE_COMMAND} -E chdir ${page_build} ${TIDEGATE_NODE} build.mjs
  DEPENDS ${page_build}/packages.stamp ${page_file_paths}
  COMMENT "Building the report page"
  VERBATIM)
