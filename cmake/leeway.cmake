# The three ways a target of ours is made. Flags belong to targets, never to the directory.

function(leeway_flags target)
  target_compile_definitions(${target} PRIVATE _GNU_SOURCE LEEWAY_VERSION="${PROJECT_VERSION}")
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wshadow -Wstrict-prototypes
    -Wmissing-prototypes -Wswitch-enum -Wpointer-arith -Wformat=2 -Wvla -fno-omit-frame-pointer
    $<$<C_COMPILER_ID:GNU>:-Wno-format-truncation> # fixed buffers are cut on purpose; what may not be cut is checked
    $<$<CONFIG:RelWithDebInfo,Release>:-O2>)
  if(LEEWAY_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(LEEWAY_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${LEEWAY_SANITIZE} -fno-sanitize-recover=all)
    target_link_options(${target} PRIVATE -fsanitize=${LEEWAY_SANITIZE})
  endif()
  if(LEEWAY_FUZZ)
    # coverage of the code under test, without which libFuzzer guesses blindly
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
endfunction()

# leeway_library(NAME folder SOURCES... ): a static library whose public headers are folder/include.
function(leeway_library name)
  add_library(${name} STATIC ${ARGN})
  target_include_directories(${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/include
                                     PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  leeway_flags(${name})
endfunction()

function(leeway_program name)
  add_executable(${name} ${ARGN})
  leeway_flags(${name})
endfunction()

# leeway_test(NAME test_x.c LIBS lib...): a cmocka program under ctest, named after its file.
function(leeway_test name)
  cmake_parse_arguments(T "" "TIMEOUT" "SOURCES;LIBS;LABELS" ${ARGN})
  add_executable(${name} ${T_SOURCES})
  leeway_flags(${name})
  target_link_libraries(${name} PRIVATE ${T_LIBS} cmocka m)
  add_test(NAME ${name} COMMAND ${name})
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 120)
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${T_TIMEOUT} LABELS "unit;${T_LABELS}"
    SKIP_RETURN_CODE 77)
endfunction()

# leeway_fuzzer(NAME fuzz_x.c LIBS lib...): built only with -DLEEWAY_FUZZ=ON under clang.
function(leeway_fuzzer name)
  if(NOT LEEWAY_FUZZ)
    return()
  endif()
  cmake_parse_arguments(T "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${T_SOURCES})
  leeway_flags(${name})
  target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(${name} PRIVATE ${T_LIBS})
endfunction()
