# How our own code is compiled: `sluice_compile_options(target)`. Nothing here reaches the projects that use the library.

if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
  if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Type of build" FORCE)
  endif()
  find_program(SLUICE_CCACHE ccache)
  mark_as_advanced(SLUICE_CCACHE)
  if(SLUICE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${SLUICE_CCACHE}")
  endif()
endif()

# A first build is faster with precompiled headers. A compiler cache, which makes the later ones faster, does not find what
# was compiled with them.
set(precompile ${PROJECT_IS_TOP_LEVEL})
if(CMAKE_CXX_COMPILER_LAUNCHER)
  set(precompile OFF)
endif()
option(SLUICE_PRECOMPILE "Precompile the headers that most sources include" ${precompile})

# target_precompile_headers, if they are wanted.
function(sluice_precompile target)
  if(SLUICE_PRECOMPILE)
    target_precompile_headers(${target} ${ARGN})
  endif()
endfunction()

function(sluice_compile_options target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic $<$<CXX_COMPILER_ID:Clang>:-Wshadow> -Wnon-virtual-dtor -Woverloaded-virtual
    # g++ 12 sees overlaps in std::string that are not there (GCC bug 105651).
    $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>
    # Elementwise loops vectorise without these two promises about errno and floating-point traps, which nobody reads;
    # unlike -ffast-math they change no value.
    -fno-math-errno -fno-trapping-math
    # The same numbers from every compiler and at every optimisation: a fused multiply-add is one where the code says fma.
    -ffp-contract=off
    # With sanitizers g++ takes much for uninitialised that is not.
    $<$<BOOL:${SLUICE_WERROR}>:-Werror>
    $<$<AND:$<BOOL:${SLUICE_WERROR}>,$<CXX_COMPILER_ID:GNU>>:-Wno-error=maybe-uninitialized>)
endfunction()

# The sources of many programs as one, which nobody builds: clang-tidy takes far longer for the headers that a program
# includes than for its own lines. Each `main` gets a name of its own, and with it the duty to return a value; names in
# unnamed namespaces have to differ, as within a room.
function(sluice_read_as_one target)
  add_library(${target} OBJECT EXCLUDE_FROM_ALL ${ARGN})
  sluice_compile_options(${target})
  target_link_libraries(${target} PRIVATE sluice::sluice fmt::fmt Threads::Threads)
  target_compile_options(${target} PRIVATE -Wno-return-type)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0 UNITY_BUILD_UNIQUE_ID main)
endfunction()
