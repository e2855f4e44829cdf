# What `cmake --install` lays down: the library, real header files under include/sluice/ and the package that
# `find_package(sluice CONFIG)` finds. (A header FILE_SET would need CMake 3.23.)

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

install(TARGETS sluice EXPORT sluice-targets)
foreach(room IN LISTS SLUICE_ROOMS)
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/${room}" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/sluice"
    FILES_MATCHING PATTERN "*.h")
endforeach()
install(FILES "${SLUICE_INCLUDE_DIR}/sluice/sluice.h" "${SLUICE_INCLUDE_DIR}/sluice/version.h"
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/sluice")

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/sluice")
install(EXPORT sluice-targets NAMESPACE sluice:: DESTINATION "${package_dir}")
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/sluice-config.cmake.in"
  "${PROJECT_BINARY_DIR}/sluice-config.cmake" INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/sluice-config-version.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/sluice-config.cmake" "${PROJECT_BINARY_DIR}/sluice-config-version.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/Findutf8proc.cmake" DESTINATION "${package_dir}")
