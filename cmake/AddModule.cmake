# add_module(NAME SOURCES a.cpp… DEPENDS target… [PRIVATE_DEPENDS target…])
# One static library per folder. A link edge is the permission to include: tests/lint checks it.
add_library(repotool_warnings INTERFACE)
target_compile_options(repotool_warnings INTERFACE -Wall -Wextra -Wconversion -Wshadow
  $<$<BOOL:${REPOTOOL_WERROR}>:-Werror>)
target_include_directories(repotool_warnings INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(repotool_warnings INTERFACE REPOTOOL_VERSION="${PROJECT_VERSION}")

function(add_module NAME)
  cmake_parse_arguments(M "" "" "SOURCES;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  add_library(${NAME} STATIC ${M_SOURCES})
  target_link_libraries(${NAME} PUBLIC ${M_DEPENDS} PRIVATE repotool_warnings ${M_PRIVATE_DEPENDS})
  target_include_directories(${NAME} PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}>)
endfunction()

# add_tool(NAME SOURCES a.cpp… DEPENDS target…): an executable in build/<preset>/bin.
function(add_tool NAME)
  cmake_parse_arguments(T "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${NAME} ${T_SOURCES})
  target_link_libraries(${NAME} PRIVATE repotool_warnings ${T_DEPENDS})
endfunction()
