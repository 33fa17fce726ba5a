# Manual pages of the programs and of every subcommand, made by help2man from their help, and bash completion.
find_program(HELP2MAN help2man)
install(FILES ${PROJECT_SOURCE_DIR}/cli/completion.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
        RENAME promptbound)
if(NOT HELP2MAN)
  message(STATUS "help2man is not installed: there are no manual pages")
  return()
endif()

set(pages ${PROJECT_BINARY_DIR}/man)
add_custom_command(
  OUTPUT ${pages}/promptbound.1
  COMMAND ${CMAKE_CURRENT_LIST_DIR}/make-manual ${HELP2MAN} $<TARGET_FILE:promptbound> $<TARGET_FILE:promptbound-check> ${pages}
  DEPENDS promptbound promptbound-check ${CMAKE_CURRENT_LIST_DIR}/make-manual
  COMMENT "Manual pages" VERBATIM)
add_custom_target(manual ALL DEPENDS ${pages}/promptbound.1)
install(DIRECTORY ${pages}/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 FILES_MATCHING PATTERN "*.1")
