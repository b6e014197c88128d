# Compiler settings that hold for every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
# Functions and lines for profiles, debuggers and sanitizers; not every variable, which would make the files four times as large.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

find_package(OpenMP REQUIRED)
find_package(Threads REQUIRED)

add_library(thorax_options INTERFACE)
target_include_directories(thorax_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(thorax_options INTERFACE THORAX_VERSION="${THORAX_VERSION}")
target_compile_options(thorax_options INTERFACE
                       $<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wshadow;-Wnon-virtual-dtor;-Wold-style-cast;-Werror>
                       # x*y+z rounds the same way in every build: contraction is asked for by name (std::fma), never granted.
                       $<$<COMPILE_LANGUAGE:CXX>:-ffp-contract=off>)
if(THORAX_SANITIZE)
  # GCC 12 takes members of the standard library (std::regex) for uninitialised in instrumented code.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -Wno-maybe-uninitialized)
  add_link_options(-fsanitize=address,undefined)
endif()
if(THORAX_DEBUG_ARENA)
  target_compile_definitions(thorax_options INTERFACE THORAX_DEBUG_ARENA)
endif()
option(THORAX_STATIC_RUNTIME "Link the compiler's run-time libraries into the program, which then starts on other systems" OFF)
if(THORAX_STATIC_RUNTIME)
  add_link_options(-static-libstdc++ -static-libgcc)
  # OpenMP's library has no static form that may be linked so; it travels along (scripts/gpu-check looks in lib/).
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=libgomp.so.1 OUTPUT_VARIABLE gomp
                  OUTPUT_STRIP_TRAILING_WHITESPACE)
  file(COPY ${gomp} DESTINATION ${CMAKE_BINARY_DIR}/lib FOLLOW_SYMLINK_CHAIN)
endif()
