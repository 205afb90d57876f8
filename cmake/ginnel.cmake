# How every target of the project is built.

if(NOT GINNEL_BOARD)
  find_package(PkgConfig REQUIRED)
  find_package(Threads REQUIRED)
  find_package(GTest REQUIRED)
  include(GoogleTest)
  include(GNUInstallDirs)
endif()

add_library(ginnel_warnings INTERFACE)
target_compile_options(ginnel_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror
  # TRY is a statement expression and says so with __extension__.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-gnu-statement-expression>)
target_include_directories(ginnel_warnings INTERFACE ${PROJECT_SOURCE_DIR})
if(GINNEL_SANITIZE)
  target_compile_options(ginnel_warnings INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(ginnel_warnings INTERFACE -fsanitize=address,undefined)
endif()
if(GINNEL_FUZZ)
  target_compile_options(ginnel_warnings INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(GINNEL_CTIME)
  target_compile_definitions(ginnel_warnings INTERFACE GINNEL_CTIME=1)
endif()

# For which device, and how much one peer can make it keep: docs/profiles.md. A C
# program must see the same: it is in the pkg-config file.
set(GINNEL_PROFILE "LINUX" CACHE STRING "LINUX, SMALL (400 KB of RAM) or TINY (128 KB)")
set(GINNEL_LIMITS)
if(GINNEL_PROFILE MATCHES "^(SMALL|TINY)$")
  list(APPEND GINNEL_LIMITS GINNEL_${GINNEL_PROFILE}_DEVICE=1)
elseif(NOT GINNEL_PROFILE STREQUAL "LINUX")
  message(FATAL_ERROR "GINNEL_PROFILE is LINUX, SMALL or TINY")
endif()
foreach(limit GINNEL_MAX_FORWARD_JUMP GINNEL_MAX_SKIPPED_KEYS GINNEL_MAX_ARCHIVED_SESSIONS)
  set(${limit} "" CACHE STRING "The library's limit; empty for that of the profile")
  if(NOT ${limit} STREQUAL "")
    list(APPEND GINNEL_LIMITS ${limit}=${${limit}})
  endif()
endforeach()
target_compile_definitions(ginnel_warnings INTERFACE ${GINNEL_LIMITS})
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "riscv32")
  include(${CMAKE_CURRENT_LIST_DIR}/board.cmake)
endif()

# core_library(NAME SOURCES... DEPENDS targets...): one layer of core/, built
# with the rules of core/: no exceptions, no run-time type information.
function(core_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC ginnel_warnings ${ARG_DEPENDS})
  # Unique symbols could not be hidden in libginnel.a.
  target_compile_options(${name} PRIVATE -fno-exceptions -fno-rtti -fno-threadsafe-statics
    $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
  set_property(GLOBAL APPEND PROPERTY GINNEL_CORE_LIBRARIES ${name})
endfunction()

# hosted_library(NAME SOURCES... DEPENDS targets...): a layer outside core/.
function(hosted_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC ginnel_warnings ${ARG_DEPENDS})
endfunction()

# What is tested is optimized; a test that is not takes half the time to build.
if(GINNEL_SANITIZE AND NOT GINNEL_FUZZ)
  set(GINNEL_TEST_OPTIONS -O0)
endif()

# ginnel_test(NAME [PREFIX text] SOURCES... DEPENDS targets...): a GoogleTest
# program whose tests become ctest tests, their names behind the prefix. They
# run with the source folder as working folder.
# A board has none: bench/board is what runs there.
function(ginnel_test name)
  if(GINNEL_BOARD)
    return()
  endif()
  cmake_parse_arguments(ARG "" "PREFIX" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ginnel_warnings ${ARG_DEPENDS} GTest::gmock GTest::gtest_main)
  set_target_properties(${name} PROPERTIES CXX_CLANG_TIDY "")  # it does not understand GoogleTest
  if(NOT BUILD_TESTING)
    set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL ON)
    return()
  endif()
  target_compile_options(${name} PRIVATE ${GINNEL_TEST_OPTIONS})
  gtest_discover_tests(${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} DISCOVERY_TIMEOUT 60
    TEST_PREFIX "${ARG_PREFIX}" PROPERTIES TIMEOUT 300)
endfunction()

# ginnel_fuzz(NAME SOURCE DEPENDS targets...): a fuzz target. With GINNEL_FUZZ
# it is a libFuzzer program; otherwise a program that replays the files of
# fuzz/corpus/NAME, run by ctest.
function(ginnel_fuzz name source)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  add_executable(fuzz_${name} ${source})
  target_link_libraries(fuzz_${name} PRIVATE ginnel_warnings ${ARG_DEPENDS})
  if(GINNEL_FUZZ)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(fuzz_${name} PRIVATE ${PROJECT_SOURCE_DIR}/fuzz/replay.cc)
    target_compile_options(fuzz_${name} PRIVATE ${GINNEL_TEST_OPTIONS})
    add_test(NAME fuzz_corpus_${name} COMMAND fuzz_${name} ${PROJECT_SOURCE_DIR}/fuzz/corpus/${name})
  endif()
endfunction()
