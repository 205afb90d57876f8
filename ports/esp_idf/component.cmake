# The component ports/esp_idf/ginnel without ESP-IDF. Its sources in ports/ are
# compiled, with lwIP's headers as ESP-IDF configures them. Those in core/ must be
# the core's of this build, which compiles them already.
function(idf_component_register)
  cmake_parse_arguments(ARG "" "" "SRCS;INCLUDE_DIRS;REQUIRES;PRIV_REQUIRES" ${ARGN})
  set(core)
  get_property(libraries GLOBAL PROPERTY GINNEL_CORE_LIBRARIES)
  foreach(library ${libraries})
    get_target_property(folder ${library} SOURCE_DIR)
    get_target_property(files ${library} SOURCES)
    list(TRANSFORM files PREPEND ${folder}/)
    list(APPEND core ${files})
  endforeach()
  if(CONFIG_GINNEL_HARDWARE_AES)
    list(FILTER core EXCLUDE REGEX "/aes256_cbc_dispatch\\.cc$")  # ports/mbedtls has another
  endif()
  set(theirs ${ARG_SRCS})
  list(FILTER theirs INCLUDE REGEX "^${PROJECT_SOURCE_DIR}/core/")
  list(SORT core)
  list(SORT theirs)
  if(NOT core STREQUAL theirs)
    message(FATAL_ERROR "ports/esp_idf/ginnel/CMakeLists.txt has other sources of core/ than this build:\n${theirs}\n${core}")
  endif()

  set(files ${ARG_SRCS})
  list(FILTER files INCLUDE REGEX "^${PROJECT_SOURCE_DIR}/ports/")
  add_library(ports_esp_idf OBJECT ${files})
  add_dependencies(ports_esp_idf lwip_unpacked mbedtls_unpacked)
  target_include_directories(ports_esp_idf PRIVATE ${stubs})
  foreach(library lwip mbedtls)
    target_include_directories(ports_esp_idf SYSTEM PRIVATE $<TARGET_PROPERTY:${library},INTERFACE_INCLUDE_DIRECTORIES>)
  endforeach()
  target_compile_definitions(ports_esp_idf PRIVATE MBEDTLS_CONFIG_FILE="mbedtls/esp_config.h" ${GINNEL_LIMITS})
  target_link_libraries(ports_esp_idf PRIVATE ginnel_warnings)
endfunction()

# ESP-IDF's lwIP: the part that our routes are hooked into.
function(idf_component_get_property name component property)
  get_target_property(files lwip SOURCES)
  list(FILTER files INCLUDE REGEX "/ip4\\.c$")
  add_library(esp_idf_lwip OBJECT ${files})
  add_dependencies(esp_idf_lwip lwip_unpacked)
  target_include_directories(esp_idf_lwip PRIVATE ${stubs} $<TARGET_PROPERTY:lwip,INTERFACE_INCLUDE_DIRECTORIES>)
  set(${name} esp_idf_lwip PARENT_SCOPE)
endfunction()

set(COMPONENT_LIB ports_esp_idf)
set(CONFIG_GINNEL_HARDWARE_AES ON)  # as its menu says of these chips
include(ginnel/CMakeLists.txt)
