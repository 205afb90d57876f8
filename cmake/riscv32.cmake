# Bare-metal RV32IMAC, the instruction set of small Wi-Fi controllers, with
# Debian's compiler and picolibc.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR riscv32)
set(CMAKE_C_COMPILER riscv64-unknown-elf-gcc)
set(CMAKE_CXX_COMPILER riscv64-unknown-elf-g++)
set(CMAKE_ASM_COMPILER riscv64-unknown-elf-gcc)
set(CMAKE_OBJCOPY riscv64-unknown-elf-objcopy)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

# With _zicsr, which the counters of ports/qemu_virt need, GCC 12 would link the
# 64-bit libraries: that file alone is compiled with it.
set(GINNEL_MACHINE_FLAGS -march=rv32imac -mabi=ilp32)
set(flags "-march=rv32imac -mabi=ilp32 --specs=picolibc.specs -ffunction-sections -fdata-sections -fno-common -msave-restore -fno-jump-tables")

# Debian 12 has no C++ headers for this compiler. Those of the ARM compiler, of
# the same version and for the same sizes of types, serve: headers only, none of
# its code is linked.
file(GLOB cxx_headers /usr/include/newlib/c++/12*)
if(NOT cxx_headers)
  message(FATAL_ERROR "The C++ headers of libstdc++-arm-none-eabi-dev are missing: ./dev board installs it")
endif()
set(cxx_flags "-nostdinc++ -isystem ${cxx_headers} -isystem ${cxx_headers}/arm-none-eabi/thumb/v7-m/nofp -isystem ${cxx_headers}/backward")

# Without -fstack-reuse=none GCC 12 stores every span that it passes in
# registers to the stack as well.
set(CMAKE_C_FLAGS_INIT "${flags}")
set(CMAKE_CXX_FLAGS_INIT "${flags} ${cxx_flags} -fstack-reuse=none -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-use-cxa-atexit")
set(CMAKE_ASM_FLAGS_INIT "-march=rv32imac_zicsr -mabi=ilp32")

# Images name their start code and script themselves, and end with the libraries
# that everything else refers to.
set(CMAKE_C_STANDARD_LIBRARIES_INIT "-Wl,--start-group -lc -lgcc -Wl,--end-group")
set(CMAKE_CXX_STANDARD_LIBRARIES_INIT "-Wl,--start-group -lc -lgcc -Wl,--end-group")
