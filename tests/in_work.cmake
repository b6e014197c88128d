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

# Stops at the first line of the text that does not match.
function(every_line what text pattern)
  string(REGEX MATCHALL "[^\n]+" lines "${text}")
  foreach(line ${lines})
    if(NOT line MATCHES "${pattern}")
      message(FATAL_ERROR "${what}: ${line}")
    endif()
  endforeach()
endfunction()
