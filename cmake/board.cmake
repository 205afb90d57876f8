# What only builds for a board need.
enable_language(ASM)

# libsodium from Debian's source package, built once in the build folder.
set(sodium ${PROJECT_BINARY_DIR}/sodium)
add_custom_command(OUTPUT ${sodium}/lib/libsodium.a
  COMMAND ${PROJECT_SOURCE_DIR}/tools/riscv32_libsodium.sh ${sodium}
  COMMENT "Building libsodium from Debian's source package"
  VERBATIM)
add_custom_target(sodium_riscv32_build DEPENDS ${sodium}/lib/libsodium.a)
file(MAKE_DIRECTORY ${sodium}/include)
add_library(sodium_riscv32 STATIC IMPORTED GLOBAL)
add_dependencies(sodium_riscv32 sodium_riscv32_build)
set_target_properties(sodium_riscv32 PROPERTIES IMPORTED_LOCATION ${sodium}/lib/libsodium.a
  INTERFACE_INCLUDE_DIRECTORIES ${sodium}/include)
