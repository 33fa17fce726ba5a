# promptbound_fuzz_unit(NAME SOURCES...): these sources of the library, given from the project's root, compiled as one.
# promptbound_fuzz_target(NAME UNITS...): tests/fuzz/NAME.cpp with these units as a libFuzzer program under the
# sanitizers, and a test that runs it for some seconds from the inputs in tests/fuzz/corpus/NAME. A crash leaves its
# input in the build folder; put it into the corpus once fixed.
#
# libFuzzer comes with clang, whatever compiles the rest, so the instrumented objects are built by rules of their own.
find_program(PROMPTBOUND_FUZZ_COMPILER NAMES clang++ clang++-14)
set(PROMPTBOUND_FUZZ_SECONDS 20 CACHE STRING "seconds that each fuzz test runs")
set(PROMPTBOUND_FUZZ_FLAGS -std=c++20 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all)

set(PROMPTBOUND_FUZZ_FOLDER ${PROJECT_BINARY_DIR}/fuzz)

function(promptbound_fuzz_object name source)
  set(object ${PROMPTBOUND_FUZZ_FOLDER}/${name}.o)
  add_custom_command(
    OUTPUT ${object}
    COMMAND ${PROMPTBOUND_FUZZ_COMPILER} ${PROMPTBOUND_FUZZ_FLAGS} -I${PROMPTBOUND_INCLUDE_DIR} -I${EIGEN3_INCLUDE_DIR}
            -MMD -MF ${object}.d -c ${source} -o ${object}
    DEPENDS ${source}
    DEPFILE ${object}.d
    COMMENT "Fuzzing: ${name}" VERBATIM)
endfunction()

function(promptbound_fuzz_unit name)
  set(text "")
  foreach(source ${ARGN})
    string(APPEND text "#include \"${PROJECT_SOURCE_DIR}/${source}\"\n")
  endforeach()
  file(CONFIGURE OUTPUT ${PROMPTBOUND_FUZZ_FOLDER}/unit_${name}.cpp CONTENT "${text}" @ONLY)
  promptbound_fuzz_object(unit_${name} ${PROMPTBOUND_FUZZ_FOLDER}/unit_${name}.cpp)
endfunction()

function(promptbound_fuzz_target name)
  if(NOT PROMPTBOUND_FUZZ_COMPILER)
    message(STATUS "clang++ is not installed: no fuzz target ${name}")
    return()
  endif()
  set(folder ${PROMPTBOUND_FUZZ_FOLDER})
  promptbound_fuzz_object(${name} ${PROJECT_SOURCE_DIR}/tests/fuzz/${name}.cpp)
  set(objects ${folder}/${name}.o)
  foreach(unit ${ARGN})
    list(APPEND objects ${folder}/unit_${unit}.o)
  endforeach()
  add_custom_command(
    OUTPUT ${folder}/${name}
    COMMAND ${PROMPTBOUND_FUZZ_COMPILER} ${PROMPTBOUND_FUZZ_FLAGS} ${objects} -o ${folder}/${name} -lzip -lcrypto -lfmt
            -lmpfi -lmpfr -lgmp
    COMMAND ${CMAKE_COMMAND} -E make_directory ${folder}/found/${name}
    DEPENDS ${objects} VERBATIM)
  add_custom_target(fuzz_${name} ALL DEPENDS ${folder}/${name})
  add_test(NAME fuzz_${name}
           COMMAND ${folder}/${name} -max_total_time=${PROMPTBOUND_FUZZ_SECONDS} -rss_limit_mb=1024 -timeout=10
                   -print_final_stats=1 -artifact_prefix=${folder}/${name}- ${folder}/found/${name}
                   ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
  set_tests_properties(fuzz_${name} PROPERTIES LABELS fuzz)
endfunction()
