# The library: one target, made of the rooms at the top of the repository.
#
# Sources are globbed on purpose: a new op, pass or cell is one new file and no list to edit. CONFIGURE_DEPENDS makes
# the build look for new files by itself.

set(SLUICE_ROOMS kernels graph ops compile check nn optim io text data)

set(sluice_sources "")
foreach(room IN LISTS SLUICE_ROOMS)
  file(GLOB room_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${room}/*.cpp")
  set_property(SOURCE ${room_sources} PROPERTY UNITY_GROUP "${room}")
  list(APPEND sluice_sources ${room_sources})
endforeach()

# Kernels built for one instruction set carry it in their name. They are chosen when the program starts, so the binary
# still runs on every x86-64; other architectures leave these files out. What is worth a vector register is written with one
# there; a compiler that also puts neighbouring addresses and sizes into one waits for stores that a register cannot read
# before they are in the cache.
set(sluice_avx2_flags -mavx2 -mfma -fno-tree-slp-vectorize)
set(sluice_avx512_flags -mavx512f -mavx512dq -mavx512bw -mavx512vl -mfma -mprefer-vector-width=512
                        -fno-tree-slp-vectorize)
foreach(isa IN ITEMS avx2 avx512)
  set(isa_sources ${sluice_sources})
  list(FILTER isa_sources INCLUDE REGEX "/kernels/[^/]*_${isa}\\.cpp$")
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    set_property(SOURCE ${isa_sources} APPEND PROPERTY COMPILE_OPTIONS ${sluice_${isa}_flags})
    set_property(SOURCE ${isa_sources} PROPERTY SKIP_PRECOMPILE_HEADERS ON)
  elseif(isa_sources)
    list(REMOVE_ITEM sluice_sources ${isa_sources})
  endif()
endforeach()

# A unity build (CMAKE_UNITY_BUILD) compiles a room at a time. The backends of products stay apart: they give the same
# names to the same things.
file(GLOB backend_sources "${PROJECT_SOURCE_DIR}/kernels/gemm_*.cpp")
set_property(SOURCE ${backend_sources} PROPERTY SKIP_UNITY_BUILD_INCLUSION ON)

# Without optimisation g++ refuses Eigen's prefetches behind a precompiled header.
set_property(SOURCE "${PROJECT_SOURCE_DIR}/kernels/gemm_eigen.cpp" PROPERTY SKIP_PRECOMPILE_HEADERS ON)

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(Eigen3 REQUIRED NO_MODULE)
find_package(ZLIB REQUIRED)
find_package(utf8proc MODULE REQUIRED)
find_path(SLUICE_CEREAL_INCLUDE cereal/cereal.hpp REQUIRED)
find_path(SLUICE_JSON_INCLUDE nlohmann/json.hpp REQUIRED)
mark_as_advanced(SLUICE_CEREAL_INCLUDE SLUICE_JSON_INCLUDE)

add_library(sluice ${sluice_sources})
add_library(sluice::sluice ALIAS sluice)
sluice_compile_options(sluice)
sluice_precompile(sluice PRIVATE
  <algorithm> <functional> <memory> <string> <unordered_map> <unordered_set> <vector> <fmt/format.h> <fmt/ranges.h> <sluice/graph/arithmetic.h>)
set_target_properties(sluice PROPERTIES POSITION_INDEPENDENT_CODE ON UNITY_BUILD_MODE GROUP)

# One spelling of an include, here, in the build tree and installed: <sluice/ops/tanh.h>. The rooms stay at the top of
# the repository, so the build tree gets a folder `sluice` that links to them.
set(SLUICE_INCLUDE_DIR "${PROJECT_BINARY_DIR}/include")
file(MAKE_DIRECTORY "${SLUICE_INCLUDE_DIR}/sluice")
set(sluice_includes "")
foreach(room IN LISTS SLUICE_ROOMS)
  if(EXISTS "${PROJECT_SOURCE_DIR}/${room}")
    file(CREATE_LINK "${PROJECT_SOURCE_DIR}/${room}" "${SLUICE_INCLUDE_DIR}/sluice/${room}" SYMBOLIC COPY_ON_ERROR)
  endif()
  # <sluice/sluice.h> has all pages but the kernels', which users have no need of, and those for users of Eigen and fmt.
  file(GLOB headers CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/${room}/*.h")
  foreach(header IN LISTS headers)
    if(NOT room STREQUAL "kernels" AND NOT header MATCHES "^graph/(eigen|fmt)\\.h$")
      string(APPEND sluice_includes "#include <sluice/${header}>\n")
    endif()
  endforeach()
endforeach()
configure_file("${PROJECT_SOURCE_DIR}/cmake/sluice.h.in" "${SLUICE_INCLUDE_DIR}/sluice/sluice.h" @ONLY)
configure_file("${PROJECT_SOURCE_DIR}/cmake/version.h.in" "${SLUICE_INCLUDE_DIR}/sluice/version.h" @ONLY)
# Errors name lines of the user. The library's own files are called @sluice/..., so that a line captured in one of them is
# known not to be the user's (Location::of_user). ccache may hand the compiler paths relative to the folder of the build.
foreach(folder IN ITEMS "${PROJECT_SOURCE_DIR}" "${SLUICE_INCLUDE_DIR}/sluice")
  file(RELATIVE_PATH relative "${CMAKE_BINARY_DIR}" "${folder}")
  string(REGEX REPLACE "/+$" "" relative "${relative}")
  target_compile_options(sluice PRIVATE "-fmacro-prefix-map=${folder}/=@sluice/" "-fmacro-prefix-map=${relative}/=@sluice/")
endforeach()
target_include_directories(sluice PUBLIC
  $<BUILD_INTERFACE:${SLUICE_INCLUDE_DIR}>
  $<INSTALL_INTERFACE:include>)

# Header-only and out of the public headers: users of the installed library need neither of these.
target_link_libraries(sluice PRIVATE $<BUILD_INTERFACE:Eigen3::Eigen>)
target_include_directories(sluice SYSTEM PRIVATE ${SLUICE_CEREAL_INCLUDE} ${SLUICE_JSON_INCLUDE})

target_link_libraries(sluice PRIVATE fmt::fmt Threads::Threads ZLIB::ZLIB utf8proc::utf8proc)
