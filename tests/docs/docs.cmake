# The documentation as a site and as data. What a test needs and is not installed is said by a disabled test's name.
find_program(SPHINX sphinx-build)
find_program(DOXYGEN doxygen)
find_program(CHROMIUM chromium)
if(SPHINX AND DOXYGEN AND CHROMIUM AND PDFLATEX AND EXISTS /usr/share/javascript/mathjax/MathJax.js)
  add_test(NAME docs_site COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/docs/site.py)
else()
  add_test(NAME docs_site_without_sphinx_doxygen_mathjax_pdflatex_or_chromium COMMAND ${CMAKE_COMMAND} -E true)
  set_tests_properties(docs_site_without_sphinx_doxygen_mathjax_pdflatex_or_chromium PROPERTIES DISABLED TRUE)
endif()

# What the commands of docs/results.md name.
add_test(NAME docs_results COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/docs/results.py)

# What the subcommands print as JSON, against docs/json.schema.json.
execute_process(COMMAND ${PYTHON3} -c "import jsonschema; jsonschema.Draft202012Validator" RESULT_VARIABLE no_jsonschema
                OUTPUT_QUIET ERROR_QUIET)
if(PYTHON3 AND no_jsonschema EQUAL 0)
  add_test(NAME docs_json_schema COMMAND ${PYTHON3} -B ${CMAKE_CURRENT_SOURCE_DIR}/docs/json_schema.py
                                         --program $<TARGET_FILE:promptbound>)
else()
  add_test(NAME docs_json_schema_without_jsonschema COMMAND ${CMAKE_COMMAND} -E true)
  set_tests_properties(docs_json_schema_without_jsonschema PROPERTIES DISABLED TRUE)
endif()

# What the subcommands print as LaTeX, in a document.
if(PDFLATEX)
  add_test(NAME docs_latex COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/docs/latex.py
                                   --program $<TARGET_FILE:promptbound>)
else()
  add_test(NAME docs_latex_without_pdflatex COMMAND ${CMAKE_COMMAND} -E true)
  set_tests_properties(docs_latex_without_pdflatex PROPERTIES DISABLED TRUE)
endif()

# The theory as one document.
find_program(PDFTOTEXT pdftotext)
if(PDFLATEX AND PDFTOTEXT)
  add_test(NAME docs_theory_pdf COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/docs/theory_pdf.py)
else()
  add_test(NAME docs_theory_pdf_without_pdflatex_or_pdftotext COMMAND ${CMAKE_COMMAND} -E true)
  set_tests_properties(docs_theory_pdf_without_pdflatex_or_pdftotext PROPERTIES DISABLED TRUE)
endif()
