# leeway_cuda.so: the GPU backend, loaded at run time from beside the programs. Built by nvcc itself, as a
# custom command: enable_language(CUDA) would make every configure fail where no working nvcc is.
option(LEEWAY_CUDA_REQUIRED "fail to configure where nvcc is not found" OFF)
set(LEEWAY_CUDA_ARCH "all-major" CACHE STRING "nvcc's -arch: all-major, native, sm_90, ...")

find_program(LEEWAY_NVCC nvcc HINTS $ENV{CUDA_HOME}/bin $ENV{CUDA_PATH}/bin /usr/local/cuda/bin)
if(NOT LEEWAY_NVCC AND LEEWAY_CUDA_REQUIRED)
  message(FATAL_ERROR "nvcc not found, and LEEWAY_CUDA_REQUIRED is ON: set CUDA_HOME")
endif()
if(NOT LEEWAY_CUDA OR NOT LEEWAY_NVCC)
  message(STATUS "CUDA backend: not built (LEEWAY_CUDA=${LEEWAY_CUDA}, nvcc: ${LEEWAY_NVCC})")
  return()
endif()

get_filename_component(LEEWAY_CUDA_BIN ${LEEWAY_NVCC} REALPATH)
get_filename_component(LEEWAY_CUDA_BIN ${LEEWAY_CUDA_BIN} DIRECTORY)
set(LEEWAY_CUDA_SO ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/leeway_cuda.so)
set(LEEWAY_CUDA_SOURCE ${CMAKE_CURRENT_SOURCE_DIR}/cuda/compute_cuda.cu)
add_custom_command(OUTPUT ${LEEWAY_CUDA_SO}
  COMMAND ${LEEWAY_NVCC} -std=c++17 -O3 -arch=${LEEWAY_CUDA_ARCH} -shared
          -Xcompiler -fPIC,-Wall,-Wextra "$<$<BOOL:${LEEWAY_WERROR}>:-Werror=all-warnings>"
          -I${CMAKE_CURRENT_SOURCE_DIR}/include -I${PROJECT_SOURCE_DIR}/base/include
          -o ${LEEWAY_CUDA_SO} ${LEEWAY_CUDA_SOURCE} -lcublas
          -Xlinker -rpath,${LEEWAY_CUDA_BIN}/../lib64
  DEPENDS ${LEEWAY_CUDA_SOURCE} ${CMAKE_CURRENT_SOURCE_DIR}/include/trainer/compute.h
  COMMENT "nvcc leeway_cuda.so (${LEEWAY_CUDA_ARCH})" VERBATIM COMMAND_EXPAND_LISTS)
add_custom_target(leeway_cuda ALL DEPENDS ${LEEWAY_CUDA_SO})
message(STATUS "CUDA backend: ${LEEWAY_NVCC}")
