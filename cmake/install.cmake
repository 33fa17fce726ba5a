# The installed tree: the programs, the library as a CMake package (find_package(promptbound) gives
# promptbound::promptbound), the Coq development that coq-check compiles certificates against, and the theory.
include(CMakePackageConfigHelpers)

# The command is a program, not a library for others.
get_property(libraries GLOBAL PROPERTY PROMPTBOUND_LIBRARIES)
list(REMOVE_ITEM libraries promptbound_cli)
get_property(folders GLOBAL PROPERTY PROMPTBOUND_FOLDERS)
list(REMOVE_ITEM folders cli)

add_library(promptbound_all INTERFACE)
set_target_properties(promptbound_all PROPERTIES EXPORT_NAME promptbound)
target_link_libraries(promptbound_all INTERFACE ${libraries})

install(TARGETS promptbound_all ${libraries} EXPORT promptbound_targets)
install(TARGETS promptbound promptbound-check)

# Headers that only our own sources include: kernels, what they share, and the insides of the checker.
set(internal "(_kernel|/adapter_folder|/expression_parser|-inl|/kept_memory|/thread_parts|/instruction_sets|/check/box_model|/check/expression|/check/language_model|/check/prompt_rounding|/check/memorize_problem|/check/model|/check/packed_network|/check/target)")
foreach(folder ${folders})
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${folder}/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/promptbound/${folder}
          FILES_MATCHING PATTERN "*.hpp" REGEX "${internal}[.]hpp$" EXCLUDE)
endforeach()

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/promptbound)
install(EXPORT promptbound_targets NAMESPACE promptbound:: DESTINATION ${package_dir})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/promptboundConfig.cmake.in
                              ${PROJECT_BINARY_DIR}/promptboundConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/promptboundConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/promptboundConfig.cmake ${PROJECT_BINARY_DIR}/promptboundConfigVersion.cmake
        DESTINATION ${package_dir})

# Sources of the Coq development, and what is compiled of it: where nothing is, `make -C proofs` does it there.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/proofs/ DESTINATION ${PROMPTBOUND_DATA_DIR}/proofs USE_SOURCE_PERMISSIONS
        FILES_MATCHING PATTERN "*.v" PATTERN "*.vo" PATTERN "*.sh" PATTERN Makefile PATTERN _CoqProject
        PATTERN theorems.txt PATTERN README.md PATTERN gappa EXCLUDE)

install(FILES ${PROJECT_SOURCE_DIR}/cli/published_models.csv DESTINATION ${PROMPTBOUND_DATA_DIR})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/NOTICE ${PROJECT_SOURCE_DIR}/CITATION.cff
              ${PROJECT_SOURCE_DIR}/CHANGELOG.md
        DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs
        FILES_MATCHING PATTERN "*.md" PATTERN "*.csv" PATTERN "*.tex" PATTERN "*.svg")
install(FILES ${PROJECT_SOURCE_DIR}/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
include(${CMAKE_CURRENT_LIST_DIR}/manual.cmake)

# The Debian package of all of that: cpack -G DEB.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME promptbound)
set(CPACK_PACKAGE_CONTACT "the promptbound developers")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION math)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# The library is static: who links it needs these headers. coq-check needs Coq with its libraries.
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libgmp-dev, libmpfr-dev, libmpfi-dev, libboost-dev, libeigen3-dev, libfmt-dev, \
nlohmann-json3-dev, libtbb-dev, libhwy-dev, libzip-dev, libssl-dev, coq, libcoq-mathcomp-algebra-tactics, libcoq-mathcomp-analysis, \
libcoq-mathcomp-zify, libcoq-interval, libcoq-coquelicot")
include(CPack)
