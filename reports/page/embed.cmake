# cmake -DINPUT=page.html -DOUTPUT=page.cpp -P embed.cmake
# Writes the page as a C++ string, so that the program carries it.
file(READ ${INPUT} page)
string(FIND "${page}" ")tidegate_page\"" delimiter)
if(NOT delimiter EQUAL -1)
  message(FATAL_ERROR "${INPUT} holds the delimiter of the string that it is embedded in")
endif()
# Long literals are split: compilers need not take more than 64 KiB in one.
string(LENGTH "${page}" length)
set(pieces "")
set(at 0)
while(at LESS length)
  string(SUBSTRING "${page}" ${at} 32000 piece)
  string(APPEND pieces "    R\"tidegate_page(${piece})tidegate_page\"\n")
  math(EXPR at "${at} + 32000")
endwhile()
file(WRITE ${OUTPUT} "// Generated from the report page; see reports/README.md.\n#include \"reports/html.hpp\"\n\n"
  "namespace tidegate::reports {\n\nstd::string_view page_template() {\n  return\n${pieces}      ;\n}\n\n"
  "}  // namespace tidegate::reports\n")
