#include "kernels/libraries.h"

#include "kernels/isa.h"
#ifdef THORAX_CUDA
#include "kernels/cuda/cublas.h"
#include "kernels/cuda/cudnn.h"
#endif

namespace thorax {

std::vector<Library> kernel_libraries() {
#ifdef THORAX_CUDA
  const std::string cudnn = cuda::cudnn_version(), cublas = cuda::cublas_version();
#else
  const std::string cudnn, cublas;
#endif
  return {{"oneDNN", onednn_version()}, {"cuDNN", cudnn}, {"cuBLAS", cublas}};
}

}  // namespace thorax
