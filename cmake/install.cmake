# The installed package: find_package(promptbound) gives promptbound::promptbound.
include(CMakePackageConfigHelpers)

get_property(libraries GLOBAL PROPERTY PROMPTBOUND_LIBRARIES)
get_property(folders GLOBAL PROPERTY PROMPTBOUND_FOLDERS)

add_library(promptbound_all INTERFACE)
set_target_properties(promptbound_all PROPERTIES EXPORT_NAME promptbound)
target_link_libraries(promptbound_all INTERFACE ${libraries})

install(TARGETS promptbound_all ${libraries} EXPORT promptbound_targets)
install(TARGETS promptbound promptbound-check)
foreach(folder ${folders})
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${folder}/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/promptbound/${folder}
          FILES_MATCHING PATTERN "*.hpp")
endforeach()
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/promptbound)
install(EXPORT promptbound_targets NAMESPACE promptbound:: DESTINATION ${package_dir})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/promptboundConfig.cmake.in
                              ${PROJECT_BINARY_DIR}/promptboundConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/promptboundConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/promptboundConfig.cmake ${PROJECT_BINARY_DIR}/promptboundConfigVersion.cmake
        DESTINATION ${package_dir})
