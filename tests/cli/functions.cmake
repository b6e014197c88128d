# For scripts that use the program PROGRAM in the folder they run in, WORK. run(CODE ARGUMENT...): out and err are what it said,
# `said` all that was said so far. expect(TEXT PATTERN). expect_80_columns(TEXT).
set(WORK ${CMAKE_CURRENT_BINARY_DIR})

function(run expected)
  execute_process(COMMAND ${PROGRAM} ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE err WORKING_DIRECTORY ${WORK})
  if(NOT code STREQUAL "${expected}")
    message(FATAL_ERROR "thorax ${ARGN}: exit code ${code}, expected ${expected}\n${out}${err}")
  endif()
  set(out "${out}" PARENT_SCOPE)
  set(err "${err}" PARENT_SCOPE)
  set(said "${said}${out}${err}" PARENT_SCOPE)
endfunction()

function(expect text pattern)
  if(NOT text MATCHES "${pattern}")
    message(FATAL_ERROR "no \"${pattern}\" in\n${text}")
  endif()
endfunction()

function(expect_80_columns text)
  string(REPEAT "[^\n]" 81 too_long)
  if(text MATCHES "${too_long}")
    message(FATAL_ERROR "more than 80 columns in\n${text}")
  endif()
endfunction()
