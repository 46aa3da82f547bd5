# How our own code is compiled. Generated code is exempt: see ProtoLibrary.cmake.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# Debug symbols of a dev build are for backtraces; full ones double the build's time and size.
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

set(PERENNIAL_SANITIZER "" CACHE STRING "Sanitizers to build with, e.g. address,undefined or thread")
if(PERENNIAL_SANITIZER)
  add_compile_options(-fsanitize=${PERENNIAL_SANITIZER} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${PERENNIAL_SANITIZER})
endif()

add_library(perennial_options INTERFACE)
# -Wrestrict: GCC 12 sees overlaps in std::string at -O2 that are not there (GCC bug 105651).
target_compile_options(perennial_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wno-restrict -Werror)
target_include_directories(perennial_options INTERFACE ${PROJECT_SOURCE_DIR})
