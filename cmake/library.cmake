# Flags of all our code, and promptbound_library(): one static library per folder.

add_library(promptbound_flags INTERFACE)
target_compile_options(promptbound_flags INTERFACE -Wall -Wextra -Wconversion)
# One build serves the programs and the Python module, which is a shared object; what it does not export is called
# directly.
target_compile_options(promptbound_flags INTERFACE -fPIC -fvisibility=hidden)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 warns of impossible copies inside std::string's operator+ and vector's constructors (GCC bugs 105651,
  # 105329); clang, without these options, watches the same.
  target_compile_options(promptbound_flags INTERFACE -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread
                                                     -Wno-array-bounds)
endif()
if(PROMPTBOUND_SANITIZE)
  target_compile_options(promptbound_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all
                                                    -fno-omit-frame-pointer)
  target_link_options(promptbound_flags INTERFACE -fsanitize=address,undefined)
  # g++ 12 takes members of std::function and std::variant for uninitialized where the sanitizers' checks hide what
  # sets them; clang's build has the warning without them.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(promptbound_flags INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()

find_package(PkgConfig REQUIRED)
pkg_check_modules(GMP REQUIRED IMPORTED_TARGET gmp)
pkg_check_modules(MPFR REQUIRED IMPORTED_TARGET mpfr)
find_library(MPFI_LIBRARY mpfi REQUIRED)
add_library(promptbound::mpfi UNKNOWN IMPORTED GLOBAL)
set_target_properties(promptbound::mpfi PROPERTIES IMPORTED_LOCATION ${MPFI_LIBRARY})
find_package(fmt REQUIRED)
find_package(Eigen3 REQUIRED NO_MODULE)

# Where what comes with the program is installed: the Coq development, published figures.
set(PROMPTBOUND_DATA_DIR ${CMAKE_INSTALL_DATADIR}/promptbound)
set(PROMPTBOUND_FULL_DATA_DIR ${CMAKE_INSTALL_FULL_DATADIR}/promptbound)

# Headers stand beside their sources and are included as <promptbound/FOLDER/...>: include/promptbound holds one
# link per source folder, so that editors and other tools find them without a build.
set(PROMPTBOUND_INCLUDE_DIR ${PROJECT_SOURCE_DIR}/include)

# The number types and what is made of them come from large template headers. They are precompiled once for all
# targets: a target's own precompiled header would cost as much as some of its sources.
add_library(promptbound_precompiled OBJECT ${PROJECT_SOURCE_DIR}/cmake/precompiled.cpp)
target_include_directories(promptbound_precompiled PRIVATE ${PROMPTBOUND_INCLUDE_DIR})
target_link_libraries(promptbound_precompiled PRIVATE promptbound_flags Eigen3::Eigen fmt::fmt)
target_precompile_headers(promptbound_precompiled PRIVATE ${PROJECT_SOURCE_DIR}/cmake/precompiled.hpp)
function(promptbound_precompile target)
  target_precompile_headers(${target} REUSE_FROM promptbound_precompiled)
  # The compiler takes the header only where the same macros are defined, and fmt's target defines one.
  target_link_libraries(${target} PRIVATE fmt::fmt)
endfunction()

# Our sources are short and their headers large: several of a library's sources, which stand in one folder, are compiled
# as one unit, so that headers are read, and what they define is instantiated, once for all of them. What a source has in
# its unnamed namespace needs a name of its own in its library, or its test program, then. Every file compiles by itself
# too, as the presets debug, asan, tidy and clang have it.
option(PROMPTBOUND_UNITY "compile the sources of a library, or a test program, several at a time" ON)

function(promptbound_unity target count)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${PROMPTBOUND_UNITY} UNITY_BUILD_BATCH_SIZE ${count})
  if(PROMPTBOUND_UNITY AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # A source is an included file then, of which g++ warns when a class keeps members of unnamed namespaces' types.
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
  endif()
endfunction()

# promptbound_target(TARGET [LIBRARIES...]): include path, flags, and a place in the installed package.
function(promptbound_target target)
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${PROMPTBOUND_INCLUDE_DIR}>
                                              $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${target} PUBLIC ${ARGN} PRIVATE $<BUILD_INTERFACE:promptbound_flags>)
  promptbound_precompile(${target})
  promptbound_unity(${target} 24)
  set_property(GLOBAL APPEND PROPERTY PROMPTBOUND_LIBRARIES ${target})
endfunction()

# promptbound_library(FOLDER ROOMS [LIBRARIES...]): the sources of the folder and of its rooms, the folders in it
# that ROOMS lists, as target promptbound_FOLDER.
function(promptbound_library folder rooms)
  set(sources)
  foreach(place ${folder} ${rooms})
    if(NOT place STREQUAL folder)
      set(place ${folder}/${place})
    endif()
    file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${place}/*.cpp)
    list(APPEND sources ${found})
  endforeach()
  add_library(promptbound_${folder} STATIC ${sources})
  promptbound_target(promptbound_${folder} ${ARGN})
  set_property(GLOBAL APPEND PROPERTY PROMPTBOUND_FOLDERS ${folder})
endfunction()
