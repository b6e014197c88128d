# thorax_embed(NAME FILE...): the text of the files, one behind the other, as thorax::NAME, a std::string_view; the source that is
# made for it is appended to the list `embedded`. Run as a script (-DNAME= -DFILES= -DOUT=), it writes that source.
if(CMAKE_SCRIPT_MODE_FILE)
  set(text "")
  string(REPLACE "|" ";" FILES "${FILES}")
  foreach(file ${FILES})
    file(READ ${file} one)
    # A browser would look for the map.
    string(REGEX REPLACE "//# sourceMappingURL=[^\n]*\n?" "" one "${one}")
    string(APPEND text "${one}\n")
  endforeach()
  file(WRITE ${OUT} "#include \"apps/report_assets.h\"\n\nnamespace thorax {\n\nconst std::string_view ${NAME} = R\"embedded(${text})embedded\";\n\n}  // namespace thorax\n")
  return()
endif()

function(thorax_embed name)
  list(JOIN ARGN "|" files)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp)
  add_custom_command(OUTPUT ${out} DEPENDS ${ARGN} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake VERBATIM
                     COMMAND ${CMAKE_COMMAND} -DNAME=${name} "-DFILES=${files}" -DOUT=${out} -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake)
  set(embedded ${embedded} ${out} PARENT_SCOPE)
endfunction()
