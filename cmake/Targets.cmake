# The kinds of target this project has. Sources are listed, never globbed.

# perennial_library(NAME SOURCES a.cc ... [DEPS lib...])
function(perennial_library NAME)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_library(${NAME} STATIC ${ARG_SOURCES})
  target_link_libraries(${NAME} PUBLIC perennial_options ${ARG_DEPS})
endfunction()

# The memory of programs that serve calls (docs/adr, "What a call costs"). Sanitizers bring their own.
add_library(perennial_allocator INTERFACE)
if(NOT PERENNIAL_SANITIZER)
  target_link_libraries(perennial_allocator INTERFACE PkgConfig::jemalloc)
endif()

# perennial_service(NAME SOURCES main.cc ... DEPS lib...): the executable `perennial-NAME`, installed as a component.
function(perennial_service NAME)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  string(REPLACE "_" "-" DASHED ${NAME})
  add_executable(perennial_${NAME} ${ARG_SOURCES})
  set_target_properties(perennial_${NAME} PROPERTIES OUTPUT_NAME perennial-${DASHED} RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
  target_link_libraries(perennial_${NAME} PRIVATE perennial_allocator ${ARG_DEPS})
  install(TARGETS perennial_${NAME} COMPONENT ${NAME})
endfunction()

# perennial_test(NAME LABEL unit|storage SOURCES a_test.cc ... DEPS lib...): one Catch2 executable, one ctest entry.
function(perennial_test NAME)
  cmake_parse_arguments(ARG "" "LABEL" "SOURCES;DEPS" ${ARGN})
  add_executable(${NAME} ${ARG_SOURCES})
  set_target_properties(${NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/bin)
  target_link_libraries(${NAME} PRIVATE perennial_test_support ${ARG_DEPS})
  set(RUNNER)
  if(ARG_LABEL STREQUAL "storage")
    set(RUNNER ${PROJECT_SOURCE_DIR}/tests/with-stores)
  endif()
  add_test(NAME ${ARG_LABEL}/${NAME} COMMAND ${RUNNER} $<TARGET_FILE:${NAME}> --use-colour no)
  set_tests_properties(${ARG_LABEL}/${NAME} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 300)
endfunction()
