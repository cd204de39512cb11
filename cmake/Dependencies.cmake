# Every third-party library, found once; modules link the imported targets that they use and no others.
# Those of the libraries are listed in packaging/cmake/dependencies.cmake, because users of the libraries need them too.
find_package(PkgConfig REQUIRED)
include(${CMAKE_SOURCE_DIR}/packaging/cmake/dependencies.cmake)
foreach(PACKAGE ${REPOTOOL_PACKAGES})
  find_package(${PACKAGE} REQUIRED)
endforeach()
foreach(ENTRY ${REPOTOOL_PKG_CONFIG})
  string(REPLACE "=" ";" ENTRY ${ENTRY})
  list(POP_FRONT ENTRY PREFIX MODULE)
  pkg_check_modules(${PREFIX} REQUIRED IMPORTED_TARGET ${MODULE})
endforeach()

# For the tools and for what comes later.
find_package(CLI11 REQUIRED)
pkg_check_modules(ARCHIVE REQUIRED IMPORTED_TARGET libarchive)
