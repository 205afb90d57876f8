# Bare-metal Cortex-M4 without floating point, with Debian's compiler and picolibc.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR cortex_m4)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_CXX_COMPILER arm-none-eabi-g++)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

set(flags "-mcpu=cortex-m4 -mthumb --specs=picolibc.specs -ffunction-sections -fdata-sections -fno-common")
set(CMAKE_C_FLAGS_INIT "${flags}")

# The headers of libstdc++-arm-none-eabi-dev; none of its code is linked.
file(GLOB cxx_headers /usr/include/newlib/c++/12*)
if(NOT cxx_headers)
  message(FATAL_ERROR "The C++ headers of libstdc++-arm-none-eabi-dev are missing: ./dev board installs it")
endif()
set(cxx_flags "-nostdinc++ -isystem ${cxx_headers} -isystem ${cxx_headers}/arm-none-eabi/thumb/v7e-m/nofp -isystem ${cxx_headers}/backward")
set(CMAKE_CXX_FLAGS_INIT "${flags} ${cxx_flags} -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-use-cxa-atexit -Wno-psabi")

set(CMAKE_CXX_STANDARD_LIBRARIES_INIT "-Wl,--start-group -lc -lgcc -Wl,--end-group")
