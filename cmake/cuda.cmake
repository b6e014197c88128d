# The CUDA build: compiler, cuDNN and cuBLAS from /usr/local/cuda, from THORAX_CUDA_ROOT, or from build/cuda-packages, where
# scripts/setup-cuda puts NVIDIA's own packages. Target thorax_cuda: headers and libraries.
set(THORAX_CUDA_ROOT "" CACHE PATH "Folder of the CUDA toolkit; empty: found")
set(THORAX_CUDA_ARCHITECTURES 75 80 86 87 89 90 100 120 CACHE STRING "Compute capabilities, ascending; the ends also as PTX")

file(GLOB packages ${CMAKE_SOURCE_DIR}/build/cuda-packages/nvidia/*)
list(PREPEND packages ${THORAX_CUDA_ROOT})
list(APPEND packages /usr/local/cuda /opt/cuda)
find_program(THORAX_NVCC nvcc HINTS ${packages} PATH_SUFFIXES bin REQUIRED)
set(CMAKE_CUDA_COMPILER ${THORAX_NVCC})

execute_process(COMMAND ${THORAX_NVCC} --list-gpu-arch OUTPUT_VARIABLE known)
set(architectures "")
foreach(architecture ${THORAX_CUDA_ARCHITECTURES})
  if(known MATCHES "compute_${architecture}\n")
    list(APPEND architectures ${architecture})
  endif()
endforeach()
set(CMAKE_CUDA_ARCHITECTURES "")
list(GET architectures 0 first)
list(GET architectures -1 last)
foreach(architecture ${architectures})
  if(architecture STREQUAL first OR architecture STREQUAL last)
    list(APPEND CMAKE_CUDA_ARCHITECTURES ${architecture})
  else()
    list(APPEND CMAKE_CUDA_ARCHITECTURES ${architecture}-real)
  endif()
endforeach()
if(CCACHE)
  set(CMAKE_CUDA_COMPILER_LAUNCHER ${CCACHE})
endif()
enable_language(CUDA)
if(NOT DEFINED CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # CMake 3.25 does not know that this compiler has C++20
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
  set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION -std=c++20)
endif()
set(CMAKE_CUDA_STANDARD 20)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
set(CMAKE_CUDA_EXTENSIONS OFF)
find_package(CUDAToolkit REQUIRED)

add_library(thorax_cuda INTERFACE)
target_compile_definitions(thorax_cuda INTERFACE THORAX_CUDA)
target_link_libraries(thorax_cuda INTERFACE CUDA::cudart_static)
# The packages have libraries with their version in the name and no link without it.
function(thorax_cuda_library variable header library version)
  find_path(${variable}_INCLUDE ${header} HINTS ${CUDAToolkit_INCLUDE_DIRS} ${packages} PATH_SUFFIXES include REQUIRED)
  find_library(${variable}_LIBRARY NAMES lib${library}.so.${version} ${library} HINTS ${CUDAToolkit_LIBRARY_DIR} ${packages}
               PATH_SUFFIXES lib lib64 REQUIRED)
  target_include_directories(thorax_cuda SYSTEM INTERFACE ${${variable}_INCLUDE})
  target_link_libraries(thorax_cuda INTERFACE ${${variable}_LIBRARY})
endfunction()
thorax_cuda_library(THORAX_CUDNN cudnn_graph.h cudnn 9)
thorax_cuda_library(THORAX_CUBLASLT cublasLt.h cublasLt 13)

# -fmad=false: as -ffp-contract=off, fused operations are asked for by name. A spill is an error.
target_compile_options(thorax_options INTERFACE
                       $<$<COMPILE_LANGUAGE:CUDA>:-Werror=all-warnings;-fmad=false;-Xptxas=-warn-spills;-Xcompiler=-Wall;-lineinfo>)
target_link_libraries(thorax_options INTERFACE thorax_cuda)
