# For scripts that work in the folder WORK.
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
set(ENV{LC_ALL} C)

function(run out)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE text ERROR_VARIABLE err WORKING_DIRECTORY ${WORK})
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${ARGN}: exit code ${code}\n${text}${err}")
  endif()
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

function(expect what text expected)
  if(NOT text STREQUAL expected)
    message(FATAL_ERROR "${what}:\n${text}\nexpected:\n${expected}")
  endif()
endfunction()
