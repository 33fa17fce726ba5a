# Installs into an empty folder, moves it, and uses nothing but what is there: a consumer, every header, the program.
# cmake -D BUILD=... -D SOURCE=... -D GENERATOR=... -D COMPILER=... -D WORK=... -P run.cmake
cmake_policy(VERSION 3.25)
set(prefix ${WORK}/prefix)
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})

# run(RESULT COMMAND...): fails unless the exit code is one of CODES; RESULT gets what was printed.
function(run result codes)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${WORK} RESULT_VARIABLE code OUTPUT_VARIABLE output
                  ERROR_VARIABLE output)
  if(NOT code IN_LIST codes)
    message(FATAL_ERROR "exit code ${code}: ${ARGN}\n${output}")
  endif()
  set(${result} "${output}" PARENT_SCOPE)
endfunction()

function(expect pattern text)
  if(NOT text MATCHES "${pattern}")
    message(FATAL_ERROR "expected ${pattern}, got\n${text}")
  endif()
endfunction()

run(ignored 0 ${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/installed)
file(RENAME ${WORK}/installed ${prefix})

# What is there, and what is not.
foreach(path bin/promptbound bin/promptbound-check share/promptbound/proofs/theorems.txt
             share/promptbound/proofs/Makefile share/promptbound/proofs/certificates/entropy_bits_claim.v
             share/promptbound/published_models.csv share/bash-completion/completions/promptbound
             share/doc/promptbound/LICENSE share/doc/promptbound/NOTICE share/doc/promptbound/CITATION.cff
             share/doc/promptbound/docs/theory/1-prompt-length.md include/promptbound/verify/check/check.hpp)
  if(NOT EXISTS ${prefix}/${path})
    message(FATAL_ERROR "${path} is not installed")
  endif()
endforeach()
file(GLOB_RECURSE installed RELATIVE ${prefix} ${prefix}/*)
foreach(path ${installed})
  if(path MATCHES "(^include/promptbound/cli/|-inl[.]hpp$|_kernel[.]hpp$)")
    message(FATAL_ERROR "${path} is internal, but installed")
  endif()
endforeach()
execute_process(COMMAND grep -rlF -- ${SOURCE}/ ${prefix} OUTPUT_VARIABLE traces RESULT_VARIABLE code)
if(NOT code EQUAL 1)
  message(FATAL_ERROR "these hold a path of the tree that they were built from:\n${traces}")
endif()

# The Debian package: the same files under /usr, and the packages of the libraries that the programs load.
find_program(DPKG_DEB dpkg-deb)
find_program(DPKG_SHLIBDEPS dpkg-shlibdeps)
if(DPKG_DEB AND DPKG_SHLIBDEPS)
  # Without compression: it would take most of the time.
  run(ignored 0 ${CMAKE_CPACK_COMMAND} -G DEB --config ${BUILD}/CPackConfig.cmake -B ${WORK}
      -D CPACK_DEBIAN_COMPRESSION_TYPE=none)
  file(GLOB package ${WORK}/promptbound_${VERSION}_*.deb)
  run(contents 0 ${DPKG_DEB} --contents ${package})
  foreach(path ${installed})
    string(FIND "${contents}" " ./usr/${path}\n" at)
    if(at EQUAL -1)
      message(FATAL_ERROR "the Debian package has no /usr/${path}:\n${contents}")
    endif()
  endforeach()
  run(depends 0 ${DPKG_DEB} --field ${package} Depends)
  foreach(library libc6 libfmt libgmp10 libhwy libmimalloc libmpfi libmpfr6 libssl libstdc\\+\\+6 libtbb libzip)
    expect("(^|, )${library}" "${depends}")
  endforeach()
else()
  message(STATUS "dpkg-dev is not installed: the Debian package is not built")
endif()

# A consumer: the tokens of entropy-bits.
foreach(project examples/consumer tests/package)
  get_filename_component(name ${project} NAME)
  run(ignored 0 ${CMAKE_COMMAND} -S ${SOURCE}/${project} -B ${WORK}/${name} -G ${GENERATOR}
      -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_PREFIX_PATH=${prefix})
  run(ignored 0 ${CMAKE_COMMAND} --build ${WORK}/${name} --parallel 2)
endforeach()
run(tokens 0 ${WORK}/consumer/consumer)
expect("^20\n$" "${tokens}")

# The program: its version, and the development that belongs to it.
run(version 0 ${prefix}/bin/promptbound --version)
expect("^promptbound ${VERSION}\n$" "${version}")
run(ignored 0 ${prefix}/bin/promptbound eval entropy-bits --d 2 --L 2 --eps 1/10 --coq claim.v)
run(answer "0;3" ${prefix}/bin/promptbound coq-check --time-limit 600 claim.v)
if(EXISTS ${prefix}/share/promptbound/proofs/certificates/entropy_bits_necessary.vo)
  expect("(^proved: claim.v: [0-9]+ theorems|coqc is not installed)" "${answer}")
else()
  expect("the development in ${prefix}/share/promptbound/proofs is not compiled" "${answer}")
endif()
message(STATUS "consumer: ${tokens}${answer}")
