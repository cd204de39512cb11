# SPDX-License-Identifier: GPL-3.0-or-later
# What `cmake --install` does besides the targets, which add_module and add_tool install: find_package(repotool), documents.
include(CMakePackageConfigHelpers)
set(REPOTOOL_CMAKE_DIRECTORY ${CMAKE_INSTALL_LIBDIR}/cmake/repotool)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/repotoolConfig.cmake.in ${CMAKE_BINARY_DIR}/repotoolConfig.cmake
  INSTALL_DESTINATION ${REPOTOOL_CMAKE_DIRECTORY})
# Before 1.0 a minor version may change what the headers promise.
write_basic_package_version_file(${CMAKE_BINARY_DIR}/repotoolConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/repotoolConfig.cmake ${CMAKE_BINARY_DIR}/repotoolConfigVersion.cmake
  ${CMAKE_CURRENT_LIST_DIR}/dependencies.cmake DESTINATION ${REPOTOOL_CMAKE_DIRECTORY})
install(EXPORT repotoolTargets NAMESPACE repotool:: DESTINATION ${REPOTOOL_CMAKE_DIRECTORY})
install(FILES README.md LICENSE docs/ARCHITECTURE.md docs/FORMAT.md packaging/nginx.conf examples/publish_package.cpp
  DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY schemas DESTINATION ${CMAKE_INSTALL_DATADIR}/repotool FILES_MATCHING PATTERN "*.schema.json")
