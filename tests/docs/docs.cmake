# The code in README.md and docs/*.md is compiled and run; tests/docs/programs.awk says how a page marks it.

file(GLOB pages CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/README.md" "${PROJECT_SOURCE_DIR}/docs/*.md")
set(programs_dir "${CMAKE_CURRENT_BINARY_DIR}/docs")
set(extractor "${CMAKE_CURRENT_SOURCE_DIR}/docs/programs.awk")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${pages} "${extractor}")

set(programs "")
if(pages)
  file(REMOVE_RECURSE "${programs_dir}/fresh")
  file(MAKE_DIRECTORY "${programs_dir}/fresh")
  execute_process(COMMAND awk -v "out=${programs_dir}/fresh" -f "${extractor}" ${pages}
    OUTPUT_VARIABLE programs RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "The programs in ${pages} could not be cut out")
  endif()
  string(REGEX MATCHALL "[a-z0-9_]+" programs "${programs}")
endif()

foreach(program IN LISTS programs)
  file(REMOVE "${programs_dir}/${program}.expected")
  foreach(ending IN ITEMS cpp expected)
    if(EXISTS "${programs_dir}/fresh/${program}.${ending}")
      configure_file("${programs_dir}/fresh/${program}.${ending}" "${programs_dir}/" COPYONLY)
    endif()
  endforeach()
  add_executable(doc_${program} "${programs_dir}/${program}.cpp")
  target_link_libraries(doc_${program} PRIVATE sluice::sluice fmt::fmt Threads::Threads)
  add_test(NAME doc_${program}
    COMMAND bash "${CMAKE_CURRENT_SOURCE_DIR}/docs/check.sh" $<TARGET_FILE:doc_${program}> "${programs_dir}/${program}.expected")
  set_tests_properties(doc_${program} PROPERTIES LABELS docs TIMEOUT 300)
endforeach()

# The tables of the cheat sheet show nothing that its program does not compile.
add_test(NAME doc_cheat_sheet_table
  COMMAND awk -f "${CMAKE_CURRENT_SOURCE_DIR}/docs/table.awk" "${PROJECT_SOURCE_DIR}/docs/cheat_sheet.md")
set_tests_properties(doc_cheat_sheet_table PROPERTIES LABELS docs)
