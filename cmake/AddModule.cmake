# add_module(NAME SOURCES a.cpp… DEPENDS target… [PRIVATE_DEPENDS target…] [PUBLIC_HEADERS a.hpp…])
# One static library per folder. A link edge is the permission to include: tests/lint checks it.
# A module with PUBLIC_HEADERS is installed and exported as repotool::NAME; headers that are not listed are private. INSTALLED
# stands for a module without any, which installed ones are linked with.
# Installed headers keep their paths below include/repotool, so that they include each other as they do here.
include(GNUInstallDirs)
set(REPOTOOL_INCLUDE_DIRECTORY ${CMAKE_INSTALL_INCLUDEDIR}/repotool)
add_library(repotool_warnings INTERFACE)
target_compile_options(repotool_warnings INTERFACE -Wall -Wextra -Wconversion -Wshadow
  $<$<BOOL:${REPOTOOL_WERROR}>:-Werror>)
target_include_directories(repotool_warnings INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(repotool_warnings INTERFACE REPOTOOL_VERSION="${PROJECT_VERSION}")

function(add_module NAME)
  cmake_parse_arguments(M "INSTALLED" "" "SOURCES;DEPENDS;PRIVATE_DEPENDS;PUBLIC_HEADERS" ${ARGN})
  add_library(${NAME} STATIC ${M_SOURCES})
  target_link_libraries(${NAME} PUBLIC ${M_DEPENDS} PRIVATE $<BUILD_INTERFACE:repotool_warnings> ${M_PRIVATE_DEPENDS})
  target_include_directories(${NAME} PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}>)
  if(M_PUBLIC_HEADERS OR M_INSTALLED)
    set_target_properties(${NAME} PROPERTIES OUTPUT_NAME repotool_${NAME})
    target_compile_features(${NAME} PUBLIC cxx_std_20)
    target_sources(${NAME} PUBLIC FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR} FILES ${M_PUBLIC_HEADERS})
    install(TARGETS ${NAME} EXPORT repotoolTargets FILE_SET HEADERS DESTINATION ${REPOTOOL_INCLUDE_DIRECTORY})
  endif()
endfunction()

# add_tool(NAME SOURCES a.cpp… DEPENDS target…): an executable in build/<preset>/bin.
function(add_tool NAME)
  cmake_parse_arguments(T "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${NAME} ${T_SOURCES})
  target_link_libraries(${NAME} PRIVATE repotool_warnings ${T_DEPENDS})
  install(TARGETS ${NAME})
endfunction()
