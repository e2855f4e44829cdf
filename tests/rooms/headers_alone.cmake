# Every public header compiles by itself: one source file for each, that includes nothing else, and includes it twice.
# The test builds the target; a plain build leaves it out.

set(header_sources "")
foreach(room IN LISTS SLUICE_ROOMS)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/${room}/*.h")
  list(APPEND public_headers ${headers})
endforeach()
foreach(header IN LISTS public_headers ITEMS sluice.h version.h)
  string(REPLACE "/" "_" name "${header}")
  set(source "${CMAKE_CURRENT_BINARY_DIR}/headers_alone/${name}.cpp")
  file(CONFIGURE OUTPUT "${source}" CONTENT "#include <sluice/${header}>\n#include <sluice/${header}>\n")
  list(APPEND header_sources "${source}")
endforeach()

add_library(headers_alone OBJECT EXCLUDE_FROM_ALL ${header_sources})
sluice_compile_options(headers_alone)
target_compile_options(headers_alone PRIVATE -O0 -g0)
# Who includes this page has Eigen, and no other page needs it. (fmt is among the system's headers.)
set_property(SOURCE "${CMAKE_CURRENT_BINARY_DIR}/headers_alone/graph_eigen.h.cpp" PROPERTY
  INCLUDE_DIRECTORIES "$<TARGET_PROPERTY:Eigen3::Eigen,INTERFACE_INCLUDE_DIRECTORIES>")
target_include_directories(headers_alone PRIVATE $<TARGET_PROPERTY:sluice,INTERFACE_INCLUDE_DIRECTORIES>)
