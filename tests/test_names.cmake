# A test's name with a semicolon would be two names to CTest, and a filter that no test fits: it would pass without having run. ROOT.
file(GLOB_RECURSE files ${ROOT}/*.cpp)
foreach(file ${files})
  file(STRINGS ${file} names REGEX "TEST_CASE\\(\"[^\"]*;")
  if(names)
    message(FATAL_ERROR "${file}: a semicolon in a test's name: ${names}")
  endif()
endforeach()
